{%- set may_be_free = policy('free_periods_are_active') | length > 0 -%}

with changes as (
    select * from {{ ref('int_mrr_changes') }}
),

{% if may_be_free -%}
spells as (
    select * from {{ ref('int_spells_subscriptions') }}
),
{%- endif %}

dated as (
    {%- for grain in policy('period_grains') %}
    select
        '{{ grain }}' as period_grain,
        customer_id,
        plan,
        mrr_change,
        changed_on,
        {{ period_start(grain, 'changed_on') }} as period_start
    from changes
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        period_grain,
        customer_id,
        plan,
        sum(mrr_change) as plan_change,
        period_start,
        min(changed_on) as first_change_on,
        max(changed_on) as last_change_on
    from dated
    group by period_grain, customer_id, plan, period_start
),

-- The customer's first change ever is the start of the first spell.
balanced as (
    select
        *,
        sum(plan_change) over plan_to_date as plan_closing_mrr,
        sum(plan_change) over customer_to_date as closing_mrr,
        sum(plan_change) over customer_period as mrr_change,
        min(first_change_on) over customer_period as customer_first_change_on,
        max(last_change_on) over customer_period as customer_last_change_on,
        min(period_start) over (partition by period_grain, customer_id) = period_start as is_acquired
    from summed
    window
        plan_to_date as (partition by period_grain, customer_id, plan order by period_start),
        customer_to_date as (partition by period_grain, customer_id order by period_start),
        customer_period as (partition by period_grain, customer_id, period_start)
),

-- Who pays nothing and is active all the same has not left: the MRR shrinks and grows.
accompanied as (
    {%- if may_be_free %}
    {%- for grain in policy('period_grains') %}
    select
        balanced.*,
        opening_spells.customer_id is not null as is_active_at_opening,
        closing_spells.customer_id is not null as is_active_at_close
    from (
        select
            *,
            {{ next_period_start(grain, 'period_start') }} as next_period_start
        from balanced
        where period_grain = '{{ grain }}'
    ) as balanced
    left join spells as opening_spells
        on balanced.customer_id = opening_spells.customer_id
        and balanced.period_start > opening_spells.started_on
        and (opening_spells.ended_on is null or balanced.period_start <= opening_spells.ended_on)
    left join spells as closing_spells
        on balanced.customer_id = closing_spells.customer_id
        and balanced.next_period_start > closing_spells.started_on
        and (closing_spells.ended_on is null or balanced.next_period_start <= closing_spells.ended_on)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- else %}
    select
        *,
        closing_mrr > mrr_change as is_active_at_opening,
        closing_mrr > 0 as is_active_at_close
    from balanced
    {%- endif %}
),

-- The customer's total decides, and is posted on the plan that moves most in its direction.
ranked as (
    select
        *,
        closing_mrr - mrr_change as opening_mrr,
        case
            when mrr_change = 0 then 'transfer'
            when closing_mrr = mrr_change and is_acquired then 'new'
            when closing_mrr = mrr_change and not is_active_at_opening then 'reactivation'
            when closing_mrr = 0 and not is_active_at_close then 'churn'
            when mrr_change > 0 then 'expansion'
            else 'contraction'
        end as movement,
        row_number() over (
            partition by period_grain, customer_id, period_start
            order by case when mrr_change > 0 then plan_change else -plan_change end desc, plan asc
        ) as plan_rank
    from accompanied
),

final as (
    select
        period_grain,
        customer_id,
        plan,
        movement,
        opening_mrr,
        closing_mrr,
        mrr_change,
        plan_closing_mrr - plan_change as plan_opening_mrr,
        plan_closing_mrr,
        plan_change,
        case when plan_rank = 1 then mrr_change else 0 end as posted_mrr,
        plan_change - case when plan_rank = 1 then mrr_change else 0 end as transferred_mrr,
        plan_rank = 1 and mrr_change <> 0 as is_posted_here,
        period_start,
        customer_first_change_on as first_change_on,
        customer_last_change_on as last_change_on
    from ranked
)

select * from final
