-- Per month (or what else cohorts are made by) and slice, the MRR and the paying customers of all cohorts together are
-- the closing ones of the period. (There is nothing to compare where no period is as long as a cohort's.)
with cohorts as (
    select
        activity_month,
        segment_dimension,
        segment_value,
        sum(closing_mrr) as closing_mrr,
        sum(closing_customers) as closing_customers
    from {{ ref('int_mrr_cohort_balances') }}
    group by activity_month, segment_dimension, segment_value
),

balances as (
    select * from {{ ref('int_mrr_balances') }}
    where period_grain = '{{ policy('cohort_grain') }}' and segment_dimension <> 'plan'
)

select
    coalesce(cohorts.activity_month, balances.period_start) as period_start,
    coalesce(cohorts.segment_value, balances.segment_value) as segment_value,
    cohorts.closing_mrr as cohorts_mrr,
    balances.closing_mrr,
    cohorts.closing_customers as cohorts_customers,
    balances.closing_customers
from cohorts
full outer join balances
    on cohorts.activity_month = balances.period_start
    and cohorts.segment_dimension = balances.segment_dimension
    and cohorts.segment_value = balances.segment_value
where
    {{ 'true' if policy('cohort_grain') in policy('period_grains') else 'false' }}
    and (
        coalesce(cohorts.closing_mrr, 0) <> coalesce(balances.closing_mrr, 0)
        or coalesce(cohorts.closing_customers, 0) <> coalesce(balances.closing_customers, 0)
    )
