{%- set recent_days = policy('risk_recent_days') -%}
{%- set customer_changes -%}
(
    partition by customer_id
    order by changed_on
    rows between unbounded preceding and current row
)
{%- endset %}

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

started as (
    select
        customer_id,
        min(started_on) as started_on
    from periods
    group by customer_id
),

mrr_changes as (
    select
        customer_id,
        changed_on,
        sum(mrr_change) as mrr_change
    from {{ ref('int_mrr_changes') }}
    group by customer_id, changed_on
),

-- What a customer pays from a change on, until the next one.
levels as (
    select
        customer_id,
        sum(mrr_change) over {{ customer_changes }} as mrr,
        max(case when mrr_change < 0 then changed_on end) over {{ customer_changes }} as lowered_on,
        changed_on,
        lead(changed_on) over (partition by customer_id order by changed_on) as next_changed_on
    from mrr_changes
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
    where priced.cancel_requested_on is not null or priced.is_failed_payment or priced.is_price_rise
    group by customers.snapshot_on, customers.customer_id
),

final as (
    select
        customers.snapshot_on,
        customers.customer_id,
        by_now.mrr,
        events.cancellation_requested_on,
        events.failed_payment_on,
        case when by_now.mrr > 0 and by_now.mrr < earlier.mrr then by_now.lowered_on end as downgrade_on,
        events.price_rise_on
    from customers
    inner join started
        on customers.customer_id = started.customer_id
        and customers.snapshot_on >= started.started_on
    left join levels as by_now
        on customers.customer_id = by_now.customer_id
        and customers.snapshot_on >= by_now.changed_on
        and (by_now.next_changed_on is null or customers.snapshot_on < by_now.next_changed_on)
    left join levels as earlier
        on customers.customer_id = earlier.customer_id
        and customers.recent_after_on >= earlier.changed_on
        and (earlier.next_changed_on is null or customers.recent_after_on < earlier.next_changed_on)
    left join events
        on customers.snapshot_on = events.snapshot_on
        and customers.customer_id = events.customer_id
)

select * from final
