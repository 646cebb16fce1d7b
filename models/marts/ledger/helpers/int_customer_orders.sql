with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

-- A day is counted at its first order; what follows the first day is repeat business.
summed as (
    select
        customer_id,
        count(*) as orders,
        count(case when previous_order_on is null or previous_order_on < ordered_on then 1 end) as order_days,
        sum(gross_amount) as gross_revenue,
        sum(refunded_amount) as refunds,
        sum(case when ordered_on > first_order_on then net_amount else 0 end) as repeat_net_revenue,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on
    from orders
    group by customer_id
)

select * from summed
