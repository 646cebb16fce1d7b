with periods as (
    select * from {{ ref('int_subscriptions_netted') }}
),

runs as (
    select * from {{ ref('int_paid_runs') }}
),

-- What is paid last in a run of active days stands through the grace after it.
joined as (
    select
        periods.*,
        periods.mrr > 0 as is_paid,
        runs.paid_until_on,
        case
            when periods.ended_on < runs.paid_until_on or runs.paid_until_on is null then periods.ended_on
            else runs.active_until_on
        end as active_until_on
    from periods
    left join runs
        on periods.customer_id = runs.customer_id
        and periods.is_active
        and periods.started_on >= runs.started_on
        and (runs.paid_until_on is null or periods.started_on < runs.paid_until_on)
),

final as (
    select
        subscription_id,
        customer_id,
        plan,
        currency,
        cancel_reason,
        cast(monthly_amount as decimal(28, 10)) as monthly_amount,
        cast(exchange_rate as decimal(18, 10)) as exchange_rate,
        cast(mrr as decimal(28, 10)) as mrr,
        is_paid,
        is_active,
        is_renewed,
        started_on,
        ended_on,
        case when is_active then active_until_on end as active_until_on,
        paid_until_on as customer_paid_until_on,
        cancel_requested_on,
        {{ policy_version_column() }}
    from joined
)

select * from final
