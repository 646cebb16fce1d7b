with base_feedback as (
    select * from {{ ref('base_feedback') }}
),

cleaned as (
    select
        {{ clean_id('feedback_id', 'feedback.feedback_id') }} as feedback_id,
        {{ clean_id('customer_id', 'feedback.customer_id') }} as customer_id,
        {{ clean_text('feedback_text', 'feedback.feedback_text') }} as feedback_text,
        raw_reject_reason,
        raw_record,
        nps_score as raw_score,
        given_at as raw_date,
        updated_at as raw_updated_at,
        {{ clean_text('nps_score', 'feedback.nps_score', is_amount=true) }} as score_text,
        {{ clean_text('given_at', 'feedback.given_at') }} as date_text,
        {{ clean_text('updated_at', 'feedback.updated_at') }} as updated_text
    from base_feedback
),

typed as (
    select
        *,
        {{ parse_rate('raw_score', 'feedback.nps_score', 'score_text') }} as score,
        {{ parse_timestamp('raw_date', 'feedback.given_at', 'date_text') }} as given_at,
        {{ parse_timestamp('raw_updated_at', 'feedback.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when feedback_id is null then 'missing_feedback_id'
            when customer_id is null then 'missing_customer_id'
            {{ scientific_id_reason(['feedback_id', 'customer_id']) }}
            {{ date_reject_reasons('given_at', 'feedback.given_at') }}
            {{ unreadable_reason('updated_at', 'feedback.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            when score is null and score_text is not null then 'unparsable_nps_score'
            when score < 0 or score > 10 or score <> floor(score) then 'nps_score_off_scale'
            when score is null and feedback_text is null then 'no_score_and_no_text'
        end as reject_reason
    from typed
),

final as (
    select
        feedback_id,
        customer_id,
        feedback_text,
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then {{ scientific_id_of(['feedback_id', 'customer_id']) }}
            {{ rejected_date('raw_date') }}
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
            when 'unparsable_nps_score' then {{ raw_text('raw_score') }}
            when 'nps_score_off_scale' then {{ raw_text('raw_score') }}
        end as rejected_value,
        raw_record,
        case when reject_reason is null then cast(score as integer) end as nps_score,
        cast(given_at as date) as given_on,
        given_at,
        updated_at
    from checked
)

select * from final
