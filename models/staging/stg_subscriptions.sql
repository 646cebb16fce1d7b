with base_subscriptions as (
    select * from {{ ref('base_subscriptions') }}
),

cleaned as (
    select
        {{ clean_id('subscription_id', 'subscriptions.subscription_id') }} as subscription_id,
        {{ clean_id('item_id', 'subscriptions.item_id') }} as item_id,
        {{ clean_id('customer_id', 'subscriptions.customer_id') }} as customer_id,
        coalesce({{ lower_case(clean_text('plan', 'subscriptions.plan')) }}, '(unknown)') as plan,
        {{ lower_case(clean_text('state', 'subscriptions.state')) }} as state,
        {{ currency_code('currency', 'subscriptions.currency') }} as currency,
        {{ cancel_reason('cancel_reason') }} as cancel_reason,
        raw_reject_reason,
        raw_record,
        monthly_amount as raw_amount,
        price as raw_price,
        quantity as raw_quantity,
        billing_interval as raw_interval,
        billing_interval_count as raw_count,
        discount_amount as raw_discount,
        discount_percent as raw_percent,
        started_on as raw_date,
        ended_on as raw_end,
        cancel_requested_on as raw_cancel_date,
        updated_at as raw_updated_at,
        {{ clean_text('monthly_amount', 'subscriptions.monthly_amount', is_amount=true) }} as amount_text,
        {{ clean_text('price', 'subscriptions.price', is_amount=true) }} as price_text,
        {{ clean_text('quantity', 'subscriptions.quantity', is_amount=true) }} as quantity_text,
        {{ clean_text('billing_interval', 'subscriptions.billing_interval') }} as interval_text,
        {{ clean_text('billing_interval_count', 'subscriptions.billing_interval_count') }} as count_text,
        {{ clean_text('discount_amount', 'subscriptions.discount_amount', is_amount=true) }} as discount_text,
        replace({{ clean_text('discount_percent', 'subscriptions.discount_percent', is_amount=true) }}, '%', '') as percent_text,
        {{ clean_text('started_on', 'subscriptions.started_on') }} as date_text,
        {{ clean_text('ended_on', 'subscriptions.ended_on') }} as end_text,
        {{ clean_text('cancel_requested_on', 'subscriptions.cancel_requested_on') }} as cancel_text,
        {{ clean_text('updated_at', 'subscriptions.updated_at') }} as updated_text
    from base_subscriptions
),

typed as (
    select
        *,
        amount_text is null and price_text is not null as is_amount_derived,
        coalesce(
            {{ amount_currency('raw_amount', 'amount_text') }}, {{ amount_currency('raw_price', 'price_text') }}
        ) as amount_signs,
        {{ parse_amount('raw_amount', 'subscriptions.monthly_amount', 'amount_text') }} as amount_of_a_month,
        {{ parse_amount('raw_price', 'subscriptions.price', 'price_text') }} as price,
        {{ parse_amount('raw_quantity', 'subscriptions.quantity', 'quantity_text') }} as quantity,
        {{ parse_amount('raw_count', 'subscriptions.billing_interval_count', 'count_text') }} as interval_count,
        {{ parse_amount('raw_discount', 'subscriptions.discount_amount', 'discount_text') }} as discount_amount,
        {{ parse_amount('raw_percent', 'subscriptions.discount_percent', 'percent_text') }} as discount_percent,
        {{ intervals_per_year('interval_text') }} as intervals_a_year,
        {{ parse_timestamp('raw_date', 'subscriptions.started_on', 'date_text') }} as started_at,
        {{ parse_timestamp('raw_end', 'subscriptions.ended_on', 'end_text') }} as ended_at,
        {{ parse_timestamp('raw_cancel_date', 'subscriptions.cancel_requested_on', 'cancel_text') }} as cancel_requested_at,
        {{ parse_timestamp('raw_updated_at', 'subscriptions.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

-- An open end written as the last day there is stays that day, whatever zone it was converted to. Any other end is made the
-- first day that is not paid.
dated as (
    select
        *,
        cast(started_at as date) as started_on,
        case
            when ended_at >= {{ date_literal('9999-12-30') }} then {{ date_literal('9999-12-31') }}
            when {{ covers_the_day_of_its_end('ended_at') }} then {{ add_days('cast(ended_at as date)', 1) }}
            else cast(ended_at as date)
        end as ended_on,
        cast(cancel_requested_at as date) as cancel_requested_on,
        cancel_text is not null and cancel_requested_at is null as is_cancel_date_unreadable
    from typed
),

-- What is paid every billing interval is not rounded when it is spread over months.
priced as (
    select
        *,
        case
            when is_amount_derived
                then {{ exact_quotient('(' ~ amount_of_an_interval() ~ ') * intervals_a_year', months_of_an_interval()) }}
            else cast(amount_of_a_month as decimal(28, 10))
        end as amount
    from dated
),

checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when subscription_id is null then 'missing_subscription_id'
            when customer_id is null then 'missing_customer_id'
            {{ scientific_id_reason(['subscription_id', 'customer_id']) }}
            {{ date_reject_reasons('started_at', 'subscriptions.started_on', may_lie_ahead=true) }}
            {{ unreadable_reason('ended_at', 'subscriptions.ended_on', 'raw_end', 'unparsable_end_date') }}
            {{ unreadable_reason('updated_at', 'subscriptions.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            when ended_on < started_on then 'ends_before_start'
            when ended_on = started_on then 'covers_no_day'
            {{ billing_reject_reasons() }}
            {{ amount_reject_reasons('subscriptions') }}
        end as reject_reason
    from priced
),

final as (
    select
        subscription_id,
        item_id,
        customer_id,
        plan,
        currency,
        state,
        -- A cancellation whose date cannot be read is no expiry: somebody has asked to leave, for a reason unknown.
        case when is_cancel_date_unreadable then coalesce(cancel_reason, 'other') else cancel_reason end as cancel_reason,
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then {{ scientific_id_of(['subscription_id', 'customer_id']) }}
            {{ rejected_date('raw_date') }}
            when 'unparsable_end_date' then {{ raw_text('raw_end') }}
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
            when 'ends_before_start' then {{ raw_text('raw_date') }} || ' to ' || {{ raw_text('raw_end') }}
            when 'covers_no_day' then {{ raw_text('raw_date') }} || ' to ' || {{ raw_text('raw_end') }}
            {{ rejected_billing() }}
            {{ rejected_amount('coalesce(' ~ raw_text('raw_amount') ~ ', ' ~ raw_text('raw_price') ~ ')') }}
        end as rejected_value,
        raw_record,
        amount,
        is_amount_derived,
        started_on,
        ended_on,
        cancel_requested_on,
        started_at,
        ended_at,
        cancel_requested_at,
        updated_at
    from checked
)

select * from final
