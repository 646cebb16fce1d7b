with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
),

-- One select per metric of the catalogue: the long form of every mart that has metrics.
measured as (
    {%- for metric in metric_catalogue() %}
    select
        '{{ metric.name }}' as metric,
        basis,
        period_grain,
        segment_dimension,
        segment_value,
        period_status,
        cast({{ metric.numerator }} as decimal(28, 6)) as numerator,
        cast({{ metric.denominator if metric.denominator is not none else 'null' }} as decimal(28, 6)) as denominator,
        {{ metric_value(metric) }} as value,
        period_start,
        period_end
    from {{ metric.mart }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from measured
