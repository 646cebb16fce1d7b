-- GRR by its definition: of each opening customer the smaller of opening and closing MRR. Customers without a
-- movement keep what they had, so only the movements can differ from the opening balance. The rates are made of cents, and
-- each of their two movements may be off by less than one.
with kept as (
    select
        period_grain,
        period_start,
        sum(opening_mrr - least(opening_mrr, closing_mrr)) as lost_mrr,
        sum(case when opening_mrr > 0 or movement = 'expansion' then closing_mrr - opening_mrr else 0 end)
            as change_of_opening_customers
    from {{ ref('mrr_movements') }}
    group by period_grain, period_start
),

balances as (
    select * from {{ ref('mrr_by_period') }}
    where segment_dimension = 'all' and period_status = 'complete' and opening_mrr > 0
)

select
    balances.period_grain,
    balances.period_start,
    balances.grr,
    balances.nrr
from balances
left join kept
    on balances.period_grain = kept.period_grain
    and balances.period_start = kept.period_start
where
    abs(balances.grr * balances.opening_mrr - (balances.opening_mrr - coalesce(kept.lost_mrr, 0)))
    > 0.02 + 0.000001 * balances.opening_mrr
    or abs(balances.nrr * balances.opening_mrr - (balances.opening_mrr + coalesce(kept.change_of_opening_customers, 0)))
    > 0.02 + 0.000001 * balances.opening_mrr
