with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

snapshots as (
    select distinct snapshot_on from {{ ref('int_risk_customers') }}
),

second_purchases as (
    select
        customer_id,
        first_order_on,
        min(ordered_on) as second_order_on
    from orders
    where ordered_on > first_order_on
    group by customer_id, first_order_on
),

gaps as (
    select
        second_order_on,
        {{ days_between('first_order_on', 'second_order_on') }} as gap_days,
        count(*) as customers
    from second_purchases
    group by second_order_on, {{ days_between('first_order_on', 'second_order_on') }}
),

-- Only second purchases that were known on the day.
known as (
    select
        snapshots.snapshot_on,
        gaps.gap_days,
        sum(gaps.customers) as customers
    from snapshots
    inner join gaps on snapshots.snapshot_on >= gaps.second_order_on
    group by snapshots.snapshot_on, gaps.gap_days
),

cumulated as (
    select
        snapshot_on,
        gap_days,
        sum(customers) over (
            partition by snapshot_on
            order by gap_days
            rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers) over (partition by snapshot_on) as all_customers
    from known
),

-- By then three quarters of those who bought again had done so.
usual as (
    select
        snapshot_on,
        min(case when 4 * customers_up_to >= 3 * all_customers then gap_days end) as usual_days
    from cumulated
    group by snapshot_on
)

select * from usual
