with periods as (
    select * from {{ ref('subscription_periods') }}
    where is_active and active_until_on is not null
),

spells as (
    select * from {{ ref('int_spells_subscriptions') }}
    where ended_on is not null
),

-- The rows that were paid to the last: only they are active until the end of the spell.
last_paid as (
    select
        periods.customer_id,
        periods.plan,
        periods.cancel_reason,
        periods.cancel_requested_on,
        {{ churn_type('periods.cancel_reason', 'periods.cancel_requested_on') }} as churn_type,
        spells.ended_on,
        sum(periods.mrr) over (partition by periods.customer_id, spells.ended_on) as last_mrr,
        row_number() over (
            partition by periods.customer_id, spells.ended_on
            order by periods.mrr desc, periods.plan asc, periods.subscription_id asc
        ) as mrr_rank
    from periods
    inner join spells
        on periods.customer_id = spells.customer_id and periods.active_until_on = spells.ended_on
),

final as (
    select
        customer_id,
        plan,
        cancel_reason,
        churn_type,
        cast(last_mrr as decimal(28, 10)) as last_mrr,
        ended_on,
        cancel_requested_on
    from last_paid
    where mrr_rank = 1
)

select * from final
