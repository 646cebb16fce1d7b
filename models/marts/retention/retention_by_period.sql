with balances as (
    select * from {{ ref('int_balances') }}
),

counted as (
    select
        basis,
        period_grain,
        segment_dimension,
        segment_value,
        period_status,
        closing_customers - new_customers - reactivated_customers + churned_customers
            as opening_customers,
        new_customers,
        reactivated_customers,
        churned_customers,
        transient_customers,
        interrupted_customers,
        acquired_customers,
        closing_customers - new_customers - reactivated_customers as retained_customers,
        closing_customers,
        start_events,
        churn_events,
        is_latest_complete_period,
        period_start,
        period_end
    from balances
),

rated as (
    select
        *,
        {{ rate_columns('retention_by_period') }},
        {{ policy_version_column() }}
    from counted
)

select * from rated
