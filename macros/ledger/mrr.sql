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


{#- Why customers whose MRR ended left, as `churned_customers` says it: the parts of a churn. -#}
{% macro churn_types() %}
    {{ return(['voluntary', 'involuntary', 'expired']) }}
{% endmacro %}


{#- What is counted and summed of each. -#}
{% macro churn_type_measures() %}
    {% set measures = [] %}
    {% for type in churn_types() %}
        {% do measures.extend([type ~ '_churn_customers', type ~ '_churn_mrr']) %}
    {% endfor %}
    {{ return(measures) }}
{% endmacro %}


{#- What can happen to a customer's MRR on one plan. -#}
{% macro plan_movement_kinds() %}
    {{ return(['new', 'reactivation', 'transferred_in', 'expansion', 'contraction', 'transferred_out', 'churn']) }}
{% endmacro %}


{% macro plan_movement_measures() %}
    {% set measures = [] %}
    {% for movement in plan_movement_kinds() %}
        {% do measures.extend([movement ~ '_customers', movement ~ '_mrr']) %}
    {% endfor %}
    {{ return(measures) }}
{% endmacro %}
