with checked as (
    select * from {{ ref('int_feedback_checked') }}
    where reject_reason is null
),

accepted as (
    select
        feedback_id,
        customer_id,
        feedback_text,
        nps_score,
        given_on
    from checked
)

select * from accepted
