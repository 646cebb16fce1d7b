{#- What is known of the customers who paid twelve months before the end of a period. -#}
{% macro trailing_levels() %}
    {{ return(['then_mrr', 'retained_mrr', 'kept_mrr', 'then_customers', 'lost_customers']) }}
{% endmacro %}
