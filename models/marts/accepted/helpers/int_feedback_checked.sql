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

identified as (
    select
        stg_feedback.*,
        {{ is_placeholder('stg_feedback.customer_id') }} as is_placeholder,
        coalesce(identities.customer_id, stg_feedback.customer_id) as known_as
    from stg_feedback
    left join identities on stg_feedback.customer_id = identities.raw_customer_id
),

-- Nobody becomes a customer by what they say: whoever neither is listed nor has bought anything is unknown.
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
