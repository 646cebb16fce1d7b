with spells as (
    select * from {{ ref('int_customer_spells') }}
    where {{ is_order_basis('basis') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain = 'year' and is_latest_complete_period
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
    where is_counted
),

booked as (
    select
        customer_id,
        gross_amount as amount,
        ordered_on as booked_on
    from orders

    union all

    select
        customer_id,
        -amount as amount,
        refunded_on as booked_on
    from refunds
),

-- Active on the day before the year, and on its last one.
present as (
    select
        periods.basis,
        periods.period_start,
        periods.period_end,
        spells.customer_id,
        max(
            case
                when spells.started_on < periods.period_start and coalesce(spells.ended_on >= periods.period_start, true)
                    then 1
                else 0
            end
        ) as is_there_before,
        max(
            case
                when spells.started_on <= periods.period_end and coalesce(spells.ended_on > periods.period_end, true)
                    then 1
                else 0
            end
        ) as is_there_at_end
    from periods
    inner join spells on periods.basis = spells.basis
    group by periods.basis, periods.period_start, periods.period_end, spells.customer_id
),

retained as (
    select * from present
    where is_there_before = 1 and is_there_at_end = 1
),

revenue as (
    select
        retained.basis,
        retained.period_start,
        count(distinct retained.customer_id) as retained_customers,
        {{ order_money('cast(coalesce(sum(booked.amount), 0) as decimal(28, 2))') }} as retained_revenue
    from retained
    left join booked
        on retained.customer_id = booked.customer_id
        and retained.period_start <= booked.booked_on
        and retained.period_end >= booked.booked_on
    group by retained.basis, retained.period_start
)

select * from revenue
