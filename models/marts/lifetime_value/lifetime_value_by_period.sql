{%- set rates = rates_of('lifetime_value_by_period') -%}

with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where basis = '{{ lifespan_basis() }}'
),

repeat_purchase_by_period as (
    select * from {{ ref('repeat_purchase_by_period') }}
),

joined as (
    select
        retention_by_period.basis,
        retention_by_period.period_grain,
        retention_by_period.period_start,
        retention_by_period.period_end,
        retention_by_period.period_status,
        retention_by_period.is_latest_complete_period,
        retention_by_period.segment_dimension,
        retention_by_period.segment_value,
        repeat_purchase_by_period.orders,
        repeat_purchase_by_period.purchasers,
        retention_by_period.opening_customers,
        retention_by_period.churned_customers,
        retention_by_period.churn_events,
        repeat_purchase_by_period.gross_revenue
    from retention_by_period
    inner join repeat_purchase_by_period
        on retention_by_period.period_grain = repeat_purchase_by_period.period_grain
        and retention_by_period.period_start = repeat_purchase_by_period.period_start
        and retention_by_period.segment_dimension = repeat_purchase_by_period.segment_dimension
        and retention_by_period.segment_value = repeat_purchase_by_period.segment_value
),

rated as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        orders,
        purchasers,
        opening_customers,
        churned_customers,
        churn_events,
        gross_revenue,
        {{ rates.period_lifetime_value }} as period_lifetime_value,
        {{ policy_version_column() }}
    from joined
)

select * from rated
