with base_marketing_spend as (
    select * from {{ ref('base_marketing_spend') }}
),

cleaned as (
    select
        {{ clean_id('spend_id', 'marketing_spend.spend_id') }} as spend_id,
        {{ lower_case(clean_text('acquisition_channel', 'marketing_spend.acquisition_channel')) }} as acquisition_channel,
        {{ currency_code('currency', 'marketing_spend.currency') }} as currency,
        raw_reject_reason,
        raw_record,
        amount as raw_amount,
        spent_on as raw_date,
        updated_at as raw_updated_at,
        {{ clean_text('amount', 'marketing_spend.amount', is_amount=true) }} as amount_text,
        {{ clean_text('spent_on', 'marketing_spend.spent_on') }} as date_text,
        {{ clean_text('updated_at', 'marketing_spend.updated_at') }} as updated_text
    from base_marketing_spend
),

typed as (
    select
        spend_id,
        acquisition_channel,
        currency,
        raw_reject_reason,
        raw_record,
        raw_amount,
        raw_date,
        raw_updated_at,
        {{ amount_currency('raw_amount', 'amount_text') }} as amount_signs,
        {{ parse_rounded_amount('raw_amount', 'marketing_spend.amount', 'currency', 'amount_text') }} as amount,
        {{ parse_timestamp('raw_date', 'marketing_spend.spent_on', 'date_text') }} as spent_at,
        {{ parse_timestamp('raw_updated_at', 'marketing_spend.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

-- An amount below 0 is a credit, which makes acquisition cheaper: no reason to refuse it.
checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            {{ scientific_id_reason(['spend_id']) }}
            {{ date_reject_reasons('spent_at', 'marketing_spend.spent_on') }}
            {{ unreadable_reason('updated_at', 'marketing_spend.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            {{ amount_reject_reasons('marketing_spend') }}
        end as reject_reason
    from typed
),

final as (
    select
        spend_id,
        acquisition_channel,
        currency,
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then {{ scientific_id_of(['spend_id']) }}
            {{ rejected_date('raw_date') }}
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
            {{ rejected_amount('raw_amount') }}
        end as rejected_value,
        raw_record,
        amount,
        cast(spent_at as date) as spent_on,
        updated_at
    from checked
)

select * from final
