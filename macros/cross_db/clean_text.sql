{#- Text without white space at its ends (spaces, tabs, line ends, no-break spaces); null where it
    says "no value" (the var missing_texts). -#}
{% macro clean_text(column) -%}
    {%- set text = "trim(both ' \t\r\n\u00a0' from cast(" ~ column ~ " as " ~ dbt.type_string() ~ "))" -%}
    {%- set cleaned = namespace(sql=text) -%}
    {%- for missing in policy('missing_texts') -%}
        {%- set literal = dbt.string_literal(dbt.escape_single_quotes(missing)) -%}
        {%- set cleaned.sql = 'nullif(' ~ cleaned.sql ~ ', ' ~ literal ~ ')' -%}
    {%- endfor -%}
    {{ cleaned.sql }}
{%- endmacro %}
