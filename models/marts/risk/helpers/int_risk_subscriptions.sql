{%- set recent_days = policy('risk_recent_days') -%}

with customers as (
    select
        *,
        {{ add_days('snapshot_on', -recent_days) }} as recent_after_on
    from {{ ref('int_risk_customers') }}
),

periods as (
    select
        *,
        lag(plan) over (partition by subscription_id order by started_on) as previous_plan,
        lag(currency) over (partition by subscription_id order by started_on) as previous_currency,
        lag(monthly_amount) over (partition by subscription_id order by started_on) as previous_amount
    from {{ ref('subscription_periods') }}
),

mrr_changes as (
    select
        customer_id,
        changed_on,
        sum(mrr_change) as mrr_change
    from {{ ref('int_mrr_changes') }}
    group by customer_id, changed_on
),

-- The same plan in the same currency at a higher price; what was free has not become dearer.
priced as (
    select
        *,
        coalesce(
            previous_amount > 0 and monthly_amount > previous_amount
            and plan = previous_plan and currency = previous_currency, false
        ) as is_price_rise,
        {{ churn_type('cancel_reason', 'cancel_requested_on') }} = 'involuntary' as is_failed_payment
    from periods
),

levels as (
    select
        customers.snapshot_on,
        customers.customer_id,
        sum(mrr_changes.mrr_change) as mrr,
        coalesce(sum(case when mrr_changes.changed_on <= customers.recent_after_on then mrr_changes.mrr_change end), 0)
            as mrr_before,
        max(
            case
                when mrr_changes.changed_on > customers.recent_after_on and mrr_changes.mrr_change < 0
                    then mrr_changes.changed_on
            end
        ) as lowered_on
    from customers
    inner join mrr_changes
        on customers.customer_id = mrr_changes.customer_id
        and customers.snapshot_on >= mrr_changes.changed_on
    group by customers.snapshot_on, customers.customer_id
),

-- A request to cancel counts from the day it was made while its period runs; a reason for an end, from the end on.
events as (
    select
        customers.snapshot_on,
        customers.customer_id,
        min(
            case
                when
                    priced.is_active and priced.cancel_requested_on <= customers.snapshot_on
                    and (priced.ended_on is null or priced.ended_on > customers.snapshot_on)
                    then priced.cancel_requested_on
            end
        ) as cancellation_requested_on,
        max(
            case
                when
                    priced.is_failed_payment and priced.ended_on > customers.recent_after_on
                    and priced.ended_on <= customers.snapshot_on
                    then priced.ended_on
            end
        ) as failed_payment_on,
        max(case when priced.is_price_rise and priced.started_on > customers.recent_after_on then priced.started_on end)
            as price_rise_on
    from customers
    inner join priced
        on customers.customer_id = priced.customer_id
        and customers.snapshot_on >= priced.started_on
    group by customers.snapshot_on, customers.customer_id
),

final as (
    select
        events.snapshot_on,
        events.customer_id,
        levels.mrr,
        events.cancellation_requested_on,
        events.failed_payment_on,
        case when levels.mrr > 0 and levels.mrr < levels.mrr_before then levels.lowered_on end as downgrade_on,
        events.price_rise_on
    from events
    left join levels
        on events.snapshot_on = levels.snapshot_on
        and events.customer_id = levels.customer_id
)

select * from final
