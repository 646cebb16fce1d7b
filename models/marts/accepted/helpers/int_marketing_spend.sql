with checked as (
    select * from {{ ref('int_marketing_spend_checked') }}
    where reject_reason is null
),

accepted as (
    select
        spend_id,
        acquisition_channel,
        currency,
        original_amount,
        amount,
        spent_on
    from checked
)

select * from accepted
