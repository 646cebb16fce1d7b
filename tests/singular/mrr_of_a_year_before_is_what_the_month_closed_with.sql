{% set slice = '(partition by segment_dimension, segment_value order by period_start)' %}

-- The trailing twelve months start from the MRR and the customers that the same month of the year before closed
-- with, in total and in every segment.
with months as (
    select
        *,
        lag(closing_mrr, 12) over {{ slice }} as closed_with_mrr,
        lag(closing_customers, 12) over {{ slice }} as closed_with_customers
    from {{ ref('mrr_by_period') }}
    where period_grain = 'month' and segment_dimension <> 'plan'
)

select * from months
where
    period_status = 'complete'
    and (
        year_before_mrr <> coalesce(closed_with_mrr, 0)
        or year_before_customers <> coalesce(closed_with_customers, 0)
        or year_before_mrr_kept > year_before_mrr
        or year_before_mrr_kept > year_before_mrr_retained
        or year_before_mrr_retained > closing_mrr
    )
