{#- Whether a cohort's month is over, and, for the columns made of orders, whether the basis is. -#}
{% macro is_cell_observed(of_orders=false) -%}
    period_status = 'complete'
    {%- if of_orders %} and {{ is_order_basis('basis') }}{% endif %}
{%- endmacro %}
