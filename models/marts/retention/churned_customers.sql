{{- config(contract=contract_but_for_own('customers')) -}}

with losses as (
    select * from {{ ref('customer_movements') }}
    where movement = 'churned'
),

openings as (
    select * from {{ ref('customer_movements') }}
    where movement in ('new', 'reactivated', 'interrupted')
),

customers as (
    select * from {{ ref('int_customers') }}
),

ended_spells as (
    select * from {{ ref('int_ended_spells') }}
),

ended_subscriptions as (
    select * from {{ ref('int_ended_subscriptions') }}
),

-- The first event in the period of a customer who is lost is the end of a spell: of the one that was running at the
-- opening. Nothing happened since it began, so the movement before is that of the period in which it did.
opened as (
    select
        losses.basis,
        losses.period_grain,
        losses.period_start,
        losses.customer_id,
        losses.last_event_on,
        ended_spells.is_first_spell,
        ended_spells.previous_ended_on,
        case losses.period_grain
            {%- for grain in policy('period_grains') %}
            when '{{ grain }}' then {{ period_start(grain, 'ended_spells.started_on') }}
            {%- endfor %}
        end as period_start_before
    from losses
    inner join ended_spells
        on losses.basis = ended_spells.basis
        and losses.customer_id = ended_spells.customer_id
        and losses.first_event_on = ended_spells.ended_on
),

placed as (
    select
        *,
        coalesce(previous_ended_on < period_start_before, true) as is_plain_start
    from opened
),

-- A start that was alone in its period tells the movement itself; only the others are looked up.
lost as (
    select
        basis,
        period_grain,
        period_start,
        customer_id,
        last_event_on,
        case when is_first_spell then 'new' else 'reactivated' end as movement_before
    from placed
    where is_plain_start

    union all

    select
        placed.basis,
        placed.period_grain,
        placed.period_start,
        placed.customer_id,
        placed.last_event_on,
        openings.movement as movement_before
    from placed
    left join openings
        on placed.basis = openings.basis
        and placed.period_grain = openings.period_grain
        and placed.customer_id = openings.customer_id
        and placed.period_start_before = openings.period_start
    where not placed.is_plain_start
),

-- One row per spell, whatever the number of grains in which the customer is lost.
described as (
    select
        ended_spells.basis,
        ended_spells.customer_id,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        case when ended_spells.basis = 'subscriptions' then ended_subscriptions.churn_type else 'lapsed' end as churn_type,
        ended_subscriptions.cancel_reason,
        ended_subscriptions.plan,
        {{ tenure_band('ended_spells.started_on', 'ended_spells.ended_on') }} as tenure_band,
        {{ days_between('ended_spells.started_on', 'ended_spells.ended_on') }} as tenure_days,
        ended_spells.orders_to_date,
        ended_spells.net_revenue_to_date,
        ended_spells.recurring_revenue_to_date,
        ended_subscriptions.last_mrr,
        ended_spells.is_first_spell,
        ended_spells.ended_on as churned_on,
        ended_spells.started_on as spell_started_on,
        ended_spells.last_order_on,
        ended_subscriptions.cancel_requested_on
    from ended_spells
    inner join customers on ended_spells.customer_id = customers.customer_id
    left join ended_subscriptions
        on ended_spells.basis = 'subscriptions'
        and ended_spells.customer_id = ended_subscriptions.customer_id
        and ended_spells.ended_on = ended_subscriptions.ended_on
),

-- The last event is the end of the spell that was lost.
joined as (
    select
        described.*,
        lost.period_grain,
        lost.period_start,
        lost.movement_before
    from lost
    inner join described
        on lost.basis = described.basis
        and lost.customer_id = described.customer_id
        and lost.last_event_on = described.churned_on
),

final as (
    select
        basis,
        period_grain,
        period_start,
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        churn_type,
        cancel_reason,
        plan,
        movement_before,
        tenure_band,
        cast(tenure_days as {{ dbt.type_bigint() }}) as tenure_days,
        orders_to_date,
        net_revenue_to_date,
        recurring_revenue_to_date,
        last_mrr,
        is_first_spell,
        churned_on,
        spell_started_on,
        last_order_on,
        cancel_requested_on,
        {{ policy_version_column() }}
    from joined
)

select * from final
