{% set customer_days = '(partition by customer_id order by purchased_on)' %}

with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

{% if policy('repeat_purchase_unit') == 'order' -%}
purchases as (
    select
        customer_id,
        order_number as purchase_number,
        1 as orders,
        gross_amount,
        ordered_on as purchased_on,
        previous_order_on as previous_purchase_on,
        next_order_on as next_purchase_on
    from orders
)
{%- else -%}
days as (
    select
        customer_id,
        count(*) as orders,
        sum(gross_amount) as gross_amount,
        ordered_on as purchased_on
    from orders
    group by customer_id, ordered_on
),

purchases as (
    select
        customer_id,
        row_number() over {{ customer_days }} as purchase_number,
        orders,
        gross_amount,
        purchased_on,
        lag(purchased_on) over {{ customer_days }} as previous_purchase_on,
        lead(purchased_on) over {{ customer_days }} as next_purchase_on
    from days
)
{%- endif %}

select * from purchases
