{#- The rates of a mart by their names, as SQL over its columns: a mart writes each as a line of its own,
    `{{ rates.gross_churn_rate }} as gross_churn_rate`, and the formula stands in the catalogue alone. -#}
{% macro rates_of(mart) %}
    {% set rates = {} %}
    {% for metric in metrics_of(mart) if metric.is_column %}
        {% do rates.update({metric.name: rate_value(metric)}) %}
    {% endfor %}
    {{ return(rates) }}
{% endmacro %}


{#- A rate: null while the period is partial, where the mart has rows that can be. -#}
{% macro rate_value(metric) -%}
    {%- set conditions = ["period_status = 'complete'"] if metric.can_be_partial else [] -%}
    {%- set conditions = conditions + [metric.condition] if metric.condition else conditions -%}
    {%- set ratio = safe_divide(metric.numerator, '(' ~ metric.denominator ~ ')') -%}
    {{ 'case when ' ~ conditions | join(' and ') ~ ' then ' ~ ratio ~ ' end' if conditions else ratio }}
{%- endmacro %}


{#- A metric's value in a period: counts and money always, ratios for complete periods only. -#}
{% macro metric_value(metric) -%}
    {%- if metric.kind == 'ratio' -%}
    {{ rate_value(metric) }}
    {%- else -%}
    cast({{ metric.numerator }} as decimal(28, 6))
    {%- endif -%}
{%- endmacro %}
