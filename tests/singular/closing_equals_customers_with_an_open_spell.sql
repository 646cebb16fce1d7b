-- Identity 7, from the other end: the closing balance is summed up from movements; here it is counted
-- from the spells themselves, as starts minus ends up to the day.
with changes as (
    select
        basis,
        started_on as changed_on,
        1 as change
    from {{ ref('int_customer_spells') }}

    union all

    select
        basis,
        ended_on as changed_on,
        -1 as change
    from {{ ref('int_customer_spells') }}
    where ended_on is not null
),

daily as (
    select
        basis,
        changed_on,
        sum(change) as change
    from changes
    group by basis, changed_on
),

active as (
    select
        basis,
        changed_on,
        sum(change) over (
            partition by basis
            order by changed_on
            rows between unbounded preceding and current row
        ) as active_customers,
        lead(changed_on) over (partition by basis order by changed_on) as next_changed_on
    from daily
),

balances as (
    select * from {{ ref('retention_by_period') }}
    where segment_dimension = 'all'
)

select
    balances.basis,
    balances.period_grain,
    balances.period_start,
    balances.closing_customers,
    active.active_customers
from balances
left join active
    on balances.basis = active.basis
    and balances.period_end >= active.changed_on
    and (active.next_changed_on is null or balances.period_end < active.next_changed_on)
where balances.closing_customers <> coalesce(active.active_customers, 0)
