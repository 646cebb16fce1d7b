{%- set movements = mrr_movement_kinds() -%}

with plan_periods as (
    select * from {{ ref('int_mrr_plan_periods') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

ended_subscriptions as (
    select * from {{ ref('int_ended_subscriptions') }}
),

ended_in as (
    {%- for grain in policy('period_grains') %}
    select
        '{{ grain }}' as period_grain,
        customer_id,
        churn_type,
        ended_on,
        {{ period_start(grain, 'ended_on') }} as period_start
    from ended_subscriptions
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Who has none at the close left with the last spell that ended in the period.
ended as (
    select
        *,
        row_number() over (partition by period_grain, customer_id, period_start order by ended_on desc) as end_rank
    from ended_in
),

-- One row per period, plan and combination of segments: small enough to be read once per dimension.
cells as (
    select
        'mrr' as basis,
        plan_periods.period_grain,
        plan_periods.period_start,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        plan_periods.plan,
        {%- for movement in movements %}
        sum(case when plan_periods.movement = '{{ movement }}' then abs(plan_periods.posted_mrr) else 0 end)
            as {{ movement }}_mrr,
        count(case when plan_periods.movement = '{{ movement }}' and plan_periods.is_posted_here then 1 end)
            as {{ movement }}_customers,
        {%- endfor %}
        {%- for type in churn_types() %}
        sum(case when ended.churn_type = '{{ type }}' then abs(plan_periods.posted_mrr) else 0 end)
            as {{ type }}_churn_mrr,
        count(case when ended.churn_type = '{{ type }}' and plan_periods.is_posted_here then 1 end)
            as {{ type }}_churn_customers,
        {%- endfor %}
        sum(plan_periods.transferred_mrr) as transferred_mrr,
        count(case when plan_periods.is_posted_here and plan_periods.opening_mrr = 0 then 1 end)
        - count(case when plan_periods.is_posted_here and plan_periods.closing_mrr = 0 then 1 end) as customers_change,
        count(case when plan_periods.plan_opening_mrr = 0 and plan_periods.plan_closing_mrr > 0 then 1 end)
        - count(case when plan_periods.plan_opening_mrr > 0 and plan_periods.plan_closing_mrr = 0 then 1 end)
            as plan_customers_change
    from plan_periods
    inner join customers on plan_periods.customer_id = customers.customer_id
    left join ended
        on plan_periods.movement = 'churn'
        and plan_periods.period_grain = ended.period_grain
        and plan_periods.customer_id = ended.customer_id
        and plan_periods.period_start = ended.period_start
        and ended.end_rank = 1
    group by
        plan_periods.period_grain,
        plan_periods.period_start,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        plan_periods.plan
)

select * from cells
