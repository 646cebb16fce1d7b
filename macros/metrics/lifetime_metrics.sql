{#- Metrics of lifetime value: what a customer is worth, by the textbook and as predicted. -#}
{% macro lifetime_metrics() %}
    {% set by_period = dict(metric_defaults('ratio', 'lifetime_value_by_period'), unit='money', direction='up', is_column=true) %}
    {{ return([
        dict(by_period,
            name='period_lifetime_value', label='Textbook lifetime value of the period',
            numerator='gross_revenue', denominator='churn_events', version=2,
            description='Revenue per active customer and day x the days that a customer is active (active days / churn events): the active days cancel out, and what is left is the same for a year by its months, quarters or as a whole. Uncut, and before refunds. A single period moves with the season; compare with the year before.',
            nulls='Null while the period is partial, and where nobody lapsed in it.',
            synonyms='CLV = revenue per active customer x active life, AOV x frequency x lifespan, LTV, CLTV, customer lifetime value',
        ),
    ]) }}
{% endmacro %}
