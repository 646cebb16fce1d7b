with orders as (
    select * from {{ ref('int_customer_orders') }}
    where orders > 0
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- What the prediction knows of a customer: repeat purchase days, and when the first and the last were.
customers as (
    select
        orders.customer_id,
        cast(orders.order_days - 1 as {{ dbt.type_bigint() }}) as frequency,
        cast({{ days_between('orders.first_order_on', 'orders.last_order_on') }} as {{ dbt.type_bigint() }})
            as purchase_span_days,
        cast({{ days_between('orders.first_order_on', 'as_of.as_of_date') }} as {{ dbt.type_bigint() }}) as age_days,
        cast(orders.repeat_net_revenue as decimal(28, 2)) as repeat_net_revenue
    from orders
    cross join as_of
)

select * from customers
