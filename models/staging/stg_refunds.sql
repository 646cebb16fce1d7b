with base_refunds as (
    select * from {{ ref('base_refunds') }}
),

cleaned as (
    select
        {{ clean_id('refund_id', 'refunds.refund_id') }} as refund_id,
        {{ clean_id('order_id', 'refunds.order_id') }} as order_id,
        raw_reject_reason,
        raw_record,
        amount as raw_amount,
        refunded_at as raw_date,
        updated_at as raw_updated_at,
        {{ clean_text('amount', 'refunds.amount', is_amount=true) }} as amount_text,
        {{ clean_text('refunded_at', 'refunds.refunded_at') }} as date_text,
        {{ clean_text('updated_at', 'refunds.updated_at') }} as updated_text
    from base_refunds
),

typed as (
    select
        refund_id,
        order_id,
        raw_reject_reason,
        raw_record,
        raw_amount,
        raw_date,
        raw_updated_at,
        {{ amount_currency('raw_amount', 'amount_text') }} as amount_signs,
        {{ parse_amount('raw_amount', 'refunds.amount', 'amount_text') }} as amount,
        {{ parse_timestamp('raw_date', 'refunds.refunded_at', 'date_text') }} as refunded_at,
        {{ parse_timestamp('raw_updated_at', 'refunds.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when refund_id is null then 'missing_refund_id'
            when order_id is null then 'missing_order_id'
            {{ scientific_id_reason(['refund_id', 'order_id']) }}
            {{ date_reject_reasons('refunded_at', 'refunds.refunded_at') }}
            {{ unreadable_reason('updated_at', 'refunds.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            {{ amount_reject_reasons('refunds') }}
        end as reject_reason
    from typed
),

final as (
    select
        refund_id,
        order_id,
        amount_signs,
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then {{ scientific_id_of(['refund_id', 'order_id']) }}
            {{ rejected_date('raw_date') }}
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
            {{ rejected_amount('raw_amount') }}
        end as rejected_value,
        raw_record,
        amount,
        cast(refunded_at as date) as refunded_on,
        refunded_at,
        updated_at
    from checked
)

select * from final
