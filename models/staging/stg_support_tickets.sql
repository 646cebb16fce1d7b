with base_support_tickets as (
    select * from {{ ref('base_support_tickets') }}
),

cleaned as (
    select
        {{ clean_id('ticket_id', 'support_tickets.ticket_id') }} as ticket_id,
        {{ clean_id('customer_id', 'support_tickets.customer_id') }} as customer_id,
        {{ lower_case(clean_text('topic', 'support_tickets.topic')) }} as topic,
        raw_reject_reason,
        raw_record,
        opened_at as raw_date,
        resolved_at as raw_resolved_at,
        updated_at as raw_updated_at,
        {{ clean_text('opened_at', 'support_tickets.opened_at') }} as date_text,
        {{ clean_text('resolved_at', 'support_tickets.resolved_at') }} as resolved_text,
        {{ clean_text('updated_at', 'support_tickets.updated_at') }} as updated_text
    from base_support_tickets
),

typed as (
    select
        *,
        {{ parse_timestamp('raw_date', 'support_tickets.opened_at', 'date_text') }} as opened_at,
        {{ parse_timestamp('raw_resolved_at', 'support_tickets.resolved_at', 'resolved_text') }} as resolved_at,
        {{ parse_timestamp('raw_updated_at', 'support_tickets.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

-- A blank end means "not resolved", so one that cannot be read is not taken for it. Export with days alone, and a ticket
-- may be resolved "before" it was opened on the same day.
checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when ticket_id is null then 'missing_ticket_id'
            when customer_id is null then 'missing_customer_id'
            {{ scientific_id_reason(['ticket_id', 'customer_id']) }}
            {{ date_reject_reasons('opened_at', 'support_tickets.opened_at') }}
            {{ unreadable_reason('resolved_at', 'support_tickets.resolved_at', 'raw_resolved_at', 'unparsable_resolved_at') }}
            {{ unreadable_reason('updated_at', 'support_tickets.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            when cast(resolved_at as date) < cast(opened_at as date) then 'resolved_before_opened'
        end as reject_reason
    from typed
),

final as (
    select
        ticket_id,
        customer_id,
        topic,
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then {{ scientific_id_of(['ticket_id', 'customer_id']) }}
            {{ rejected_date('raw_date') }}
            when 'unparsable_resolved_at' then {{ raw_text('raw_resolved_at') }}
            when 'resolved_before_opened' then {{ raw_text('raw_resolved_at') }}
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
        end as rejected_value,
        raw_record,
        cast(opened_at as date) as opened_on,
        opened_at,
        cast(resolved_at as date) as resolved_on,
        resolved_at,
        updated_at
    from checked
)

select * from final
