{#- What happens in a period to the customers of one combination of segments, and can be added up. By where it comes from. -#}
{% macro business_flows() %}
    {{ return({
        'customers': [
            'new_customers', 'reactivated_customers', 'churned_customers', 'transient_customers', 'interrupted_customers',
            'acquired_customers', 'start_events', 'churn_events',
        ],
        'recurring_revenue': [
            'paying_customers_change', 'new_mrr', 'reactivation_mrr', 'expansion_mrr', 'contraction_mrr', 'churn_mrr',
        ],
        'purchases': [
            'purchasers', 'first_time_purchasers', 'second_time_purchasers', 'in_period_repeat_purchasers', 'orders',
            'gross_revenue', 'refunds',
        ],
    }) }}
{% endmacro %}


{#- All of them, in one list. -#}
{% macro business_measures() %}
    {% set measures = [] %}
    {% for found in business_flows().values() %}
        {% do measures.extend(found) %}
    {% endfor %}
    {{ return(measures) }}
{% endmacro %}
