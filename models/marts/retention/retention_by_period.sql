{%- set rates = rates_of('retention_by_period') -%}

with balances as (
    select * from {{ ref('int_balances') }}
),

counted as (
    select
        *,
        closing_customers - new_customers - reactivated_customers + churned_customers as opening_customers,
        closing_customers - new_customers - reactivated_customers as retained_customers,
        sum(acquired_customers) over (
            partition by basis, period_grain, segment_dimension, segment_value
            order by period_start
            rows between unbounded preceding and current row
        ) - acquired_customers as acquired_before_customers
    from balances
),

-- Who was active before the period, less who is at its opening.
lapsed as (
    select
        *,
        cast(acquired_before_customers - opening_customers as {{ dbt.type_bigint() }}) as lapsed_opening_customers
    from counted
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
        opening_customers,
        new_customers,
        reactivated_customers,
        churned_customers,
        closing_customers,
        retained_customers,
        transient_customers,
        interrupted_customers,
        acquired_customers,
        start_events,
        churn_events,
        lapsed_opening_customers,
        {{ rates.customer_churn_rate }} as customer_churn_rate,
        {{ rates.retention_rate }} as retention_rate,
        {{ rates.gross_churn_rate }} as gross_churn_rate,
        {{ rates.net_churn_rate }} as net_churn_rate,
        {{ rates.event_churn_rate }} as event_churn_rate,
        {{ rates.win_back_rate }} as win_back_rate,
        {{ policy_version_column() }}
    from lapsed
)

select * from rated
