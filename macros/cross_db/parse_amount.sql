{#- A raw value as money, DECIMAL(18,2), null where it cannot be read. Text may carry a currency sign
    and groups of three digits: '£1,234.50'. Rounded once, here, so that sums are exact. -#}
{% macro parse_amount(column) -%}
    {{ adapter.dispatch('parse_number', 'retention_ledger')(column, 'decimal(18,2)') }}
{%- endmacro %}


{#- A raw exchange rate, read like an amount, with more decimals. -#}
{% macro parse_rate(column) -%}
    {{ adapter.dispatch('parse_number', 'retention_ledger')(column, 'decimal(18,10)') }}
{%- endmacro %}


{% macro default__parse_number(column, type) -%}
    {{ dbt.safe_cast(clean_text(column), type) }}
{%- endmacro %}

{% macro duckdb__parse_number(column, type) -%}
    {%- set text = clean_text(column) -%}
    {%- set point, group = (',', '.') if policy('decimal_separator') == ',' else ('.', ',') -%}
    {%- set number = "(\\d{1,3}([" ~ group ~ " '']\\d{3})+|\\d+)(\\" ~ point ~ "\\d+)?" -%}
    {%- set digits = "regexp_replace(" ~ text ~ ", '[^0-9" ~ point ~ "-]', '', 'g')" -%}
    case
        when typeof({{ column }}) <> 'VARCHAR'
            then try_cast({{ column }} as {{ type }})
        when regexp_full_match({{ text }}, '-?[£$€]? ?-?{{ number }} ?[£$€]?')
            then try_cast(replace({{ digits }}, '{{ point }}', '.') as {{ type }})
    end
{%- endmacro %}
