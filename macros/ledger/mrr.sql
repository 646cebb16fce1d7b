{#- What can happen to a customer's MRR between the opening and the close of a period. -#}
{% macro mrr_movement_kinds() %}
    {{ return(['new', 'reactivation', 'expansion', 'contraction', 'churn']) }}
{% endmacro %}


{#- What is counted and summed of each. -#}
{% macro mrr_movement_measures() %}
    {% set measures = [] %}
    {% for movement in mrr_movement_kinds() %}
        {% do measures.extend([movement ~ '_customers', movement ~ '_mrr']) %}
    {% endfor %}
    {{ return(measures) }}
{% endmacro %}
