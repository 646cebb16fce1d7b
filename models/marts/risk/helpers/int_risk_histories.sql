-- At the ends of quarters, for the simpler rule that the score is compared with.
with quarter_ends as (
    select distinct snapshot_on
    from {{ ref('int_risk_customers') }}
    where
        has_left is not null
        and snapshot_on = {{ add_days(add_months(3, calendar_start('quarter', 'snapshot_on')), -1) }}
),

-- The last order of each purchase day: the next one is of another day.
purchase_days as (
    select
        customer_id,
        row_number() over (partition by customer_id order by ordered_on) as purchase_days_to_date,
        first_order_on,
        ordered_on,
        next_order_on
    from {{ ref('orders') }}
    where is_counted and (next_order_on is null or next_order_on > ordered_on)
),

-- Everybody who had bought by then, active or not, with the last purchase day until then.
customers as (
    select
        quarter_ends.snapshot_on,
        cast(purchase_days.purchase_days_to_date - 1 as {{ dbt.type_bigint() }}) as frequency,
        cast({{ days_between('purchase_days.first_order_on', 'purchase_days.ordered_on') }} as {{ dbt.type_bigint() }})
            as purchase_span_days,
        cast({{ days_between('purchase_days.first_order_on', 'quarter_ends.snapshot_on') }} as {{ dbt.type_bigint() }})
            as age_days
    from purchase_days
    inner join quarter_ends
        on purchase_days.ordered_on <= quarter_ends.snapshot_on
        and (purchase_days.next_order_on is null or purchase_days.next_order_on > quarter_ends.snapshot_on)
),

distinct_rows as (
    select
        snapshot_on,
        frequency,
        purchase_span_days,
        age_days,
        count(*) as customers
    from customers
    group by snapshot_on, frequency, purchase_span_days, age_days
)

select * from distinct_rows
