with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where basis = '{{ headline_basis() }}'
),

mrr_by_period as (
    select * from {{ ref('mrr_by_period') }}
    where segment_dimension <> 'plan'
),

repeat_purchase_by_period as (
    select * from {{ ref('repeat_purchase_by_period') }}
),

onboarding_by_month as (
    select * from {{ ref('onboarding_by_month') }}
    where basis = '{{ headline_basis() }}'
),

-- Customers, MRR and purchases each begin when their first one does.
listed as (
    {%- for mart in ['retention_by_period', 'mrr_by_period', 'repeat_purchase_by_period'] %}
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value
    from {{ mart }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

slices as (
    select distinct * from listed
),

joined as (
    select
        '{{ headline_basis() }}' as basis,
        slices.period_grain,
        slices.period_start,
        slices.period_end,
        slices.period_status,
        slices.is_latest_complete_period,
        slices.segment_dimension,
        slices.segment_value,
        retention_by_period.opening_customers,
        retention_by_period.new_customers,
        retention_by_period.reactivated_customers,
        retention_by_period.churned_customers,
        retention_by_period.closing_customers,
        retention_by_period.retained_customers,
        retention_by_period.transient_customers,
        retention_by_period.interrupted_customers,
        retention_by_period.acquired_customers,
        retention_by_period.start_events,
        retention_by_period.churn_events,
        retention_by_period.customer_churn_rate,
        retention_by_period.retention_rate,
        retention_by_period.gross_churn_rate,
        retention_by_period.net_churn_rate,
        retention_by_period.event_churn_rate,
        mrr_by_period.opening_mrr,
        mrr_by_period.new_mrr,
        mrr_by_period.reactivation_mrr,
        mrr_by_period.expansion_mrr,
        mrr_by_period.contraction_mrr,
        mrr_by_period.churn_mrr,
        mrr_by_period.closing_mrr,
        mrr_by_period.annual_run_rate,
        mrr_by_period.closing_customers as paying_customers,
        mrr_by_period.grr,
        mrr_by_period.nrr,
        mrr_by_period.mrr_churn_rate,
        mrr_by_period.net_mrr_churn_rate,
        mrr_by_period.trailing_grr,
        mrr_by_period.trailing_nrr,
        mrr_by_period.trailing_logo_churn_rate,
        mrr_by_period.quick_ratio,
        mrr_by_period.arpa,
        repeat_purchase_by_period.purchasers,
        repeat_purchase_by_period.first_time_purchasers,
        repeat_purchase_by_period.returning_purchasers,
        repeat_purchase_by_period.in_period_repeat_purchasers,
        repeat_purchase_by_period.customers_to_date,
        repeat_purchase_by_period.repeat_customers_to_date,
        repeat_purchase_by_period.orders,
        repeat_purchase_by_period.gross_revenue,
        repeat_purchase_by_period.refunds,
        repeat_purchase_by_period.net_revenue,
        repeat_purchase_by_period.repeat_purchase_rate,
        repeat_purchase_by_period.in_period_repeat_rate,
        repeat_purchase_by_period.returning_purchaser_rate,
        repeat_purchase_by_period.average_order_value,
        repeat_purchase_by_period.purchase_frequency,
        onboarding_by_month.new_last_month_customers,
        onboarding_by_month.kept_customers,
        onboarding_by_month.ordering_again_customers,
        onboarding_by_month.onboarding_churn_rate,
        onboarding_by_month.onboarding_repeat_rate,
        {{ policy_version_column() }}
    from slices
    left join retention_by_period
        on slices.period_grain = retention_by_period.period_grain
        and slices.period_start = retention_by_period.period_start
        and slices.segment_dimension = retention_by_period.segment_dimension
        and slices.segment_value = retention_by_period.segment_value
    left join mrr_by_period
        on slices.period_grain = mrr_by_period.period_grain
        and slices.period_start = mrr_by_period.period_start
        and slices.segment_dimension = mrr_by_period.segment_dimension
        and slices.segment_value = mrr_by_period.segment_value
    left join repeat_purchase_by_period
        on slices.period_grain = repeat_purchase_by_period.period_grain
        and slices.period_start = repeat_purchase_by_period.period_start
        and slices.segment_dimension = repeat_purchase_by_period.segment_dimension
        and slices.segment_value = repeat_purchase_by_period.segment_value
    left join onboarding_by_month
        on slices.period_grain = onboarding_by_month.period_grain
        and slices.period_start = onboarding_by_month.period_start
        and slices.segment_dimension = onboarding_by_month.segment_dimension
        and slices.segment_value = onboarding_by_month.segment_value
)

select * from joined
