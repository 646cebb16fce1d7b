-- How did the number of active customers develop over the last twelve complete months, and is churn
-- better or worse than a year before?
-- Read a row from left to right: opening + joined - churned = closing; joined = new + reactivated.
-- dbt show prints six columns; the year before and the other rates follow with --output json.
with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
),

metric_values as (
    select * from {{ ref('metric_values') }}
),

churn_changes as (
    select
        basis,
        period_grain,
        segment_dimension,
        segment_value,
        change_year_over_year,
        period_start
    from metric_values
    where metric = 'customer_churn_rate'
),

latest as (
    select period_start
    from retention_by_period
    where
        basis = 'orders_window'
        and period_grain = 'month'
        and segment_dimension = 'all'
        and is_latest_complete_period
),

final as (
    select
        balances.period_start as month_start,
        balances.opening_customers,
        balances.new_customers + balances.reactivated_customers as joined_customers,
        balances.churned_customers,
        balances.closing_customers,
        cast(balances.customer_churn_rate as decimal(18, 3)) as customer_churn_rate,
        cast(churn_changes.change_year_over_year as decimal(18, 3)) as churn_rate_year_over_year,
        cast(balances.retention_rate as decimal(18, 3)) as retention_rate,
        cast(balances.net_churn_rate as decimal(18, 3)) as net_churn_rate,
        balances.new_customers,
        balances.reactivated_customers
    from retention_by_period as balances
    inner join latest
        on balances.period_start <= latest.period_start
        and balances.period_start > {{ add_periods('month', -12, 'latest.period_start') }}
    left join churn_changes
        on balances.basis = churn_changes.basis
        and balances.period_grain = churn_changes.period_grain
        and balances.segment_dimension = churn_changes.segment_dimension
        and balances.segment_value = churn_changes.segment_value
        and balances.period_start = churn_changes.period_start
    where
        balances.basis = 'orders_window'
        and balances.period_grain = 'month'
        and balances.segment_dimension = 'all'
)

select * from final
order by month_start
