{#- The period of a day by which cohorts are made: a month, unless the policy says otherwise. The columns are
    named after months. -#}
{% macro cohort_period(day) -%}
    {{ period_start(policy('cohort_grain'), day) }}
{%- endmacro %}


{#- Whether a cohort's month is over, and, for the columns made of orders, whether the basis is. -#}
{% macro is_cell_observed(of_orders=false) -%}
    period_status = 'complete'
    {%- if of_orders %} and {{ is_order_basis('basis') }}{% endif %}
{%- endmacro %}
