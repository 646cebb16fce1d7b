with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

-- At the ends of quarters, for the simpler rule that the score is compared with.
quarter_ends as (
    select distinct snapshot_on
    from {{ ref('int_risk_customers') }}
    where
        has_left is not null
        and snapshot_on = {{ add_days(add_months(3, calendar_start('quarter', 'snapshot_on')), -1) }}
),

-- Everybody who had bought by then, active or not.
customers as (
    select
        quarter_ends.snapshot_on,
        orders.customer_id,
        count(distinct orders.ordered_on) as purchase_days,
        min(orders.ordered_on) as first_order_on,
        max(orders.ordered_on) as last_order_on
    from orders
    inner join quarter_ends on orders.ordered_on <= quarter_ends.snapshot_on
    group by quarter_ends.snapshot_on, orders.customer_id
),

measured as (
    select
        snapshot_on,
        cast(purchase_days - 1 as {{ dbt.type_bigint() }}) as frequency,
        cast({{ days_between('first_order_on', 'last_order_on') }} as {{ dbt.type_bigint() }}) as purchase_span_days,
        cast({{ days_between('first_order_on', 'snapshot_on') }} as {{ dbt.type_bigint() }}) as age_days
    from customers
),

distinct_rows as (
    select
        snapshot_on,
        frequency,
        purchase_span_days,
        age_days,
        count(*) as customers
    from measured
    group by snapshot_on, frequency, purchase_span_days, age_days
)

select * from distinct_rows
