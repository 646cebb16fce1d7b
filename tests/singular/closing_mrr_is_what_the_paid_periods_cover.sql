-- Identity 7 for money, from the other end: the closing MRR is summed up from movements; here it is the sum
-- of the periods that are paid on the day, in total and by plan, and of the customers' current MRR.
with changes as (
    select
        plan,
        started_on as changed_on,
        mrr as mrr_change
    from {{ ref('subscription_periods') }}
    where is_paid

    union all

    select
        plan,
        active_until_on as changed_on,
        -mrr as mrr_change
    from {{ ref('subscription_periods') }}
    where is_paid and active_until_on is not null
),

sliced as (
    select
        'all' as segment_dimension,
        'all' as segment_value,
        changed_on,
        mrr_change
    from changes

    union all

    select
        'plan' as segment_dimension,
        plan as segment_value,
        changed_on,
        mrr_change
    from changes
),

daily as (
    select
        segment_dimension,
        segment_value,
        changed_on,
        sum(mrr_change) as mrr_change
    from sliced
    group by segment_dimension, segment_value, changed_on
),

levels as (
    select
        segment_dimension,
        segment_value,
        changed_on,
        sum(mrr_change) over (
            partition by segment_dimension, segment_value
            order by changed_on
            rows between unbounded preceding and current row
        ) as mrr,
        lead(changed_on) over (partition by segment_dimension, segment_value order by changed_on) as next_changed_on
    from daily
),

balances as (
    select
        mrr_by_period.*,
        case when mrr_by_period.period_status = 'complete' then mrr_by_period.period_end else as_of.as_of_date end as closing_day
    from {{ ref('mrr_by_period') }} as mrr_by_period
    cross join {{ ref('int_as_of_date') }} as as_of
    where mrr_by_period.segment_dimension in ('all', 'plan')
),

customers as (
    select sum(current_mrr) as mrr
    from {{ ref('customers') }}
),

compared as (
    select
        balances.period_grain,
        balances.period_start,
        balances.segment_value,
        balances.closing_mrr,
        levels.mrr
    from balances
    left join levels
        on balances.segment_dimension = levels.segment_dimension
        and balances.segment_value = levels.segment_value
        and balances.closing_day >= levels.changed_on
        and (levels.next_changed_on is null or balances.closing_day < levels.next_changed_on)

    union all

    select
        balances.period_grain,
        balances.period_start,
        'customers' as segment_value,
        balances.closing_mrr,
        customers.mrr
    from balances
    cross join {{ ref('int_as_of_date') }} as as_of
    cross join customers
    where balances.segment_dimension = 'all' and balances.closing_day = as_of.as_of_date
)

select *
from compared
where closing_mrr <> {{ in_cents('coalesce(mrr, 0)') }}
