-- Identity 8: per grain, the money and orders of all periods together are those of the counted orders.
with periods as (
    select
        period_grain,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as net_revenue,
        sum(first_time_purchasers) as customers
    from {{ ref('repeat_purchase_by_period') }}
    where segment_dimension = 'all'
    group by period_grain
),

customers as (
    select
        sum(lifetime_orders) as orders,
        sum(lifetime_gross_revenue) as gross_revenue,
        sum(lifetime_net_revenue) as net_revenue,
        count(first_order_on) as customers
    from {{ ref('customers') }}
)

select periods.*
from periods
cross join customers
where
    periods.orders <> customers.orders
    or periods.gross_revenue <> customers.gross_revenue
    or periods.net_revenue <> customers.net_revenue
    or periods.customers <> customers.customers
