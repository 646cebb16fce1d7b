with stg_feedback as (
    select * from {{ ref('stg_feedback') }}
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

{{ judged_by_customer('stg_feedback') }},

versions as (
    select
        *,
        {{ is_a_version('feedback', 'judgement') }} as is_version
    from judged
),

-- The newest row decides, also that it is left out.
ranked as (
    select
        *,
        row_number() over (
            partition by feedback_id, is_version
            order by
                updated_at desc nulls last, given_at desc, nps_score asc nulls last, feedback_text asc nulls last,
                customer_id asc,
                judgement asc nulls first, {{ record_as_json('raw_record') }}
        ) as version_rank
    from versions
),

checked as (
    select
        ranked.feedback_id,
        ranked.known_as as customer_id,
        ranked.feedback_text,
        case
            when ranked.judgement is not null then ranked.judgement
            when ranked.version_rank > 1 then 'superseded_by_newer_row'
            when ranked.given_on > as_of.as_of_date then 'after_as_of_date'
        end as reject_reason,
        ranked.raw_record,
        ranked.nps_score,
        ranked.given_on
    from ranked
    cross join as_of
)

select * from checked
