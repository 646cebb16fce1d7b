{#- A ratio as DECIMAL(18,6); null where the denominator is 0 or null. Casts first: 1 / 2 is 0 on
    some warehouses. -#}
{% macro safe_divide(numerator, denominator) -%}
    cast(cast({{ numerator }} as decimal(28, 10)) / nullif({{ denominator }}, 0) as decimal(18, 6))
{%- endmacro %}
