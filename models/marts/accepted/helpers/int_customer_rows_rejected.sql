with stg_customers as (
    select * from {{ ref('stg_customers') }}
),

ranked as (
    select
        *,
        {{ customer_version_rank(record_as_json('raw_record')) }} as version_rank
    from stg_customers
),

rejected as (
    select
        customer_id,
        coalesce(reject_reason, 'duplicate_customer_id') as reject_reason,
        raw_record
    from ranked
    where reject_reason is not null or version_rank > 1
)

select * from rejected
