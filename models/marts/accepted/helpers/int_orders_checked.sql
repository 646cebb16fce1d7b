with stg_orders as (
    select * from {{ ref('stg_orders') }}
),

customers as (
    select * from {{ ref('int_customers_listed') }}
),

checked as (
    select
        stg_orders.order_id,
        stg_orders.customer_id,
        stg_orders.status,
        stg_orders.currency,
        stg_orders.refunded_order_id,
        case
            when stg_orders.reject_reason is not null then stg_orders.reject_reason
            when customers.is_test_account then 'test_account'
            when customers.is_left_out then 'customer_left_out'
            {%- if 'customers' in policy('raw_tables') %}
            when customers.customer_id is null then 'unknown_customer'
            {%- endif %}
        end as reject_reason,
        stg_orders.raw_record,
        stg_orders.amount,
        stg_orders.ordered_on,
        stg_orders.ordered_at,
        stg_orders.updated_at
    from stg_orders
    left join customers on stg_orders.customer_id = customers.customer_id
)

select * from checked
