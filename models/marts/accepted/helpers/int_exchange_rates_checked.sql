with stg_exchange_rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by currency, valid_from, rate, reject_reason
            order by {{ record_as_json('raw_record') }}
        ) as version_rank
    from stg_exchange_rates
),

checked as (
    select
        currency,
        case
            when reject_reason is not null then reject_reason
            when version_rank > 1 then 'duplicate_rate'
        end as reject_reason,
        {{ record_as_json('raw_record') }} as raw_row,
        rate,
        valid_from
    from ranked
)

select * from checked
