{#- What can happen to a customer's MRR between the opening and the close of a period. -#}
{% macro mrr_movement_kinds() %}
    {{ return(['new', 'reactivation', 'expansion', 'contraction', 'churn']) }}
{% endmacro %}
