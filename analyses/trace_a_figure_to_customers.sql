-- Who are the churned customers of the latest complete month?
-- One row for each customer in the figure, with the order after which nothing came in time. The last
-- column repeats the published figure: there are as many rows as it says.
with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
),

customer_movements as (
    select * from {{ ref('customer_movements') }}
),

customers as (
    select * from {{ ref('customers') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

figure as (
    select
        basis,
        period_grain,
        churned_customers,
        period_start
    from retention_by_period
    where
        basis = 'orders_window'
        and period_grain = 'month'
        and segment_dimension = 'all'
        and is_latest_complete_period
),

final as (
    select
        customer_movements.customer_id,
        orders.order_id as last_order_id,
        orders.ordered_on as last_ordered_on,
        customer_movements.last_event_on as churned_on,
        orders.next_order_on as came_back_on,
        figure.churned_customers as published_figure,
        customers.country,
        customers.acquisition_channel
    from figure
    inner join customer_movements
        on figure.basis = customer_movements.basis
        and figure.period_grain = customer_movements.period_grain
        and figure.period_start = customer_movements.period_start
        and customer_movements.movement = 'churned'
    inner join customers on customer_movements.customer_id = customers.customer_id
    -- Of several orders on one day only the last has its next order on another day.
    inner join orders
        on customer_movements.customer_id = orders.customer_id
        and customer_movements.last_event_on > orders.ordered_on
        and (orders.next_order_on is null or customer_movements.last_event_on < orders.next_order_on)
)

select * from final
order by churned_on asc, customer_id asc
