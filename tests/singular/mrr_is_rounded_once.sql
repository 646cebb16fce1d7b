-- Each balance of the mart is the exact one in cents, so at most half a cent off; each movement lies between two of them. What
-- is exact to the cent in the ledger is so in the mart.
with marts as (
    select * from {{ ref('mrr_by_period') }}
),

exact as (
    select * from {{ ref('int_mrr_balances') }}
)

select
    exact.period_grain,
    exact.period_start,
    exact.segment_value,
    marts.closing_mrr,
    exact.closing_mrr as exact_closing_mrr
from exact
left join marts
    on exact.period_grain = marts.period_grain
    and exact.period_start = marts.period_start
    and exact.segment_dimension = marts.segment_dimension
    and exact.segment_value = marts.segment_value
where
    marts.closing_mrr is null
    or abs(marts.closing_mrr - exact.closing_mrr) > 0.005001
    {%- for movement in mrr_movement_kinds() + ['transferred'] %}
    or abs(marts.{{ movement }}_mrr - exact.{{ movement }}_mrr) > 0.010001
    {%- endfor %}
