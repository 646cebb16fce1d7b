-- Where did MRR come from and where did it go over the last twelve complete months?
-- Read a row from left to right: opening + gained - lost = closing. The single movements and the rates
-- follow with --output json.
with mrr_by_period as (
    select * from {{ ref('mrr_by_period') }}
    where period_grain = 'month' and segment_dimension = 'all'
),

latest as (
    select period_start
    from mrr_by_period
    where is_latest_complete_period
),

final as (
    select
        mrr_by_period.period_start as month_start,
        mrr_by_period.opening_mrr,
        mrr_by_period.new_mrr + mrr_by_period.reactivation_mrr + mrr_by_period.expansion_mrr as gained_mrr,
        mrr_by_period.contraction_mrr + mrr_by_period.churn_mrr as lost_mrr,
        mrr_by_period.closing_mrr,
        cast(mrr_by_period.nrr as decimal(18, 3)) as nrr,
        cast(mrr_by_period.grr as decimal(18, 3)) as grr,
        mrr_by_period.new_mrr,
        mrr_by_period.reactivation_mrr,
        mrr_by_period.expansion_mrr,
        mrr_by_period.contraction_mrr,
        mrr_by_period.churn_mrr,
        mrr_by_period.arpa,
        mrr_by_period.quick_ratio
    from mrr_by_period
    inner join latest
        on mrr_by_period.period_start <= latest.period_start
        and mrr_by_period.period_start > {{ add_periods('month', -12, 'latest.period_start') }}
)

select * from final
order by month_start
