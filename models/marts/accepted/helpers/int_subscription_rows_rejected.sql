with checked as (
    select * from {{ ref('int_subscriptions_checked') }}
),

resolved as (
    select * from {{ ref('int_subscriptions_resolved') }}
),

-- The versions of the few periods that were refused as a whole or have several of them.
suspects as (
    select
        checked.*,
        resolved.reject_reason as period_reject_reason
    from checked
    inner join resolved
        on checked.subscription_id = resolved.subscription_id
        and {{ is_same('checked.item_id', 'resolved.item_id') }}
        and checked.started_on = resolved.started_on
    where
        {{ is_a_version('subscriptions', 'checked.reject_reason') }}
        and (resolved.reject_reason is not null or resolved.row_versions > 1)
),

ranked as (
    select
        *,
        {{ subscription_version_rank(record_as_json('raw_record')) }} as version_rank
    from suspects
),

rejected as (
    select
        subscription_id,
        reject_reason,
        raw_record,
        amount
    from checked
    where
        reject_reason is not null
        and (subscription_id is null or started_on is null or not {{ is_a_version('subscriptions') }})

    union all

    select
        subscription_id,
        case
            when reject_reason is not null then reject_reason
            when version_rank > 1 then 'superseded_by_newer_row'
            else period_reject_reason
        end as reject_reason,
        raw_record,
        amount
    from ranked
    where version_rank > 1 or period_reject_reason is not null
)

select * from rejected
