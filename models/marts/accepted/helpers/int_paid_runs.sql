with periods as (
    select * from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null and mrr > 0
),

-- An open end is later than every day there is.
ends as (
    select
        customer_id,
        subscription_id,
        started_on,
        coalesce(ended_on, {{ date_literal('9999-12-31') }}) as ended_on
    from periods
),

reaches as (
    select
        customer_id,
        subscription_id,
        started_on,
        ended_on,
        max(ended_on) over (
            partition by customer_id
            order by started_on, subscription_id
            rows between unbounded preceding and 1 preceding
        ) as paid_until_on
    from ends
),

numbered as (
    select
        *,
        sum(case when paid_until_on is null or started_on > paid_until_on then 1 else 0 end) over (
            partition by customer_id
            order by started_on, subscription_id
            rows between unbounded preceding and current row
        ) as run_number
    from reaches
),

runs as (
    select
        customer_id,
        min(started_on) as started_on,
        nullif(max(ended_on), {{ date_literal('9999-12-31') }}) as paid_until_on
    from numbered
    group by customer_id, run_number
),

sequenced as (
    select
        *,
        lead(started_on) over (partition by customer_id order by started_on) as next_started_on
    from runs
),

-- Grace ends early where the customer pays again within it.
final as (
    select
        customer_id,
        started_on,
        paid_until_on,
        case
            when next_started_on <= {{ add_days('paid_until_on', policy('subscription_grace_days')) }} then next_started_on
            else {{ add_days('paid_until_on', policy('subscription_grace_days')) }}
        end as active_until_on,
        coalesce(next_started_on <= {{ add_days('paid_until_on', policy('subscription_grace_days')) }}, false) as is_continued
    from sequenced
)

select * from final
