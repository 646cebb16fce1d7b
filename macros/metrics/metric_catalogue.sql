{#- Every metric, once. Rate columns of the marts, metric_values, metric_definitions and the descriptions of
    the marts' columns (models/marts/metrics/metrics.md) are made from this list, so that a rate cannot be
    computed in two ways, nor said in two. Changing a formula is one edit here.

    name         the metric's name, and its column where is_column is true
    kind         count, money or ratio; a ratio is numerator / denominator, null where that is 0
    mart         the mart whose columns numerator and denominator are SQL expressions over
    direction    which way is good: up, down, or neither
    basis        SQL for the basis of a row (a literal where the mart has no such column)
    condition    SQL for the rows that have the metric (none: all); elsewhere a ratio is null
    can_be_partial  whether a row of the mart can be of a period that is not over: a rate is null there
    is_by_period whether the mart has a row per period, so that the metric stands in metric_values
    unit         fraction, customers, money, orders, ...
    is_proportion   whether the numerator counts some of the customers whom the denominator counts: metric_values then has
                 an interval
    description  what the metric says, in a sentence or two
    nulls        when it is null
    formula      the formula in plain words, where numerator and denominator are hard to read
    synonyms and sources are what a reader would search for -#}
{% macro metric_catalogue() %}
    {{ return(retention_metrics() + purchase_metrics() + cohort_metrics() + lifetime_metrics() + acquisition_metrics() + revenue_metrics()) }}
{% endmacro %}


{#- What an entry has unless it says otherwise. -#}
{% macro metric_defaults(kind, mart) %}
    {{ return({
        'kind': kind, 'mart': mart, 'denominator': none, 'condition': none, 'version': 1,
        'unit': 'fraction' if kind == 'ratio' else 'money' if kind == 'money' else 'customers',
        'basis': 'basis', 'is_column': false, 'is_by_period': true, 'can_be_partial': true, 'is_proportion': false,
        'synonyms': '', 'sources': '', 'formula': '',
        'nulls': 'Null while the period is partial, and where the denominator is 0.' if kind == 'ratio' else 'Never null.',
    }) }}
{% endmacro %}


{#- The words that the catalogue leaves to a rule: the formula in column names, the unit in full. -#}
{% macro metric_formula(metric) %}
    {% if metric.formula or metric.denominator is none %}
        {{ return(metric.formula or metric.numerator) }}
    {% endif %}
    {% set sides = [] %}
    {% for side in [metric.numerator, metric.denominator] %}
        {% do sides.append('(' ~ side ~ ')' if ' ' in side else side) %}
    {% endfor %}
    {{ return(sides | join(' / ')) }}
{% endmacro %}

{% macro metric_unit(metric) %}
    {{ return('amount in the reporting currency (the var `reporting_currency`)' if metric.unit == 'money' else metric.unit) }}
{% endmacro %}


{% macro metrics_of(mart) %}
    {{ return(metric_catalogue() | selectattr('mart', 'equalto', mart) | list) }}
{% endmacro %}
