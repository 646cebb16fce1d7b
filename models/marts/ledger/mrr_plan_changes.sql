with plan_periods as (
    select * from {{ ref('int_mrr_plan_periods') }}
    where plan_change <> 0
),

final as (
    select
        period_grain,
        period_start,
        customer_id,
        plan,
        movement,
        cast(plan_opening_mrr as decimal(28, 10)) as opening_mrr,
        cast(plan_closing_mrr as decimal(28, 10)) as closing_mrr,
        cast(posted_mrr as decimal(28, 10)) as posted_mrr,
        cast(transferred_mrr as decimal(28, 10)) as transferred_mrr,
        {{ policy_version_column() }}
    from plan_periods
)

select * from final
