with flows as (
    select * from {{ ref('int_purchase_flows') }}
),

periods as (
    select * from {{ ref('int_order_periods') }}
),

slices as (
    select distinct
        period_grain,
        segment_dimension,
        segment_value
    from flows
),

every_period as (
    select
        slices.period_grain,
        slices.segment_dimension,
        slices.segment_value,
        periods.period_status,
        coalesce(flows.purchasers, 0) as purchasers,
        coalesce(flows.first_time_purchasers, 0) as first_time_purchasers,
        coalesce(flows.in_period_repeat_purchasers, 0) as in_period_repeat_purchasers,
        coalesce(flows.second_purchases, 0) as second_purchases,
        coalesce(flows.purchases, 0) as purchases,
        coalesce(flows.orders, 0) as orders,
        coalesce(flows.gross_revenue, 0) as gross_revenue,
        coalesce(flows.refunds, 0) as refunds,
        periods.is_latest_complete_period,
        periods.period_start,
        periods.period_end
    from slices
    inner join periods on slices.period_grain = periods.period_grain
    left join flows
        on slices.period_grain = flows.period_grain
        and slices.segment_dimension = flows.segment_dimension
        and slices.segment_value = flows.segment_value
        and periods.period_start = flows.period_start
),

counted as (
    select
        period_grain,
        segment_dimension,
        segment_value,
        period_status,
        cast(purchasers as {{ dbt.type_bigint() }}) as purchasers,
        cast(first_time_purchasers as {{ dbt.type_bigint() }}) as first_time_purchasers,
        cast(purchasers - first_time_purchasers as {{ dbt.type_bigint() }}) as returning_purchasers,
        cast(in_period_repeat_purchasers as {{ dbt.type_bigint() }}) as in_period_repeat_purchasers,
        cast(sum(first_time_purchasers) over to_date as {{ dbt.type_bigint() }}) as customers_to_date,
        cast(sum(second_purchases) over to_date as {{ dbt.type_bigint() }}) as repeat_customers_to_date,
        cast(purchases as {{ dbt.type_bigint() }}) as purchases,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        cast(gross_revenue as decimal(18, 2)) as gross_revenue,
        cast(refunds as decimal(18, 2)) as refunds,
        cast(gross_revenue - refunds as decimal(18, 2)) as net_revenue,
        is_latest_complete_period,
        period_start,
        period_end
    from every_period
    window to_date as (
        partition by period_grain, segment_dimension, segment_value
        order by period_start
        rows between unbounded preceding and current row
    )
),

rated as (
    select
        *,
        {{ rate_columns('repeat_purchase_by_period') }},
        {{ policy_version_column() }}
    from counted
)

select * from rated
