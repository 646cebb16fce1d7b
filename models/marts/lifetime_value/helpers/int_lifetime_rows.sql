with customers as (
    select * from {{ ref('int_lifetime_customers') }}
),

-- Customers with the same history are one row: millions of customers fit in seconds.
distinct_rows as (
    select
        frequency,
        purchase_span_days,
        age_days,
        count(*) as customers
    from customers
    group by frequency, purchase_span_days, age_days
)

select * from distinct_rows
