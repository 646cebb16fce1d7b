{#- Metrics of lifetime value: what a customer is worth, by the textbook and as predicted. -#}
{% macro lifetime_metrics() %}
    {% set by_period = dict(metric_defaults('ratio', 'lifetime_value_by_period'), unit='money', direction='up', is_column=true) %}
    {{ return([
        dict(by_period,
            name='period_lifetime_value', label='Textbook lifetime value at the rates of the period',
            numerator='gross_revenue * opening_customers', denominator='purchasers * churned_customers',
            description='Average order value x orders per purchaser x lifespan in periods (opening / churned customers), all of this period. Moves with the season; compare with the year before.',
            nulls='Null while the period is partial, and where nobody purchased or nobody churned in it.',
            synonyms='CLV = AOV x frequency x lifespan',
        ),
    ]) }}
{% endmacro %}
