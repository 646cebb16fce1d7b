{#- Text without white space at its ends (spaces, tabs, line ends, no-break spaces); null where it
    says "no value" (the var missing_texts). One CASE of comparisons: nested nullifs become 128 copies
    of the column on some engines, and a list behind `in` a join that runs for every row. -#}
{% macro clean_text(column) -%}
    {%- set text = "trim(both ' \t\r\n\u00a0' from cast(" ~ column ~ " as " ~ dbt.type_string() ~ "))" -%}
    case
        when
            {%- for missing in policy('missing_texts') %}
            {{ 'and ' if not loop.first }}{{ text }} <> {{ dbt.string_literal(dbt.escape_single_quotes(missing)) }}
            {%- endfor %}
            then {{ text }}
    end
{%- endmacro %}
