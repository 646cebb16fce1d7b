{#- A raw currency code; blank means the reporting currency. -#}
{% macro currency_code(column, field=none) -%}
    coalesce({{ upper_case(clean_text(column, field)) }}, {{ reporting_currency() }})
{%- endmacro %}


{% macro reporting_currency() -%}
    {{ text_literal(policy('reporting_currency')) }}
{%- endmacro %}


{#- What one unit of a currency is in the reporting currency; null where there is no rate, never 1 to 1. -#}
{% macro exchange_rate(currency, rate) -%}
    case when {{ currency }} = {{ reporting_currency() }} then cast(1 as decimal(18, 10)) else {{ rate }} end
{%- endmacro %}


{#- An amount in the reporting currency: rounded once, half away from zero. -#}
{% macro converted_amount(amount, rate) -%}
    cast({{ amount }} * {{ rate }} as decimal(28, 2))
{%- endmacro %}


{#- What a subscription is worth a month in the reporting currency. A price a month in whole cents stays one, as an order
    does; what is a share of another interval's price is rounded nowhere but in the sums of the marts. -#}
{% macro converted_monthly_amount(amount, rate, is_derived) -%}
    case
            when {{ rate }} = 1 then cast({{ amount }} as decimal(28, 10))
            when {{ is_derived }} or {{ amount }} <> cast({{ amount }} as decimal(28, 2))
                then cast({{ amount }} * {{ rate }} as decimal(28, 10))
            else cast({{ converted_amount(amount, rate) }} as decimal(28, 10))
        end
{%- endmacro %}


{#- An exact sum in cents. What ten decimals leave out of a twelfth does not decide which way half a cent goes. -#}
{% macro in_cents(amount) -%}
    cast(cast({{ amount }} as decimal(28, 6)) as decimal(28, 2))
{%- endmacro %}


{#- Whether the orders have amounts: `raw_columns: {orders: {amount: null}}` says that they are events without money (a usage
    log). -#}
{% macro orders_have_amounts() %}
    {{ return(not is_mapped_to_null('orders', 'amount')) }}
{% endmacro %}


{#- A figure made of orders' amounts: null where they have none, for 0.00 would be a figure. -#}
{% macro order_money(amount) -%}
    {{ amount if orders_have_amounts() else 'cast(null as decimal(28, 2))' }}
{%- endmacro %}
