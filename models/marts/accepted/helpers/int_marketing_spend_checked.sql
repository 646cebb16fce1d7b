with stg_marketing_spend as (
    select * from {{ ref('stg_marketing_spend') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

priced as (
    select
        stg_marketing_spend.*,
        {{ is_a_version('marketing_spend') }} as is_version,
        {{ exchange_rate('stg_marketing_spend.currency', 'exchange_rates.rate') }} as exchange_rate
    from stg_marketing_spend
    left join exchange_rates
        on stg_marketing_spend.currency = exchange_rates.currency and stg_marketing_spend.spent_on = exchange_rates.day
),

-- Rows without an id are amounts of their own: two equal ones were spent twice.
ranked as (
    select
        *,
        row_number() over (
            partition by spend_id, is_version
            order by
                updated_at desc nulls last, spent_on desc, amount desc, acquisition_channel asc, currency asc,
                reject_reason asc nulls first, {{ record_as_json('raw_record') }}
        ) as version_rank
    from priced
),

checked as (
    select
        ranked.spend_id,
        coalesce(ranked.acquisition_channel, '(unknown)') as acquisition_channel,
        ranked.currency,
        case
            when ranked.reject_reason is not null then ranked.reject_reason
            when ranked.spend_id is not null and ranked.version_rank > 1 then 'superseded_by_newer_row'
            when ranked.exchange_rate is null then 'no_exchange_rate'
            when ranked.spent_on > as_of.as_of_date then 'after_as_of_date'
        end as reject_reason,
        ranked.raw_record,
        ranked.amount as original_amount,
        {{ converted_amount('ranked.amount', 'ranked.exchange_rate') }} as amount,
        ranked.spent_on
    from ranked
    cross join as_of
)

select * from checked
