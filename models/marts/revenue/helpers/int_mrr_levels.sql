-- A change of plan at the same price is no change of the customer.
with changes as (
    select
        customer_id,
        changed_on,
        sum(mrr_change) as mrr_change
    from {{ ref('int_mrr_changes') }}
    group by customer_id, changed_on
    having sum(mrr_change) <> 0
),

levels as (
    select
        customer_id,
        mrr_change,
        sum(mrr_change) over (
            partition by customer_id
            order by changed_on
            rows between unbounded preceding and current row
        ) as mrr,
        changed_on
    from changes
)

select * from levels
