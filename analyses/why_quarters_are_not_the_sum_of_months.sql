-- Why is the churn of a quarter not the sum of the churn of its months?
-- Each row says what its customers did by month, and what that comes to by quarter. The sums of the
-- last two columns are the two figures; the rows in which they differ are the whole difference.
with customer_movements as (
    select * from {{ ref('customer_movements') }}
    where basis = 'orders_window'
),

latest as (
    select
        period_start,
        period_end
    from {{ ref('retention_by_period') }}
    where
        basis = 'orders_window'
        and period_grain = 'quarter'
        and segment_dimension = 'all'
        and is_latest_complete_period
),

by_month as (
    select
        customer_movements.customer_id,
        {{ dbt.listagg('customer_movements.movement', "', '", 'order by customer_movements.period_start') }}
            as movements_by_month,
        count(case when customer_movements.movement = 'churned' then 1 end) as churned_months
    from customer_movements
    inner join latest
        on customer_movements.period_start between latest.period_start and latest.period_end
    where customer_movements.period_grain = 'month'
    group by customer_movements.customer_id
),

by_quarter as (
    select
        customer_movements.customer_id,
        customer_movements.movement as movement_by_quarter
    from customer_movements
    inner join latest on customer_movements.period_start = latest.period_start
    where customer_movements.period_grain = 'quarter'
),

-- A quarter has the events of its months, so whoever moved in a month has a row in the quarter too.
final as (
    select
        by_month.movements_by_month,
        by_quarter.movement_by_quarter,
        count(*) as customers,
        sum(by_month.churned_months) as churned_by_month,
        count(case when by_quarter.movement_by_quarter = 'churned' then 1 end) as churned_by_quarter
    from by_month
    inner join by_quarter on by_month.customer_id = by_quarter.customer_id
    group by by_month.movements_by_month, by_quarter.movement_by_quarter
)

select * from final
order by customers desc, movements_by_month asc
