-- Per month (or what else cohorts are made by), the net revenue of all cohorts together is that of the month, and
-- the customers who order are its purchasers, on every basis made of orders. Money paid back before a first order is
-- in no cohort.
with cohorts as (
    select
        basis,
        activity_month,
        sum(net_revenue) as net_revenue,
        sum(ordering_customers) as purchasers,
        sum(active_customers) as active_customers
    from {{ ref('cohort_retention') }}
    where
        segment_dimension = 'all'
        and period_status = 'complete'
        and basis in ({{ text_list(['orders_window', 'orders_calendar']) }})
    group by basis, activity_month
),

purchases as (
    select * from {{ ref('repeat_purchase_by_period') }}
    where segment_dimension = 'all' and period_grain = '{{ policy('cohort_grain') }}'
),

first_orders as (
    select
        customer_id,
        min(ordered_on) as first_order_on
    from {{ ref('orders') }}
    where is_counted
    group by customer_id
),

first_periods as (
    select
        customer_id,
        {{ cohort_period('first_order_on') }} as cohort_month
    from first_orders
),

booked as (
    select
        *,
        {{ cohort_period('refunded_on') }} as refunded_month
    from {{ ref('int_refunds_booked') }}
),

paid_back as (
    select
        refunds.refunded_month as period_start,
        sum(refunds.amount) as refunds
    from booked as refunds
    left join first_periods on refunds.customer_id = first_periods.customer_id
    where
        refunds.is_counted
        and (
            first_periods.customer_id is null
            or refunds.refunded_month < first_periods.cohort_month
        )
    group by refunds.refunded_month
),

balances as (
    select * from {{ ref('retention_by_period') }}
    where segment_dimension = 'all' and period_grain = '{{ policy('cohort_grain') }}'
)

select
    cohorts.basis,
    cohorts.activity_month,
    cohorts.net_revenue as cohort_net_revenue,
    purchases.net_revenue,
    cohorts.purchasers as cohort_purchasers,
    purchases.purchasers,
    cohorts.active_customers,
    balances.closing_customers
from cohorts
inner join purchases on cohorts.activity_month = purchases.period_start
inner join balances
    on cohorts.basis = balances.basis
    and cohorts.activity_month = balances.period_start
left join paid_back on cohorts.activity_month = paid_back.period_start
where
    cohorts.net_revenue - coalesce(paid_back.refunds, 0) <> purchases.net_revenue
    or cohorts.purchasers <> purchases.purchasers
    or cohorts.active_customers <> balances.closing_customers
