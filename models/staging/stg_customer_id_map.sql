with base_customer_id_map as (
    select * from {{ ref('base_customer_id_map') }}
),

typed as (
    select
        {{ clean_id('old_customer_id', 'customer_id_map.old_customer_id') }} as old_customer_id,
        {{ clean_id('new_customer_id', 'customer_id_map.new_customer_id') }} as new_customer_id,
        raw_reject_reason,
        raw_record
    from base_customer_id_map
),

checked as (
    select
        old_customer_id,
        new_customer_id,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when old_customer_id is null or new_customer_id is null then 'missing_customer_id'
        end as reject_reason,
        raw_record
    from typed
)

select * from checked
