{%- set metrics = metric_catalogue() | selectattr('is_by_period') | list -%}

with
{%- for mart in metrics | map(attribute='mart') | unique %}
{{ mart }} as (
    select * from {{ ref(mart) }}
),
{% endfor %}
-- One select per metric of the catalogue: the long form of every mart that has a row per period.
measured as (
    {%- for metric in metrics %}
    select
        '{{ metric.name }}' as metric,
        {{ metric.basis }} as basis,
        period_grain,
        segment_dimension,
        segment_value,
        {{ text_or_null(metric.label) }} as label,
        {{ text_or_null(metric_unit(metric)) }} as unit,
        {{ text_or_null(metric.direction) }} as direction,
        period_status,
        cast({{ metric.numerator }} as decimal(28, 6)) as numerator,
        cast({{ metric.denominator if metric.denominator is not none else 'null' }} as decimal(28, 6)) as denominator,
        {{ metric_value(metric) }} as value,
        {{ metric.is_proportion | string | lower }} as is_proportion,
        is_latest_complete_period,
        period_start,
        period_end
    from {{ metric.mart }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from measured
