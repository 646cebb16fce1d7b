with base_exchange_rates as (
    select * from {{ ref('base_exchange_rates') }}
),

cleaned as (
    select
        {{ upper_case(clean_text('currency', 'exchange_rates.currency')) }} as currency,
        raw_reject_reason,
        raw_record,
        rate as raw_rate,
        valid_from as raw_date,
        {{ clean_text('rate', 'exchange_rates.rate', is_amount=true) }} as rate_text,
        {{ clean_text('valid_from', 'exchange_rates.valid_from') }} as date_text
    from base_exchange_rates
),

typed as (
    select
        *,
        {{ parse_rate('raw_rate', 'exchange_rates.rate', 'rate_text') }} as rate,
        cast({{ parse_timestamp('raw_date', 'exchange_rates.valid_from', 'date_text') }} as date) as valid_from
    from cleaned
),

checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when currency is null then 'missing_currency'
            when valid_from is null and {{ clean_text('raw_date', 'exchange_rates.valid_from') }} is null then 'missing_date'
            when valid_from is null then 'unparsable_date'
            when rate is null and {{ clean_text('raw_rate', 'exchange_rates.rate', is_amount=true) }} is null then 'missing_rate'
            when rate is null then 'unparsable_rate'
            when rate <= 0 then 'rate_not_positive'
        end as reject_reason
    from typed
),

final as (
    select
        currency,
        reject_reason,
        case reject_reason
            {{ rejected_date('raw_date') }}
            when 'unparsable_rate' then {{ raw_text('raw_rate') }}
            when 'rate_not_positive' then {{ raw_text('raw_rate') }}
        end as rejected_value,
        raw_record,
        rate,
        valid_from
    from checked
)

select * from final
