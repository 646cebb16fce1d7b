with customers as (
    select * from {{ ref('int_customer_rows_rejected') }}
),

orders as (
    select * from {{ ref('int_order_rows_rejected') }}
),

refunds as (
    select * from {{ ref('int_refunds_resolved') }}
    where reject_reason is not null
),

subscriptions as (
    select * from {{ ref('int_subscription_rows_rejected') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates_checked') }}
    where reject_reason is not null
),

customer_id_map as (
    select * from {{ ref('stg_customer_id_map') }}
    where reject_reason is not null
),

calendar as (
    select * from {{ ref('stg_calendar') }}
    where reject_reason is not null
),

marketing_spend as (
    select * from {{ ref('int_marketing_spend_checked') }}
    where reject_reason is not null
),

support_tickets as (
    select * from {{ ref('int_support_tickets_checked') }}
    where reject_reason is not null
),

feedback as (
    select * from {{ ref('int_feedback_checked') }}
    where reject_reason is not null
),

rejected as (
    select
        'customers' as source_table,
        customer_id as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(null as decimal(28, 10)) as amount
    from customers

    union all

    select
        'orders' as source_table,
        order_id as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(amount as decimal(28, 10)) as amount
    from orders

    union all

    select
        'refunds' as source_table,
        refund_id as row_key,
        reject_reason as reason,
        raw_row,
        cast(original_amount as decimal(28, 10)) as amount
    from refunds

    union all

    select
        'subscriptions' as source_table,
        subscription_id as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(amount as decimal(28, 10)) as amount
    from subscriptions

    union all

    select
        'exchange_rates' as source_table,
        currency as row_key,
        reject_reason as reason,
        raw_row,
        cast(null as decimal(28, 10)) as amount
    from exchange_rates

    union all

    select
        'customer_id_map' as source_table,
        old_customer_id as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(null as decimal(28, 10)) as amount
    from customer_id_map

    union all

    select
        'calendar' as source_table,
        cast(calendar_day as {{ dbt.type_string() }}) as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(null as decimal(28, 10)) as amount
    from calendar

    union all

    select
        'marketing_spend' as source_table,
        coalesce(spend_id, acquisition_channel) as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(original_amount as decimal(28, 10)) as amount
    from marketing_spend

    union all

    select
        'support_tickets' as source_table,
        ticket_id as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(null as decimal(28, 10)) as amount
    from support_tickets

    union all

    select
        'feedback' as source_table,
        feedback_id as row_key,
        reject_reason as reason,
        {{ record_as_json('raw_record') }} as raw_row,
        cast(null as decimal(28, 10)) as amount
    from feedback
),

stamped as (
    select
        *,
        {{ policy_version_column() }}
    from rejected
)

select * from stamped
