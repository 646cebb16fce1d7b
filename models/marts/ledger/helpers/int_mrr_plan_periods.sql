{% set plan_days = 'partition by customer_id, plan order by changed_on' %}
{%- set customer_days = 'partition by customer_id order by changed_on' %}
{%- set to_date = 'rows between unbounded preceding and current row' %}
{%- set customer_period = '(partition by period_grain, customer_id, period_start)' %}

{%- set may_be_free = policy('free_periods_are_active') | length > 0 -%}
{%- set moves_most = 'case when mrr_change > 0 then plan_change else -plan_change end' -%}

with changes as (
    select * from {{ ref('int_mrr_changes') }}
),

{% if may_be_free -%}
spells as (
    select * from {{ ref('int_spells_subscriptions') }}
),
{%- endif %}

-- What a customer pays on each plan, and altogether, after every change: counted once, for all grains.
plan_levels as (
    select
        customer_id,
        plan,
        mrr_change as plan_change,
        sum(mrr_change) over ({{ plan_days }} {{ to_date }}) as plan_closing_mrr,
        changed_on,
        lead(changed_on) over ({{ plan_days }}) as next_plan_change_on
    from changes
),

customer_days as (
    select
        customer_id,
        sum(mrr_change) as mrr_change,
        changed_on
    from changes
    group by customer_id, changed_on
),

customer_levels as (
    select
        customer_id,
        mrr_change,
        sum(mrr_change) over ({{ customer_days }} {{ to_date }}) as closing_mrr,
        changed_on,
        lag(changed_on) over ({{ customer_days }}) as previous_change_on,
        lead(changed_on) over ({{ customer_days }}) as next_change_on
    from customer_days
),

days as (
    select
        plan_levels.*,
        customer_levels.mrr_change,
        customer_levels.closing_mrr,
        customer_levels.previous_change_on,
        customer_levels.next_change_on
    from plan_levels
    inner join customer_levels
        on plan_levels.customer_id = customer_levels.customer_id
        and plan_levels.changed_on = customer_levels.changed_on
),

-- The customer's total is posted on the plan that moves most in its direction.
ranked_days as (
    select
        *,
        {%- for grain in policy('period_grains') %}
        {{ period_start(grain, 'changed_on') }} as start_of_{{ grain }},
        {{ next_period_start(grain, 'changed_on') }} as start_of_next_{{ grain }},
        {%- endfor %}
        row_number() over (
            partition by customer_id, changed_on
            order by {{ moves_most }} desc, plan asc
        ) as plan_rank
    from days
),

dated as (
    {%- for grain in policy('period_grains') %}
    select
        '{{ grain }}' as period_grain,
        customer_id,
        plan,
        plan_change,
        plan_closing_mrr,
        mrr_change,
        closing_mrr,
        plan_rank,
        changed_on,
        previous_change_on,
        coalesce(previous_change_on < start_of_{{ grain }}, true)
        and coalesce(next_change_on >= start_of_next_{{ grain }}, true) as is_only_day,
        coalesce(next_plan_change_on >= start_of_next_{{ grain }}, true) as is_last_of_plan,
        coalesce(next_change_on >= start_of_next_{{ grain }}, true) as is_last_day,
        start_of_{{ grain }} as period_start,
        start_of_next_{{ grain }} as next_period_start
    from ranked_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- The only day of a period with a change is all there is of the period. Several are added up.
single as (
    select
        period_grain,
        customer_id,
        plan,
        plan_change,
        plan_closing_mrr,
        mrr_change,
        closing_mrr,
        plan_rank,
        previous_change_on is null as is_acquired,
        period_start,
        next_period_start,
        changed_on as first_change_on,
        changed_on as last_change_on
    from dated
    where is_only_day
),

summed as (
    select
        period_grain,
        customer_id,
        plan,
        sum(plan_change) as plan_change,
        max(case when is_last_of_plan then plan_closing_mrr end) as plan_closing_mrr,
        max(case when is_last_day then closing_mrr end) as closing_mrr,
        max(case when previous_change_on is null then 1 else 0 end) as is_acquired,
        period_start,
        next_period_start,
        min(changed_on) as first_change_on,
        max(changed_on) as last_change_on
    from dated
    where not is_only_day
    group by period_grain, customer_id, plan, period_start, next_period_start
),

balanced as (
    select
        period_grain,
        customer_id,
        plan,
        plan_change,
        plan_closing_mrr,
        sum(plan_change) over {{ customer_period }} as mrr_change,
        max(closing_mrr) over {{ customer_period }} as closing_mrr,
        max(is_acquired) over {{ customer_period }} = 1 as is_acquired,
        period_start,
        next_period_start,
        min(first_change_on) over {{ customer_period }} as first_change_on,
        max(last_change_on) over {{ customer_period }} as last_change_on
    from summed
),

several as (
    select
        period_grain,
        customer_id,
        plan,
        plan_change,
        plan_closing_mrr,
        mrr_change,
        closing_mrr,
        row_number() over (
            partition by period_grain, customer_id, period_start
            order by {{ moves_most }} desc, plan asc
        ) as plan_rank,
        is_acquired,
        period_start,
        next_period_start,
        first_change_on,
        last_change_on
    from balanced
),

ranked as (
    select * from single
    union all
    select * from several
),

-- Who pays nothing and is active all the same has not left: the MRR shrinks and grows.
accompanied as (
    {%- if may_be_free %}
    select
        ranked.*,
        opening_spells.customer_id is not null as is_active_at_opening,
        closing_spells.customer_id is not null as is_active_at_close
    from ranked
    left join spells as opening_spells
        on ranked.customer_id = opening_spells.customer_id
        and ranked.period_start > opening_spells.started_on
        and (opening_spells.ended_on is null or ranked.period_start <= opening_spells.ended_on)
    left join spells as closing_spells
        on ranked.customer_id = closing_spells.customer_id
        and ranked.next_period_start > closing_spells.started_on
        and (closing_spells.ended_on is null or ranked.next_period_start <= closing_spells.ended_on)
    {%- else %}
    select
        *,
        closing_mrr > mrr_change as is_active_at_opening,
        closing_mrr > 0 as is_active_at_close
    from ranked
    {%- endif %}
),

final as (
    select
        period_grain,
        customer_id,
        plan,
        case
            when mrr_change = 0 then 'transfer'
            when closing_mrr = mrr_change and is_acquired then 'new'
            when closing_mrr = mrr_change and not is_active_at_opening then 'reactivation'
            when closing_mrr = 0 and not is_active_at_close then 'churn'
            when mrr_change > 0 then 'expansion'
            else 'contraction'
        end as movement,
        closing_mrr - mrr_change as opening_mrr,
        closing_mrr,
        mrr_change,
        plan_closing_mrr - plan_change as plan_opening_mrr,
        plan_closing_mrr,
        plan_change,
        case when plan_rank = 1 then mrr_change else 0 end as posted_mrr,
        plan_change - case when plan_rank = 1 then mrr_change else 0 end as transferred_mrr,
        plan_rank = 1 and mrr_change <> 0 as is_posted_here,
        period_start,
        first_change_on,
        last_change_on
    from accompanied
)

select * from final
