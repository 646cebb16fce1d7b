{#- The rate columns of a mart, from the catalogue: null while the period is partial. -#}
{% macro rate_columns(mart) -%}
    {%- for metric in metrics_of(mart) if metric.is_column %}
        {{ rate_value(metric) }} as {{ metric.name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro rate_value(metric) -%}
    case when period_status = 'complete'{{ ' and ' ~ metric.condition if metric.condition }} then {{ safe_divide(metric.numerator, '(' ~ metric.denominator ~ ')') }} end
{%- endmacro %}


{#- A metric's value in a period: counts and money always, ratios for complete periods only. -#}
{% macro metric_value(metric) -%}
    {%- if metric.kind == 'ratio' -%}
    {{ rate_value(metric) }}
    {%- else -%}
    cast({{ metric.numerator }} as decimal(18, 6))
    {%- endif -%}
{%- endmacro %}
