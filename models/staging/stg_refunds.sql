with base_refunds as (
    select * from {{ ref('base_refunds') }}
),

typed as (
    select
        {{ clean_text('refund_id') }} as refund_id,
        {{ clean_text('order_id') }} as order_id,
        raw_reject_reason,
        raw_record,
        amount as raw_amount,
        refunded_at as raw_date,
        {{ parse_amount('amount') }} as amount,
        {{ parse_timestamp('refunded_at') }} as refunded_at,
        {{ parse_timestamp('updated_at') }} as updated_at
    from base_refunds
),

checked as (
    select
        refund_id,
        order_id,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when refund_id is null then 'missing_refund_id'
            when order_id is null then 'missing_order_id'
            {{ date_reject_reasons('refunded_at') }}
            {{ amount_reject_reasons('refunds') }}
        end as reject_reason,
        raw_record,
        amount,
        cast(refunded_at as date) as refunded_on,
        refunded_at,
        updated_at
    from typed
)

select * from checked
