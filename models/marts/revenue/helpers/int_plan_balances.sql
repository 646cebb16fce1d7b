{% set plan_to_date -%}
(
    partition by period_grain, plan
    order by period_start
    rows between unbounded preceding and current row
)
{%- endset %}

{%- set movements = plan_movement_kinds() -%}

with plan_periods as (
    select * from {{ ref('int_mrr_plan_periods') }}
    where plan_change <> 0
),

periods as (
    select * from {{ ref('int_periods') }}
),

-- Seen from the plan: who was not on it came anew or was a customer already, who is no longer on it left or is still one.
classified as (
    select
        *,
        case
            when plan_opening_mrr = 0 and movement in ('new', 'reactivation') then movement
            when plan_opening_mrr = 0 then 'transferred_in'
            when plan_closing_mrr = 0 and movement = 'churn' then 'churn'
            when plan_closing_mrr = 0 then 'transferred_out'
            when plan_change > 0 then 'expansion'
            else 'contraction'
        end as plan_movement
    from plan_periods
),

flows as (
    select
        'mrr' as basis,
        period_grain,
        period_start,
        plan,
        {%- for movement in movements %}
        count(case when plan_movement = '{{ movement }}' then 1 end) as {{ movement }}_customers,
        sum(case when plan_movement = '{{ movement }}' then abs(plan_change) else 0 end) as {{ movement }}_mrr,
        {%- endfor %}
        sum(plan_change) as mrr_change
    from classified
    group by period_grain, period_start, plan
),

every_period as (
    {{ in_every_period(plan_movement_measures() + ['mrr_change'], slice_by=['plan']) }}
),

balances as (
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        plan,
        {%- for movement in movements %}
        cast({{ movement }}_customers as {{ dbt.type_bigint() }}) as {{ movement }}_customers,
        cast({{ movement }}_mrr as decimal(28, 10)) as {{ movement }}_mrr,
        {%- endfor %}
        sum(
            new_customers + reactivation_customers + transferred_in_customers - transferred_out_customers - churn_customers
        ) over {{ plan_to_date }} as closing_customers,
        sum(mrr_change) over {{ plan_to_date }} as closing_mrr
    from every_period
)

select * from balances
