-- Which acquisition channels lose more customers than a year before?
-- The latest complete quarter against the same quarter of the previous year. The counts stand beside
-- the rates, because a rate of few customers says little. The row `all` is the whole shop.
with metric_values as (
    select * from {{ ref('metric_values') }}
    where
        metric = 'customer_churn_rate'
        and basis = 'orders_window'
        and period_grain = 'quarter'
        and period_status = 'complete'
        and segment_dimension in ('all', 'acquisition_channel')
),

latest as (
    select max(period_start) as period_start from metric_values
),

final as (
    select
        metric_values.segment_value as acquisition_channel,
        cast(metric_values.denominator as {{ dbt.type_bigint() }}) as opening_customers,
        cast(metric_values.numerator as {{ dbt.type_bigint() }}) as churned_customers,
        cast(metric_values.value as decimal(18, 3)) as customer_churn_rate,
        cast(metric_values.previous_year_value as decimal(18, 3)) as rate_a_year_before,
        cast(metric_values.change_year_over_year as decimal(18, 3)) as year_over_year,
        metric_values.period_start as quarter_start
    from metric_values
    inner join latest on metric_values.period_start = latest.period_start
)

select * from final
order by year_over_year desc, acquisition_channel asc
