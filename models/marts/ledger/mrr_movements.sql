with plan_periods as (
    select * from {{ ref('int_mrr_plan_periods') }}
    where is_posted_here
),

final as (
    select
        period_grain,
        period_start,
        customer_id,
        movement,
        plan,
        cast(opening_mrr as decimal(28, 10)) as opening_mrr,
        cast(closing_mrr as decimal(28, 10)) as closing_mrr,
        cast(mrr_change as decimal(28, 10)) as mrr_change,
        first_change_on,
        last_change_on,
        {{ policy_version_column() }}
    from plan_periods
)

select * from final
