{{- config(contract=contract_but_for_own('customers')) -}}

with signals as (
    select * from {{ ref('int_risk_signals') }}
    where is_today
),

customers as (
    select * from {{ ref('customers') }}
),

lifetime_value as (
    select * from {{ ref('customer_lifetime_value') }}
),

reasons as (
    select * from {{ ref('int_risk_reasons') }}
),

scores as (
    select * from {{ ref('int_risk_scores') }}
),

risk_state as (
    select * from {{ ref('int_risk_state') }}
),

joined as (
    select
        signals.*,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        coalesce(reasons.main_reason, 'none') as main_reason,
        coalesce(reasons.reasons, 0) as reasons,
        reasons.main_reason_on,
        risk_state.risk_note,
        scores.risk_score,
        lifetime_value.{{ 'predicted_future_value' if policy('gross_margin_rate') is none else 'predicted_lifetime_margin' }}
            as expected_value
    from signals
    inner join customers on signals.customer_id = customers.customer_id
    cross join risk_state
    left join lifetime_value on signals.customer_id = lifetime_value.customer_id
    left join reasons on signals.customer_id = reasons.customer_id
    left join scores on signals.customer_id = scores.customer_id
),

valued as (
    select
        *,
        cast(risk_score * expected_value as decimal(28, 2)) as value_at_risk,
        cast(risk_score * mrr as decimal(28, 2)) as mrr_at_risk
    from joined
),

ranked as (
    select
        *,
        row_number() over (
            order by
                coalesce(value_at_risk, 0) desc,
                coalesce(mrr_at_risk, 0) desc,
                coalesce(risk_score, 0) desc,
                reasons desc,
                customer_id asc
        ) as call_rank
    from valued
),

final as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        main_reason,
        risk_note,
        cast(call_rank as {{ dbt.type_bigint() }}) as call_rank,
        cast(reasons as {{ dbt.type_bigint() }}) as reasons,
        risk_score,
        expected_value,
        value_at_risk,
        mrr,
        mrr_at_risk,
        tenure_days,
        silent_days,
        recent_purchase_days,
        frequency,
        age_days,
        has_asked_to_cancel,
        has_failed_payment,
        has_complained,
        has_slow_ticket,
        has_low_nps,
        has_negative_feedback,
        has_downgraded,
        has_price_rise,
        is_overdue,
        has_fewer_orders,
        has_lower_spend,
        has_poor_onboarding,
        main_reason_on,
        active_since_on,
        last_order_on,
        {{ policy_version_column() }}
    from ranked
)

select * from final
