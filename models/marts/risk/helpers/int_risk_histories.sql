with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

first_snapshot as (
    select min(snapshot_on) as snapshot_on
    from {{ ref('int_risk_customers') }}
),

-- Everybody who had bought by the first snapshot, active or not.
customers as (
    select
        first_snapshot.snapshot_on,
        orders.customer_id,
        count(distinct orders.ordered_on) as purchase_days,
        min(orders.ordered_on) as first_order_on,
        max(orders.ordered_on) as last_order_on
    from orders
    inner join first_snapshot on orders.ordered_on <= first_snapshot.snapshot_on
    group by first_snapshot.snapshot_on, orders.customer_id
),

measured as (
    select
        cast(purchase_days - 1 as {{ dbt.type_bigint() }}) as frequency,
        cast({{ days_between('first_order_on', 'last_order_on') }} as {{ dbt.type_bigint() }}) as purchase_span_days,
        cast({{ days_between('first_order_on', 'snapshot_on') }} as {{ dbt.type_bigint() }}) as age_days
    from customers
),

distinct_rows as (
    select
        frequency,
        purchase_span_days,
        age_days,
        count(*) as customers
    from measured
    group by frequency, purchase_span_days, age_days
)

select * from distinct_rows
