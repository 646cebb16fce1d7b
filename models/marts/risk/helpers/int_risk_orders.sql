{%- set recent_days = policy('risk_recent_days') -%}
{%- set days_between_them = as_double(days_between('known.first_order_on', 'known.last_order_on')) -%}
{%- set usual_gaps = policy('risk_overdue_factor') ~ ' * ' ~ days_between_them ~ ' / (known.purchase_days - 1)' -%}

with customers as (
    select * from {{ ref('int_risk_customers') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

onboarding as (
    select * from {{ ref('int_risk_onboarding') }}
),

-- Gross: a refund may be booked after the snapshot. A day is counted at its first order.
dated as (
    select
        customers.snapshot_on,
        customers.customer_id,
        orders.ordered_on,
        orders.gross_amount,
        orders.previous_order_on is null or orders.previous_order_on < orders.ordered_on as is_first_of_day,
        orders.ordered_on > {{ add_days('customers.snapshot_on', -recent_days) }} as is_recent,
        orders.ordered_on <= {{ add_days('customers.snapshot_on', -recent_days) }}
        and orders.ordered_on > {{ add_days('customers.snapshot_on', -2 * recent_days) }} as is_just_before
    from customers
    inner join orders
        on customers.customer_id = orders.customer_id
        and customers.snapshot_on >= orders.ordered_on
),

known as (
    select
        snapshot_on,
        customer_id,
        count(case when is_first_of_day then 1 end) as purchase_days,
        count(case when is_first_of_day and is_recent then 1 end) as recent_purchase_days,
        count(case when is_first_of_day and is_just_before then 1 end) as purchase_days_just_before,
        coalesce(sum(case when is_recent then gross_amount end), 0) as recent_revenue,
        coalesce(sum(case when is_just_before then gross_amount end), 0) as revenue_just_before,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on
    from dated
    group by snapshot_on, customer_id
),

-- Where there is a rhythm (two gaps or more), and where there are two such times to compare.
comparable as (
    select
        known.*,
        known.first_order_on <= {{ add_days('known.snapshot_on', -2 * recent_days) }}
        and known.purchase_days_just_before >= 2 as was_a_regular,
        case
            when known.purchase_days >= 3
                then {{ add_days('known.last_order_on', 'cast(floor(' ~ usual_gaps ~ ') as integer) + 1') }}
        end as overdue_from_on,
        case
            when known.purchase_days = 1
                then {{ add_days('known.first_order_on', 'onboarding.usual_days + 1') }}
        end as expected_back_by_on
    from known
    left join onboarding on known.snapshot_on = onboarding.snapshot_on
),

final as (
    select
        snapshot_on,
        customer_id,
        purchase_days,
        recent_purchase_days,
        {{ days_between('first_order_on', 'last_order_on') }} as purchase_span_days,
        {{ days_between('first_order_on', 'snapshot_on') }} as age_days,
        last_order_on,
        case when overdue_from_on <= snapshot_on then overdue_from_on end as overdue_on,
        case
            when was_a_regular and recent_purchase_days <= (1 - {{ policy('risk_decline_share') }}) * purchase_days_just_before
                then {{ add_days('snapshot_on', 1 - recent_days) }}
        end as fewer_orders_on,
        case
            when
                was_a_regular and revenue_just_before > 0
                and recent_revenue <= (1 - {{ policy('risk_decline_share') }}) * revenue_just_before
                then {{ add_days('snapshot_on', 1 - recent_days) }}
        end as lower_spend_on,
        case when expected_back_by_on <= snapshot_on then expected_back_by_on end as poor_onboarding_on
    from comparable
)

select * from final
