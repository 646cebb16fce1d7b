{{- config(contract=contract_but_for_own('customers')) -}}

with movements as (
    select
        *,
        lag(movement) over (partition by basis, period_grain, customer_id order by period_start) as movement_before
    from {{ ref('customer_movements') }}
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

-- The last event of a customer who is lost is the end of a spell.
joined as (
    select
        movements.basis,
        movements.period_grain,
        movements.customer_id,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        case when movements.basis = 'subscriptions' then ended_subscriptions.churn_type else 'lapsed' end as churn_type,
        ended_subscriptions.cancel_reason,
        ended_subscriptions.plan,
        movements.movement_before,
        {{ tenure_band('ended_spells.started_on', 'ended_spells.ended_on') }} as tenure_band,
        {{ days_between('ended_spells.started_on', 'ended_spells.ended_on') }} as tenure_days,
        ended_spells.orders_to_date,
        ended_spells.net_revenue_to_date,
        case when movements.basis = 'subscriptions' then ended_spells.recurring_revenue_to_date end as recurring_revenue_to_date,
        ended_subscriptions.last_mrr,
        ended_spells.is_first_spell,
        movements.period_start,
        movements.last_event_on as churned_on,
        ended_spells.started_on as spell_started_on,
        ended_spells.last_order_on,
        ended_subscriptions.cancel_requested_on
    from movements
    inner join customers on movements.customer_id = customers.customer_id
    left join ended_spells
        on movements.basis = ended_spells.basis
        and movements.customer_id = ended_spells.customer_id
        and movements.last_event_on = ended_spells.ended_on
    left join ended_subscriptions
        on movements.basis = 'subscriptions'
        and movements.customer_id = ended_subscriptions.customer_id
        and movements.last_event_on = ended_subscriptions.ended_on
    where movements.movement = 'churned'
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
