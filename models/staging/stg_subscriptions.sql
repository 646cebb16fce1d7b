with base_subscriptions as (
    select * from {{ ref('base_subscriptions') }}
),

typed as (
    select
        {{ clean_text('subscription_id') }} as subscription_id,
        {{ clean_text('customer_id') }} as customer_id,
        coalesce(lower({{ clean_text('plan') }}), '(unknown)') as plan,
        {{ currency_code('currency') }} as currency,
        {{ cancel_reason('cancel_reason') }} as cancel_reason,
        raw_reject_reason,
        raw_record,
        started_on as raw_date,
        monthly_amount as raw_amount,
        {{ clean_text('ended_on') }} is not null as has_end,
        {{ parse_amount('monthly_amount') }} as amount,
        cast({{ parse_timestamp('ended_on') }} as date) as ended_on,
        cast({{ parse_timestamp('cancel_requested_on') }} as date) as cancel_requested_on,
        {{ parse_timestamp('started_on') }} as started_at,
        {{ parse_timestamp('updated_at') }} as updated_at
    from base_subscriptions
),

checked as (
    select
        subscription_id,
        customer_id,
        plan,
        currency,
        cancel_reason,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when subscription_id is null then 'missing_subscription_id'
            when customer_id is null then 'missing_customer_id'
            {{ date_reject_reasons('started_at', may_lie_ahead=true) }}
            when ended_on is null and has_end then 'unparsable_end_date'
            when ended_on < cast(started_at as date) then 'ends_before_start'
            when ended_on = cast(started_at as date) then 'covers_no_day'
            {{ amount_reject_reasons('subscriptions') }}
        end as reject_reason,
        raw_record,
        amount,
        cast(started_at as date) as started_on,
        ended_on,
        cancel_requested_on,
        started_at,
        updated_at
    from typed
)

select * from checked
