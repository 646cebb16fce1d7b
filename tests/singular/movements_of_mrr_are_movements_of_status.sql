{%- set free_periods = policy('free_periods_are_active') -%}
-- Identity 10: who has MRR is who is active, whatever the grace, so both ledgers count the same customers,
-- in every period and segment. They are made apart: one from spells, one from sums of money. (There is
-- nothing to compare where the policy leaves the basis out, and fewer pay than are active where free periods are active.)
with retention as (
    select * from {{ ref('retention_by_period') }}
    where basis = 'subscriptions'
),

mrr as (
    select * from {{ ref('mrr_by_period') }}
    where segment_dimension <> 'plan'
)

select
    coalesce(retention.period_grain, mrr.period_grain) as period_grain,
    coalesce(retention.period_start, mrr.period_start) as period_start,
    coalesce(retention.segment_value, mrr.segment_value) as segment_value,
    retention.closing_customers,
    mrr.closing_customers as closing_customers_with_mrr
from retention
full outer join mrr
    on retention.period_grain = mrr.period_grain
    and retention.period_start = mrr.period_start
    and retention.segment_dimension = mrr.segment_dimension
    and retention.segment_value = mrr.segment_value
where
    {{ 'true' if 'subscriptions' in built_bases() and not free_periods else 'false' }}
    and (
        retention.period_start is null
        or mrr.period_start is null
        {%- for balance in ['opening', 'new', 'reactivated', 'churned', 'closing'] %}
        or retention.{{ balance }}_customers <> mrr.{{ balance }}_customers
        {%- endfor %}
    )
