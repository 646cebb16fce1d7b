-- Why did customers leave over the last twelve complete months, and what did it cost?
-- Voluntary is a matter of the offer, involuntary of cards and reminders, expired of renewals. The share in
-- the first three months speaks of onboarding.
with churned_customers as (
    select * from {{ ref('churned_customers') }}
    where basis = 'subscriptions' and period_grain = 'month'
),

latest as (
    select period_start
    from {{ ref('mrr_by_period') }}
    where period_grain = 'month' and segment_dimension = 'all' and is_latest_complete_period
),

final as (
    select
        churned_customers.churn_type,
        coalesce(churned_customers.cancel_reason, '(none given)') as cancel_reason,
        count(*) as lost_customers,
        sum(churned_customers.last_mrr) as lost_mrr,
        cast(
            {{ safe_divide(
                "count(case when churned_customers.tenure_band in ('first_month', 'under_3_months') then 1 end)", 'count(*)'
            ) }} as decimal(18, 3)
        ) as share_in_first_3_months
    from churned_customers
    inner join latest
        on churned_customers.period_start <= latest.period_start
        and churned_customers.period_start > {{ add_periods('month', -12, 'latest.period_start') }}
    group by churned_customers.churn_type, coalesce(churned_customers.cancel_reason, '(none given)')
)

select * from final
order by lost_mrr desc, cancel_reason asc
