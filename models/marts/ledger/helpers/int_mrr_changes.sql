with periods as (
    select * from {{ ref('subscription_periods') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

edges as (
    select
        customer_id,
        plan,
        mrr as mrr_change,
        started_on as changed_on
    from periods

    union all

    select
        customer_id,
        plan,
        -mrr as mrr_change,
        active_until_on as changed_on
    from periods
    where active_until_on is not null
),

-- A renewal at the same price ends and starts on one day, and is no change; nor is what nobody pays for.
changes as (
    select
        edges.customer_id,
        edges.plan,
        sum(edges.mrr_change) as mrr_change,
        edges.changed_on
    from edges
    inner join as_of on edges.changed_on <= as_of.as_of_date
    group by edges.customer_id, edges.plan, edges.changed_on
    having sum(edges.mrr_change) <> 0
)

select * from changes
