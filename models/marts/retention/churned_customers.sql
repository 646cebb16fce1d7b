{{- config(contract=contract_but_for_own('customers')) -}}

with movements as (
    select * from {{ ref('customer_movements') }}
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

-- The first event in the period of a customer who is lost is the end of a spell, too: of the one that was running at
-- the opening. Nothing happened since it began, so the movement before is that of the period in which it did.
opened as (
    select
        movements.*,
        case movements.period_grain
            {%- for grain in policy('period_grains') %}
            when '{{ grain }}' then {{ period_start(grain, 'ended_spells.started_on') }}
            {%- endfor %}
        end as period_start_before
    from movements
    left join ended_spells
        on movements.basis = ended_spells.basis
        and movements.customer_id = ended_spells.customer_id
        and movements.first_event_on = ended_spells.ended_on
    where movements.movement = 'churned'
),

lost as (
    select
        opened.*,
        movements.movement as movement_before
    from opened
    left join movements
        on opened.basis = movements.basis
        and opened.period_grain = movements.period_grain
        and opened.customer_id = movements.customer_id
        and opened.period_start_before = movements.period_start
),

-- The last event is the end of the spell that was lost.
joined as (
    select
        lost.basis,
        lost.period_grain,
        lost.customer_id,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        case when lost.basis = 'subscriptions' then ended_subscriptions.churn_type else 'lapsed' end as churn_type,
        ended_subscriptions.cancel_reason,
        ended_subscriptions.plan,
        lost.movement_before,
        {{ tenure_band('ended_spells.started_on', 'ended_spells.ended_on') }} as tenure_band,
        {{ days_between('ended_spells.started_on', 'ended_spells.ended_on') }} as tenure_days,
        ended_spells.orders_to_date,
        ended_spells.net_revenue_to_date,
        case when lost.basis = 'subscriptions' then ended_spells.recurring_revenue_to_date end as recurring_revenue_to_date,
        ended_subscriptions.last_mrr,
        ended_spells.is_first_spell,
        lost.period_start,
        lost.last_event_on as churned_on,
        ended_spells.started_on as spell_started_on,
        ended_spells.last_order_on,
        ended_subscriptions.cancel_requested_on
    from lost
    inner join customers on lost.customer_id = customers.customer_id
    left join ended_spells
        on lost.basis = ended_spells.basis
        and lost.customer_id = ended_spells.customer_id
        and lost.last_event_on = ended_spells.ended_on
    left join ended_subscriptions
        on lost.basis = 'subscriptions'
        and lost.customer_id = ended_subscriptions.customer_id
        and lost.last_event_on = ended_subscriptions.ended_on
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
