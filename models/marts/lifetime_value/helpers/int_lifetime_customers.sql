with orders as (
    select * from {{ ref('int_customer_orders') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- What the prediction knows of a customer: repeat purchase days, and when the first and the last were.
customers as (
    select
        orders.customer_id,
        orders.order_days - 1 as frequency,
        {{ days_between('orders.first_order_on', 'orders.last_order_on') }} as recency_days,
        {{ days_between('orders.first_order_on', 'as_of.as_of_date') }} as age_days,
        orders.repeat_net_revenue
    from orders
    cross join as_of
)

select * from customers
