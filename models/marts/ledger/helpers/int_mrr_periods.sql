with changes as (
    select * from {{ ref('int_mrr_changes') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

spans as (
    select
        'subscriptions' as basis,
        as_of.as_of_date,
        min(changes.changed_on) as first_active_on
    from changes
    cross join as_of
    group by as_of.as_of_date
),

{{ periods_of_spans(dict.fromkeys(policy('period_grains'), ['subscriptions'])) }}

select * from periods
