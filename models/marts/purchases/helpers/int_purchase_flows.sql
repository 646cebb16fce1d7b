with daily as (
    select * from {{ ref('int_purchases_daily') }}
),

dated as (
    select
        {%- for grain in policy('period_grains') %}
        {{ period_start(grain, 'day') }} as {{ grain }}_start,
        {%- endfor %}
        *
    from daily
),

flows as (
    {%- for grain in policy('period_grains') %}
    select
        'orders' as basis,
        '{{ grain }}' as period_grain,
        {{ grain }}_start as period_start,
        {{ slice_columns() }},
        sum({{ grain }}_purchasers) as purchasers,
        sum({{ grain }}_repeat_purchasers) as in_period_repeat_purchasers,
        sum(first_purchases) as first_time_purchasers,
        sum(second_purchases) as second_purchases,
        sum(purchases) as purchases,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from dated
    group by {{ slice_sets([grain ~ '_start']) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from flows
