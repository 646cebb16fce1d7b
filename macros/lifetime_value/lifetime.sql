{#- Settings of lifetime value that follow from the policy. -#}

{#- The basis whose churn tells how long a customer keeps ordering: the first of orders that is built. Data
    without orders has no rows of the one that stands in for it. -#}
{% macro lifespan_basis() %}
    {{ return((order_bases() + ['orders_window'])[0]) }}
{% endmacro %}


{#- The share of revenue that is margin, as SQL; null where own data does not say. -#}
{% macro gross_margin() %}
    {{ return('cast(null as decimal(11, 10))' if policy('gross_margin_rate') is none else policy('gross_margin_rate') | string) }}
{% endmacro %}


{#- Whether customers of whom so many are kept in a year would stay longer than the policy lets a life be. -#}
{% macro is_life_cut(kept) -%}
    opening_customers >= {{ policy('max_lifespan_years') }} * (opening_customers - {{ kept }})
{%- endmacro %}
