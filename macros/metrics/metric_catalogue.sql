{#- Every metric, once. Rate columns of the marts, metric_values and metric_definitions are made from
    this list, so that a rate cannot be computed in two ways. Changing a formula is one edit here.

    name         the metric's name, and its column where is_column is true
    kind         count, money or ratio; a ratio is numerator / denominator, null where that is 0
    mart         the mart whose columns numerator and denominator are SQL expressions over
    direction    which way is good: up, down, or neither
    basis        SQL for the basis of a row (a literal where the mart has no such column)
    condition    SQL for the rows that have the metric (none: all); elsewhere a ratio is null
    can_be_partial  whether a row of the mart can be of a period that is not over: a rate is null there
    is_by_period whether the mart has a row per period, so that the metric stands in metric_values
    synonyms and sources are what a reader would search for -#}
{% macro metric_catalogue() %}
    {{ return(retention_metrics() + purchase_metrics() + cohort_metrics() + lifetime_metrics() + revenue_metrics()) }}
{% endmacro %}


{#- What an entry has unless it says otherwise. -#}
{% macro metric_defaults(kind, mart) %}
    {{ return({
        'kind': kind, 'mart': mart, 'denominator': none, 'condition': none, 'version': 1,
        'unit': 'fraction' if kind == 'ratio' else 'money' if kind == 'money' else 'customers',
        'basis': 'basis', 'is_column': false, 'is_by_period': true, 'can_be_partial': true, 'synonyms': '', 'sources': '',
    }) }}
{% endmacro %}


{% macro metrics_of(mart) %}
    {{ return(metric_catalogue() | selectattr('mart', 'equalto', mart) | list) }}
{% endmacro %}
