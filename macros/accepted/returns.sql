{#- What an order below 0 is: the var negative_orders, or what the older var says. -#}
{% macro negative_orders() %}
    {{ return(policy('negative_orders') or ('refuse' if policy('reject_negative_amounts') else 'keep')) }}
{% endmacro %}


{#- Whether an order is money that goes back: a credit note by its status, or an amount below 0. -#}
{% macro is_refund(status, amount) -%}
    {%- if policy('refund_order_statuses') -%}
    ({{ status }} in ({{ text_list(policy('refund_order_statuses')) }}){{ ' or ' ~ amount ~ ' < 0' if negative_orders() == 'refund' }})
    {%- elif negative_orders() == 'refund' -%}
    ({{ amount }} < 0)
    {%- else -%}
    (1 = 0)
    {%- endif -%}
{%- endmacro %}


{#- Whether an order is refused for its amount. A credit note may have either sign. -#}
{% macro is_refused_as_negative(status, amount) -%}
    {%- if negative_orders() == 'refuse' -%}
    ({{ amount }} < 0{{ ' and ' ~ status ~ ' not in (' ~ text_list(policy('refund_order_statuses')) ~ ')' if policy('refund_order_statuses') }})
    {%- else -%}
    (1 = 0)
    {%- endif -%}
{%- endmacro %}


{#- Whether an order is a purchase. -#}
{% macro is_counted_order(status, is_refund) -%}
    ({{ status }} in ({{ text_list(policy('counted_order_statuses')) }}) and not {{ is_refund }})
{%- endmacro %}
