with stg_support_tickets as (
    select * from {{ ref('stg_support_tickets') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
),

listed as (
    select * from {{ ref('int_customers_listed') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

identified as (
    select
        stg_support_tickets.*,
        {{ is_placeholder('stg_support_tickets.customer_id') }} as is_placeholder,
        coalesce(identities.customer_id, stg_support_tickets.customer_id) as known_as
    from stg_support_tickets
    left join identities on stg_support_tickets.customer_id = identities.raw_customer_id
),

-- Nobody becomes a customer by a ticket: whoever neither is listed nor has bought anything is unknown.
judged as (
    select
        identified.*,
        case
            when identified.reject_reason is not null then identified.reject_reason
            when identified.is_placeholder then 'placeholder_customer'
            when listed.is_test_account then 'test_account'
            when listed.is_left_out then 'customer_left_out'
            when customers.customer_id is null then 'unknown_customer'
        end as judgement
    from identified
    left join listed on identified.known_as = listed.customer_id
    left join customers on identified.known_as = customers.customer_id
),

versions as (
    select
        *,
        {{ is_a_version('support_tickets', 'judgement') }} as is_version
    from judged
),

-- The newest row decides, also that it is left out.
ranked as (
    select
        *,
        row_number() over (
            partition by ticket_id, is_version
            order by
                updated_at desc nulls last, opened_at desc, resolved_at desc nulls last, customer_id asc, topic asc nulls last,
                judgement asc nulls first, {{ record_as_json('raw_record') }}
        ) as version_rank
    from versions
),

checked as (
    select
        ranked.ticket_id,
        ranked.known_as as customer_id,
        ranked.topic,
        case
            when ranked.judgement is not null then ranked.judgement
            when ranked.version_rank > 1 then 'superseded_by_newer_row'
            when ranked.opened_on > as_of.as_of_date then 'after_as_of_date'
        end as reject_reason,
        ranked.raw_record,
        ranked.opened_on,
        case when ranked.resolved_on <= as_of.as_of_date then ranked.resolved_on end as resolved_on
    from ranked
    cross join as_of
)

select * from checked
