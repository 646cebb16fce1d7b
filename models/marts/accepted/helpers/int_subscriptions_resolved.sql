with checked as (
    select * from {{ ref('int_subscriptions_checked') }}
    where subscription_id is not null and started_on is not null and {{ is_a_version('subscriptions') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

repeated as (
    select
        subscription_id,
        item_id,
        started_on,
        count(*) as row_versions
    from checked
    group by subscription_id, item_id, started_on
    having count(*) > 1
),

versions as (
    select
        checked.*,
        coalesce(repeated.row_versions, 1) as row_versions
    from checked
    left join repeated
        on checked.subscription_id = repeated.subscription_id
        and {{ is_same('checked.item_id', 'repeated.item_id') }}
        and checked.started_on = repeated.started_on
),

-- Nearly every period has one row: only the others have versions to choose from.
ranked as (
    select
        *,
        cast(1 as {{ dbt.type_bigint() }}) as version_rank
    from versions
    where row_versions = 1

    union all

    select
        *,
        {{ subscription_version_rank() }} as version_rank
    from versions
    where row_versions > 1
),

-- Versions beside the newest one. What was changed at the same moment and says something else is a rival: nothing
-- can tell which of the two is newer. A price that came more than a month after the start is hardly a correction.
compared as (
    select
        newest.subscription_id,
        newest.item_id,
        newest.started_on,
        min(
            case
                when
                    {{ is_same('newest.updated_at', 'other.updated_at') }}
                    and {{ is_same('newest.started_at', 'other.started_at') }}
                    and {{ subscription_version_words('newest') }} <> {{ subscription_version_words('other') }}
                    then {{ subscription_version_words('newest') }} || ' and ' || {{ subscription_version_words('other') }}
            end
        ) as rival_versions,
        min(case when newest.amount <> other.amount then other.amount end) as other_amount,
        cast(min(case when newest.amount = other.amount then other.updated_at end) as date) as amount_since_on
    from ranked as newest
    inner join ranked as other
        on newest.subscription_id = other.subscription_id
        and {{ is_same('newest.item_id', 'other.item_id') }}
        and newest.started_on = other.started_on
    where newest.version_rank = 1 and newest.row_versions > 1 and other.row_versions > 1
    group by newest.subscription_id, newest.item_id, newest.started_on
),

-- The newest row decides about the period, also that it is left out. A subscription keeps the rate of its
-- first start: an exchange rate is not a contraction.
newest as (
    select
        ranked.*,
        compared.rival_versions,
        case
            when compared.amount_since_on > {{ add_days('ranked.started_on', 31) }} then compared.other_amount
        end as amount_before,
        compared.amount_since_on
    from ranked
    left join compared
        on ranked.subscription_id = compared.subscription_id
        and {{ is_same('ranked.item_id', 'compared.item_id') }}
        and ranked.started_on = compared.started_on
    where ranked.version_rank = 1
),

first_starts as (
    select
        subscription_id,
        currency,
        min(started_on) as first_started_on
    from newest
    where reject_reason is null
    group by subscription_id, currency
),

priced as (
    select
        newest.*,
        {{ exchange_rate('newest.currency', 'exchange_rates.rate') }} as exchange_rate
    from newest
    left join first_starts
        on newest.subscription_id = first_starts.subscription_id
        and newest.currency = first_starts.currency
    left join exchange_rates
        on newest.currency = exchange_rates.currency and first_starts.first_started_on = exchange_rates.day
),

sequenced as (
    select
        *,
        lead(started_on) over (
            partition by subscription_id, item_id, reject_reason is not null or exchange_rate is null
            order by started_on
        ) as next_started_on
    from priced
),

-- Rows of one subscription that overlap are versions: each ends where the next one starts. Some exports
-- write an open end as the last day there is.
resolved as (
    select
        subscription_id,
        item_id,
        customer_id,
        plan,
        currency,
        state,
        cancel_reason,
        case
            when reject_reason is not null then reject_reason
            when exchange_rate is null then 'no_exchange_rate'
        end as reject_reason,
        row_versions,
        rival_versions,
        amount_before,
        amount_since_on,
        amount as monthly_amount,
        exchange_rate,
        {{ converted_monthly_amount('amount', 'exchange_rate', 'is_amount_derived') }} as mrr,
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
