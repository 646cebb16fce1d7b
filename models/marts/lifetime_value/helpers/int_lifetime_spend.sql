with customers as (
    select * from {{ ref('int_lifetime_customers') }}
    where frequency > 0
),

distinct_rows as (
    select
        frequency,
        repeat_net_revenue,
        count(*) as customers
    from customers
    group by frequency, repeat_net_revenue
)

select * from distinct_rows
