with orders as (
    select * from {{ ref('int_customer_orders') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

spans as (
    select
        'orders' as basis,
        as_of.as_of_date,
        min(orders.first_order_on) as first_active_on
    from orders
    cross join as_of
    group by as_of.as_of_date
),

{{ periods_of_spans(dict.fromkeys(policy('period_grains'), ['orders'])) }}

select * from periods
