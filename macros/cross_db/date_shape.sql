{#- How a text writes a date in digits: its separator and whether the year comes first or last (`9/9/Y`, `Y-9-9`);
    null where it is written in another way. The two numbers beside the year are first_number and second_number. -#}
{% macro date_shape(text) -%}
    {{ adapter.dispatch('date_shape', 'retention_ledger')(text) }}
{%- endmacro %}

{% macro default__date_shape(text) -%}
    case
        when {{ text }} like '____-__-__%' then 'Y-9-9'
        when {{ text }} like '__/__/__%' then '9/9/Y'
        when {{ text }} like '__.__.__%' then '9.9.Y'
        when {{ text }} like '__-__-__%' then '9-9-Y'
    end
{%- endmacro %}

{% macro duckdb__date_shape(text) -%}
    case
        when regexp_matches({{ text }}, '^\d{4}([-/.])\d\d?([-/.])\d\d?(\D|$)') then 'Y' || {{ text }}[5:5] || '9' || {{ text }}[5:5] || '9'
        when regexp_matches({{ text }}, '^\d\d?[-/.]\d\d?[-/.](\d{4}|\d\d)(\D|$)')
            then '9' || regexp_extract({{ text }}, '[-/.]') || '9' || regexp_extract({{ text }}, '[-/.]') || 'Y'
    end
{%- endmacro %}

{% macro postgres__date_shape(text) -%}
    case
        when {{ text }} ~ '^[0-9]{4}[-/.][0-9][0-9]?[-/.][0-9][0-9]?([^0-9]|$)'
            then 'Y' || substr({{ text }}, 5, 1) || '9' || substr({{ text }}, 5, 1) || '9'
        when {{ text }} ~ '^[0-9][0-9]?[-/.][0-9][0-9]?[-/.]([0-9]{4}|[0-9][0-9])([^0-9]|$)'
            then '9' || substring({{ text }} from '[-/.]') || '9' || substring({{ text }} from '[-/.]') || 'Y'
    end
{%- endmacro %}

{% macro redshift__date_shape(text) -%}
    {{ default__date_shape(text) }}
{%- endmacro %}

{% macro spark__date_shape(text) -%}
    case
        when {{ text }} rlike '^[0-9]{4}[-/.][0-9][0-9]?[-/.][0-9][0-9]?([^0-9]|$)'
            then 'Y' || substr({{ text }}, 5, 1) || '9' || substr({{ text }}, 5, 1) || '9'
        when {{ text }} rlike '^[0-9][0-9]?[-/.][0-9][0-9]?[-/.]([0-9]{4}|[0-9][0-9])([^0-9]|$)'
            then '9' || regexp_extract({{ text }}, '[-/.]', 0) || '9' || regexp_extract({{ text }}, '[-/.]', 0) || 'Y'
    end
{%- endmacro %}


{% macro date_number(text, shape, position) -%}
    {{ adapter.dispatch('date_number', 'retention_ledger')(text, shape, position) }}
{%- endmacro %}

{% macro default__date_number(text, shape, position) -%}
    cast(
        case
            when {{ shape }} = 'Y-9-9' then substring({{ text }}, {{ 6 if position == 1 else 9 }}, 2)
            when {{ shape }} is not null then substring({{ text }}, {{ 1 if position == 1 else 4 }}, 2)
        end as {{ dbt.type_int() }}
    )
{%- endmacro %}

{% macro duckdb__date_number(text, shape, position) -%}
    cast(
        regexp_extract(
            case when {{ shape }} like 'Y%' then {{ text }}[6:] else {{ text }} end, '^(\d\d?)[-/.](\d\d?)', {{ position }}
        ) as integer
    )
{%- endmacro %}

{% macro postgres__date_number(text, shape, position) -%}
    cast(
        (regexp_match(
            case when {{ shape }} like 'Y%' then substr({{ text }}, 6) else {{ text }} end, '^([0-9][0-9]?)[-/.]([0-9][0-9]?)'
        ))[{{ position }}] as integer
    )
{%- endmacro %}

{% macro redshift__date_number(text, shape, position) -%}
    {{ default__date_number(text, shape, position) }}
{%- endmacro %}

{% macro spark__date_number(text, shape, position) -%}
    try_cast(
        regexp_extract(
            case when {{ shape }} like 'Y%' then substr({{ text }}, 6) else {{ text }} end, '^([0-9][0-9]?)[-/.]([0-9][0-9]?)', {{ position }}
        ) as int
    )
{%- endmacro %}
