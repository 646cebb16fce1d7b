{#- An id: trimmed, and otherwise as it is written, unless the var id_cleaning says more. A number without a
    fraction in a column of decimals is written without its `.0`: there it is no part of the id. -#}
{% macro clean_id(column, field) -%}
    {{ adapter.dispatch('clean_id', 'retention_ledger')(column, field) }}
{%- endmacro %}

{% macro default__clean_id(column, field) -%}
    {{ cleaned_id(clean_text(column, field), field) }}
{%- endmacro %}

{% macro duckdb__clean_id(column, field) -%}
    {%- set text = clean_text(column, field) -%}
    {%- set whole = "case when typeof(" ~ column ~ ") in ('FLOAT', 'DOUBLE') or typeof(" ~ column ~ ") like 'DECIMAL%' then "
        ~ without_decimal_zero(text) ~ " else " ~ text ~ " end" -%}
    {{ cleaned_id(whole, field) }}
{%- endmacro %}

{% macro postgres__clean_id(column, field) -%}
    {%- set text = clean_text(column, field) -%}
    {%- set whole = "case when " ~ type_of(column) ~ " in ('numeric', 'real', 'double precision') then "
        ~ without_decimal_zero(text) ~ " else " ~ text ~ " end" -%}
    {{ cleaned_id(whole, field) }}
{%- endmacro %}

{% macro redshift__clean_id(column, field) -%}
    {{ default__clean_id(column, field) }}
{%- endmacro %}

{#- A large floating-point number is written 1.2345678E7 there. -#}
{% macro spark__clean_id(column, field) -%}
    {%- set text = clean_text(column, field) -%}
    {%- set whole = "case when typeof(" ~ column ~ ") in ('float', 'double') or typeof(" ~ column ~ ") like 'decimal%' then "
        ~ without_decimal_zero("case when " ~ text ~ " like '%E%' then cast(try_cast(" ~ text ~ " as decimal(38, 10)) as string) else " ~ text ~ " end")
        ~ " else " ~ text ~ " end" -%}
    {{ cleaned_id(whole, field) }}
{%- endmacro %}

{#- The name of a column's type. -#}
{% macro type_of(column) -%}
    cast(pg_typeof({{ column }}) as text)
{%- endmacro %}


{% macro cleaned_id(text, field) %}
    {% set steps = policy('id_cleaning').get(field, policy('id_cleaning').get('all', [])) %}
    {% set cleaned = namespace(text=text) %}
    {% if 'lower' in steps %}
        {% set cleaned.text = lower_case(cleaned.text) %}
    {% endif %}
    {% if 'strip_decimal_zero' in steps %}
        {% set cleaned.text = without_decimal_zero(cleaned.text) %}
    {% endif %}
    {% if 'strip_leading_zeros' in steps %}
        {% set cleaned.text = without_leading_zeros(cleaned.text) %}
    {% endif %}
    {{ return(cleaned.text) }}
{% endmacro %}


{#- What an id is whatever its letter case, a `.0` behind it or zeros before it: two ids that agree in it may be one.
    CASE keeps the costly patterns for the few ids that can match them. -#}
{% macro folded_id(id) -%}
    case
        when {{ id }} like '0%' or {{ id }} like '%.%0' or {{ id }} like '%,%0'
            then {{ without_leading_zeros(without_decimal_zero(lower_case(id))) }}
        else {{ lower_case(id) }}
    end
{%- endmacro %}


{% macro without_decimal_zero(text) %}
    {{ return("regexp_replace(" ~ text ~ ", '^(-?[0-9]+)[.,]0+$', '" ~ first_group() ~ "')") }}
{% endmacro %}


{% macro without_leading_zeros(text) %}
    {{ return("regexp_replace(" ~ text ~ ", '^0+([0-9A-Za-z])', '" ~ first_group() ~ "')") }}
{% endmacro %}


{#- How a replacement names the first group of its pattern. -#}
{% macro first_group() %}
    {{ return(adapter.dispatch('first_group', 'retention_ledger')()) }}
{% endmacro %}

{% macro default__first_group() %}
    {{ return('\\1') }}
{% endmacro %}

{% macro spark__first_group() %}
    {{ return('$1') }}
{% endmacro %}

{#- A backslash in a text is written twice there. -#}
{% macro snowflake__first_group() %}
    {{ return('\\\\1') }}
{% endmacro %}

{% macro bigquery__first_group() %}
    {{ return('\\\\1') }}
{% endmacro %}

{% macro redshift__first_group() %}
    {{ return('$1') }}
{% endmacro %}


{#- Whether a spreadsheet has turned an id into a rounded number: 6.9401E+12. Without a sign or a point it is a code: 12E4. -#}
{% macro is_scientific(id) -%}
    {{ adapter.dispatch('is_scientific', 'retention_ledger')(id) }}
{%- endmacro %}

{% macro default__is_scientific(id) -%}
    (
        (upper({{ id }}) like '%E+%' or upper({{ id }}) like '%.%E%' or upper({{ id }}) like '%,%E%')
        and replace(translate(upper({{ id }}), '0123456789+-', ''), ',', '.') in ('E', '.E')
    )
{%- endmacro %}

{#- CASE asks the costly question only of the few ids with an E in them. -#}
{% macro duckdb__is_scientific(id) -%}
    case
        when contains({{ id }}, 'E') or contains({{ id }}, 'e')
            then regexp_full_match({{ id }}, '[+-]?\d+([.,]\d+[Ee][+-]?|[Ee]\+)\d+')
        else false
    end
{%- endmacro %}

{% macro postgres__is_scientific(id) -%}
    coalesce({{ id }} ~ '^[+-]?[0-9]+([.,][0-9]+[Ee][+-]?|[Ee][+])[0-9]+$', false)
{%- endmacro %}

{% macro redshift__is_scientific(id) -%}
    {{ default__is_scientific(id) }}
{%- endmacro %}

{% macro spark__is_scientific(id) -%}
    coalesce({{ id }} rlike '^[+-]?[0-9]+([.,][0-9]+[Ee][+-]?|[Ee][+])[0-9]+$', false)
{%- endmacro %}
