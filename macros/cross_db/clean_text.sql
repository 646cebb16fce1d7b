{#- Text without white space at its ends (spaces of every width, tabs, line ends, byte order marks); null where
    it is empty or says "no value" (the var missing_texts). One CASE of comparisons: nested nullifs become 128
    copies of the column on some engines, and a list behind `in` a join that runs for every row.

    field        table.column, for the texts that mean "no value" in this column only
    is_amount    0 is an amount, also where another column writes "no value" as 0 -#}
{% macro clean_text(column, field=none, is_amount=false) -%}
    {{ adapter.dispatch('clean_text', 'retention_ledger')("cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")", missing_texts(field, is_amount)) }}
{%- endmacro %}

{% macro default__clean_text(text, missing) -%}
    {{ text_unless_missing("trim(both '" ~ white_space() ~ "' from " ~ text ~ ')', missing) }}
{%- endmacro %}

{% macro postgres__clean_text(text, missing) -%}
    {{ reading_function('clean_text') }}({{ text }}, array[{{ text_list([''] + missing) }}]) collate "C"
{%- endmacro %}

{% macro snowflake__clean_text(text, missing) -%}
    {{ text_unless_missing("trim(" ~ text ~ ", '" ~ white_space() ~ "')", missing) }}
{%- endmacro %}

{#- A text in quotes ends with its line there. -#}
{% macro bigquery__clean_text(text, missing) -%}
    {{ text_unless_missing("trim(" ~ text ~ ", '" ~ line_ends_escaped(white_space()) ~ "')", missing) }}
{%- endmacro %}

{% macro redshift__clean_text(text, missing) -%}
    {{ default__clean_text(text, missing) }}
{%- endmacro %}

{#- To trim a set of characters costs thirty times as much as to see that there is nothing to trim: plain ASCII
    with a visible character at both ends. -#}
{% macro duckdb__clean_text(text, missing) -%}
    case
        when
            {{ text }} >= '!' and strlen({{ text }}) = length({{ text }})
            {%- for ending in [' ', '\t', '\r', '\n', '\x0b', '\x0c'] %} and not suffix({{ text }}, '{{ ending }}'){% endfor %}
            then {{ text_unless_missing(text, missing) }}
        else {{ default__clean_text(text, missing) }}
    end
{%- endmacro %}


{% macro text_unless_missing(text, missing) -%}
    case
        when
            {{ text }} <> ''
            {%- for entry in missing if entry != '' %} and {{ text }} <> {{ text_literal(entry) }}{% endfor %}
            then {{ text }}
    end
{%- endmacro %}


{% macro white_space() %}
    {{ return(' \t\r\n\x0b\x0c\u00a0\u2007\u2009\u202f\u3000\u200b\ufeff') }}
{% endmacro %}


{#- The texts that mean "no value" in a column: those of every column, and its own. -#}
{% macro missing_texts(field, is_amount=false) %}
    {% set texts = policy('missing_texts') %}
    {% set by_field = texts if texts is mapping else {'default': texts} %}
    {% set found = [] %}
    {% for text in by_field['default'] if not (is_amount and modules.re.fullmatch('[-+]?[0-9.,]*[0-9][0-9.,]*', text)) %}
        {% do found.append(text) %}
    {% endfor %}
    {{ return(found + by_field.get(field, [])) }}
{% endmacro %}
