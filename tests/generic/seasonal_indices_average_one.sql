{#- The indices of a series average 1, so that adjusting moves nothing from year to year; half a millionth is rounding. And a
    series has an index at each of its positions or at none. -#}
{% test seasonal_indices_average_one(model) %}
{%- do retention_ledger.names_are_ours() -%}
select
    metric,
    basis,
    period_grain,
    count(seasonal_index) as indices,
    count(*) as positions,
    sum(seasonal_index) as sum_of_indices
from {{ model }}
group by metric, basis, period_grain
having
    count(seasonal_index) not in (0, count(*))
    or abs(sum(seasonal_index) - count(seasonal_index)) > 0.0001
{% endtest %}
