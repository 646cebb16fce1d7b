with orders as (
    select * from {{ ref('orders') }}
    where is_counted or is_refund
),

-- A day is counted at its first order; what follows the first day is repeat business. Who has only been paid back has no
-- order, and a row.
summed as (
    select
        customer_id,
        count(case when is_counted then 1 end) as orders,
        count(case when is_counted and (previous_order_on is null or previous_order_on < ordered_on) then 1 end) as order_days,
        coalesce(sum(gross_amount), 0) as gross_revenue,
        coalesce(sum(refunded_amount), 0) as refunds,
        coalesce(sum(case when ordered_on > first_order_on then net_amount else 0 end), 0) as repeat_net_revenue,
        min(ordered_on) as first_booked_on,
        min(case when is_counted then ordered_on end) as first_order_on,
        max(case when is_counted then ordered_on end) as last_order_on
    from orders
    group by customer_id
)

select * from summed
