with stg_refunds as (
    select * from {{ ref('stg_refunds') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

checked as (
    select
        stg_refunds.refund_id,
        stg_refunds.order_id,
        case
            when stg_refunds.reject_reason is not null then stg_refunds.reject_reason
            when orders.order_id is null then 'unknown_order'
            when stg_refunds.refunded_on < orders.ordered_on then 'before_its_order'
        end as reject_reason,
        stg_refunds.raw_record,
        stg_refunds.amount as original_amount,
        {{ converted_amount('stg_refunds.amount', 'orders.exchange_rate') }} as amount,
        stg_refunds.refunded_on,
        stg_refunds.refunded_at
    from stg_refunds
    left join orders on stg_refunds.order_id = orders.order_id
),

ranked as (
    select
        *,
        {{ refund_version_rank(record_as_json('raw_record')) }} as version_rank
    from checked
),

resolved as (
    select
        ranked.refund_id,
        ranked.order_id,
        case
            when ranked.reject_reason is not null then ranked.reject_reason
            when ranked.version_rank > 1 then 'duplicate_refund_id'
            when ranked.refunded_on > as_of.as_of_date then 'after_as_of_date'
        end as reject_reason,
        {{ record_as_json('ranked.raw_record') }} as raw_row,
        ranked.original_amount,
        ranked.amount,
        ranked.refunded_on
    from ranked
    cross join as_of
)

select * from resolved
