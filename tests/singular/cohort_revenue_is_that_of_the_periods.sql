-- Per month (or what else cohorts are made by), the net revenue of all cohorts together is that of the month, and the customers who order
-- are its purchasers, on every basis made of orders.
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
where
    cohorts.net_revenue <> purchases.net_revenue
    or cohorts.purchasers <> purchases.purchasers
    or cohorts.active_customers <> balances.closing_customers
