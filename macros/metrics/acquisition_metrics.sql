{#- Metrics of acquisition: what it costs to win a customer. -#}
{% macro acquisition_metrics() %}
    {% set by_period = dict(metric_defaults('ratio', 'acquisition_cost_by_period'), unit='money', is_column=true) %}
    {{ return([
        dict(by_period,
            name='customer_acquisition_cost', label='Customer acquisition cost', direction='down',
            numerator='acquisition_spend', denominator='acquired_customers',
            description='CAC: all marketing spend of the period for each customer acquired in it. Of two bases each sets all spend against its own customers.',
            nulls='Null while the period is partial, unless the spend of the whole period is known, and where nobody was won.',
            synonyms='CAC, cost per acquisition, cost to acquire a customer',
        ),
    ]) }}
{% endmacro %}
