-- The indices of a series average 1, so that adjusting moves nothing from year to year; what is over is rounding. And a series
-- has an index at each of its positions or at none.
with seasonality_by_month as (
    select * from {{ ref('seasonality_by_month') }}
)

select
    metric,
    basis,
    period_grain,
    count(seasonal_index) as indices,
    count(*) as positions,
    sum(seasonal_index) as sum_of_indices
from seasonality_by_month
group by metric, basis, period_grain
having
    count(seasonal_index) not in (0, count(*))
    or abs(sum(seasonal_index) - count(seasonal_index)) > 0.0001
