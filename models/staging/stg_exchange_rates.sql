with base_exchange_rates as (
    select * from {{ ref('base_exchange_rates') }}
),

typed as (
    select
        upper({{ clean_text('currency') }}) as currency,
        raw_reject_reason,
        raw_record,
        valid_from as raw_date,
        rate as raw_rate,
        {{ parse_rate('rate') }} as rate,
        cast({{ parse_timestamp('valid_from') }} as date) as valid_from
    from base_exchange_rates
),

checked as (
    select
        currency,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when currency is null then 'missing_currency'
            when valid_from is null and {{ clean_text('raw_date') }} is null then 'missing_date'
            when valid_from is null then 'unparsable_date'
            when rate is null and {{ clean_text('raw_rate') }} is null then 'missing_rate'
            when rate is null then 'unparsable_rate'
            when rate <= 0 then 'rate_not_positive'
        end as reject_reason,
        raw_record,
        rate,
        valid_from
    from typed
)

select * from checked
