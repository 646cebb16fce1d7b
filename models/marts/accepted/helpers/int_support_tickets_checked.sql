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

{{ judged_by_customer('stg_support_tickets') }},

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
