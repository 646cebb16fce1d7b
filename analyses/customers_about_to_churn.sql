-- Who is lost within the next 14 days if nothing happens, and is worth a message first?
-- An order on the day active_until itself still keeps the customer (see docs/decisions/who-is-active.md).
with customers as (
    select * from {{ ref('customers') }}
),

as_of as (
    select cast(value as date) as as_of_date
    from {{ ref('policy_settings') }}
    where setting = 'as_of_date'
),

final as (
    select
        customers.customer_id,
        customers.active_until_orders_window_on as active_until,
        customers.last_order_on,
        customers.lifetime_orders,
        customers.lifetime_net_revenue,
        customers.acquisition_channel,
        customers.country,
        customers.customer_segment
    from customers
    cross join as_of
    where
        customers.status_orders_window = 'active'
        and customers.active_until_orders_window_on <= {{ add_days('as_of.as_of_date', 14) }}
)

select * from final
order by active_until asc, lifetime_net_revenue desc, customer_id asc
