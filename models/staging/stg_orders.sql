with base_orders as (
    select * from {{ ref('base_orders') }}
),

typed as (
    select
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('customer_id') }} as customer_id,
        lower({{ clean_text('status') }}) as status,
        {{ currency_code('currency') }} as currency,
        {{ clean_text('refunded_order_id') }} as refunded_order_id,
        lower({{ clean_text('email') }}) as email,
        raw_reject_reason,
        raw_record,
        amount as raw_amount,
        ordered_at as raw_date,
        {{ parse_amount('amount') }} as amount,
        {{ parse_timestamp('ordered_at') }} as ordered_at,
        {{ parse_timestamp('updated_at') }} as updated_at
    from base_orders
),

-- The order of the reasons is part of the contract: the first one that applies is the one reported.
checked as (
    select
        order_id,
        customer_id,
        status,
        currency,
        refunded_order_id,
        email,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when order_id is null then 'missing_order_id'
            when customer_id is null then 'missing_customer_id'
            when status is null then 'missing_status'
            {{ date_reject_reasons('ordered_at') }}
            {{ amount_reject_reasons('orders') }}
        end as reject_reason,
        raw_record,
        amount,
        cast(ordered_at as date) as ordered_on,
        ordered_at,
        updated_at
    from typed
)

select * from checked
