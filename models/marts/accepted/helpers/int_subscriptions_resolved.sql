with checked as (
    select * from {{ ref('int_subscriptions_checked') }}
    where reject_reason is null
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

ranked as (
    select
        *,
        {{ subscription_version_rank() }} as version_rank,
        count(*) over (partition by subscription_id, started_on) as row_versions
    from checked
),

-- A subscription keeps the rate of its first start: an exchange rate is not a contraction.
newest as (
    select
        *,
        min(started_on) over (partition by subscription_id, currency) as first_started_on
    from ranked
    where version_rank = 1
),

priced as (
    select
        newest.*,
        {{ exchange_rate('newest.currency', 'exchange_rates.rate') }} as exchange_rate
    from newest
    left join exchange_rates
        on newest.currency = exchange_rates.currency and newest.first_started_on = exchange_rates.day
),

sequenced as (
    select
        *,
        lead(started_on) over (partition by subscription_id, exchange_rate is null order by started_on) as next_started_on
    from priced
),

-- Rows of one subscription that overlap are versions: each ends where the next one starts. Some exports
-- write an open end as the last day there is.
resolved as (
    select
        subscription_id,
        customer_id,
        plan,
        currency,
        cancel_reason,
        case when exchange_rate is null then 'no_exchange_rate' end as reject_reason,
        row_versions,
        amount as monthly_amount,
        exchange_rate,
        {{ converted_amount('amount', 'exchange_rate') }} as mrr,
        next_started_on is not null and coalesce(next_started_on <= ended_on, true) as is_renewed,
        started_on,
        nullif(
            case when ended_on is null or next_started_on < ended_on then coalesce(next_started_on, ended_on) else ended_on end,
            {{ date_literal('9999-12-31') }}
        ) as ended_on,
        cancel_requested_on
    from sequenced
)

select * from resolved
