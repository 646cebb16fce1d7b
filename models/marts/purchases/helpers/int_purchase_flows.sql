with daily as (
    select * from {{ ref('int_purchases_daily') }}
),

flows as (
    {%- for grain in policy('period_grains') %}
    {%- for dimension in slice_dimensions() %}
    select
        '{{ grain }}' as period_grain,
        '{{ dimension }}' as segment_dimension,
        {{ slice_value(dimension) }} as segment_value,
        sum({{ grain }}_purchasers) as purchasers,
        sum({{ grain }}_repeat_purchasers) as in_period_repeat_purchasers,
        sum(first_purchases) as first_time_purchasers,
        sum(second_purchases) as second_purchases,
        sum(purchases) as purchases,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds,
        {{ period_start(grain, 'day') }} as period_start
    from daily
    group by {{ period_start(grain, 'day') }}{{ ', ' ~ dimension if dimension != 'all' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from flows
