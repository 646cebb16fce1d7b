with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

as_of as (
    select
        as_of_date,
        {{ add_days('as_of_date', '-' ~ policy('holdout_days')) }} as calibration_ends_on
    from {{ ref('int_as_of_date') }}
),

-- One row per purchase day, on either side of the cut.
purchase_days as (
    select
        orders.customer_id,
        orders.ordered_on,
        orders.ordered_on <= as_of.calibration_ends_on as is_known,
        as_of.calibration_ends_on
    from orders
    cross join as_of
    where
        (orders.previous_order_on is null or orders.previous_order_on < orders.ordered_on)
        and orders.first_order_on <= as_of.calibration_ends_on
),

customers as (
    select
        customer_id,
        calibration_ends_on,
        count(case when is_known then 1 end) - 1 as frequency,
        min(ordered_on) as first_order_on,
        max(case when is_known then ordered_on end) as last_order_on,
        count(case when not is_known then 1 end) as holdout_purchases
    from purchase_days
    group by customer_id, calibration_ends_on
),

measured as (
    select
        cast(frequency as {{ dbt.type_bigint() }}) as frequency,
        cast({{ days_between('first_order_on', 'last_order_on') }} as {{ dbt.type_bigint() }}) as purchase_span_days,
        cast({{ days_between('first_order_on', 'calibration_ends_on') }} as {{ dbt.type_bigint() }}) as age_days,
        holdout_purchases
    from customers
),

distinct_rows as (
    select
        frequency,
        purchase_span_days,
        age_days,
        holdout_purchases,
        count(*) as customers
    from measured
    group by frequency, purchase_span_days, age_days, holdout_purchases
)

select * from distinct_rows
