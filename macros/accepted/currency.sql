{#- A raw currency code; blank means the reporting currency. -#}
{% macro currency_code(column, field=none) -%}
    coalesce(upper({{ clean_text(column, field) }}), {{ reporting_currency() }})
{%- endmacro %}


{% macro reporting_currency() -%}
    {{ dbt.string_literal(policy('reporting_currency')) }}
{%- endmacro %}


{#- What one unit of a currency is in the reporting currency; null where there is no rate, never 1 to 1. -#}
{% macro exchange_rate(currency, rate) -%}
    case when {{ currency }} = {{ reporting_currency() }} then cast(1 as decimal(18, 10)) else {{ rate }} end
{%- endmacro %}


{#- An amount in the reporting currency: rounded once, half away from zero. -#}
{% macro converted_amount(amount, rate) -%}
    cast({{ amount }} * {{ rate }} as decimal(18, 2))
{%- endmacro %}
