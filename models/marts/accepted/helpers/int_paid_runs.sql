{%- set grace_days = policy('subscription_grace_days') -%}

with periods as (
    select * from {{ ref('int_subscriptions_netted') }}
    where is_active
),

-- An open end is later than every day there is. Grace is for payments that come late: who has asked to leave owes none,
-- from the end of the paid time or, if later, from the day of asking.
ends as (
    select
        customer_id,
        subscription_id,
        started_on,
        coalesce(ended_on, {{ date_literal('9999-12-31') }}) as ended_on,
        case
            when
                {{ churn_type('cancel_reason', 'cancel_requested_on') }} <> 'voluntary'
                or cancel_requested_on > {{ add_days('ended_on', grace_days) }}
                then {{ add_days('ended_on', grace_days) }}
            when cancel_requested_on > ended_on then cancel_requested_on
            else ended_on
        end as grace_until_on
    from periods
),

reaches as (
    select
        customer_id,
        subscription_id,
        started_on,
        ended_on,
        grace_until_on,
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

lasting as (
    select
        *,
        max(ended_on) over (partition by customer_id, run_number) as run_ended_on
    from numbered
),

-- Only what is paid to the last has a grace.
runs as (
    select
        customer_id,
        min(started_on) as started_on,
        nullif(max(ended_on), {{ date_literal('9999-12-31') }}) as paid_until_on,
        max(case when ended_on = run_ended_on then grace_until_on end) as grace_until_on
    from lasting
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
        case when next_started_on <= grace_until_on then next_started_on else grace_until_on end as active_until_on,
        coalesce(next_started_on <= grace_until_on, false) as is_continued
    from sequenced
)

select * from final
