{#- What speaks for leaving, each with its column in the marts and the raw table that it needs. In this order one is
    named where none weighs more. -#}
{% macro risk_signals() %}
    {{ return({
        'cancellation_requested': {'column': 'has_asked_to_cancel', 'raw_table': 'subscriptions'},
        'failed_payment': {'column': 'has_failed_payment', 'raw_table': 'subscriptions'},
        'complaint': {'column': 'has_complained', 'raw_table': 'support_tickets'},
        'slow_service': {'column': 'has_slow_ticket', 'raw_table': 'support_tickets'},
        'low_nps': {'column': 'has_low_nps', 'raw_table': 'feedback'},
        'negative_feedback': {'column': 'has_negative_feedback', 'raw_table': 'feedback'},
        'downgrade': {'column': 'has_downgraded', 'raw_table': 'subscriptions'},
        'price_rise': {'column': 'has_price_rise', 'raw_table': 'subscriptions'},
        'overdue': {'column': 'is_overdue', 'raw_table': 'orders'},
        'fewer_orders': {'column': 'has_fewer_orders', 'raw_table': 'orders'},
        'lower_spend': {'column': 'has_lower_spend', 'raw_table': 'orders'},
        'poor_onboarding': {'column': 'has_poor_onboarding', 'raw_table': 'orders'},
    }) }}
{% endmacro %}


{#- What the score looks at beside the signals: measures, each as the number of its doublings. -#}
{% macro risk_measures() %}
    {{ return(['tenure_days', 'silent_days', 'recent_purchase_days', 'frequency', 'age_days', 'mrr']) }}
{% endmacro %}


{#- Whether a signal applies: the day on which it did is there. Null where the raw table that would tell does not exist. -#}
{% macro risk_signal(reason) -%}
    {%- set signal = risk_signals()[reason] -%}
    {%- if signal.raw_table not in policy('raw_tables') or (reason == 'lower_spend' and not orders_have_amounts()) -%}
    cast(null as {{ dbt.type_boolean() }}) as {{ signal.column }}
    {%- else -%}
    {{ reason }}_on is not null as {{ signal.column }}
    {%- endif -%}
{%- endmacro %}


{#- A count or amount as the number of times it is twice as large: 0, 1, 3 and 7 are 0, 1, 2 and 3. -#}
{% macro risk_doublings(measure) -%}
    ln(1 + {{ as_double(measure) }}) / ln({{ as_double(2) }})
{%- endmacro %}


{#- The log-odds of leaving, as the weights say, from the CTE columns weight_<signal or measure>. What has no weight says
    nothing; without an intercept there is no score. -#}
{% macro risk_log_odds() -%}
    weight_intercept
    {%- for signal in risk_signals().values() %}
        + case when {{ signal.column }} then coalesce(weight_{{ signal.column }}, 0) else 0 end
    {%- endfor %}
    {%- for measure in risk_measures() %}
        + coalesce({{ risk_doublings(measure) }} * weight_{{ measure }}, 0)
    {%- endfor %}
{%- endmacro %}
