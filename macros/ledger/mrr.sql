{#- What can happen to a customer's MRR between the opening and the close of a period; the sign says
    whether it adds to the closing balance or takes from it. -#}
{% macro mrr_movement_signs() %}
    {{ return({'new': '+', 'reactivation': '+', 'expansion': '+', 'contraction': '-', 'churn': '-'}) }}
{% endmacro %}

{% macro mrr_movement_kinds() %}
    {{ return(mrr_movement_signs() | list) }}
{% endmacro %}
