with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

refunds as (
    select * from {{ ref('int_refunds_resolved') }}
    where reject_reason is null
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

of_refunds as (
    select
        refunds.refund_id,
        refunds.order_id,
        orders.customer_id,
        refunds.amount,
        {{ is_counted_order('orders.status', 'orders.is_refund') }} as is_counted,
        refunds.refunded_on
    from refunds
    inner join orders on refunds.order_id = orders.order_id
),

-- A credit note belongs to the order it names, at that order's rate; without one (or with one that was not
-- accepted, or is younger) it stands alone, as its customer's.
of_credit_notes as (
    select
        credit_notes.order_id as refund_id,
        coalesce(orders.order_id, credit_notes.order_id) as order_id,
        coalesce(orders.customer_id, credit_notes.customer_id) as customer_id,
        case
            when orders.currency = credit_notes.currency
                then {{ converted_amount('abs(credit_notes.original_amount)', 'orders.exchange_rate') }}
            else abs(credit_notes.gross_amount)
        end as amount,
        orders.order_id is null or {{ is_counted_order('orders.status', 'orders.is_refund') }} as is_counted,
        credit_notes.ordered_on as refunded_on
    from orders as credit_notes
    inner join as_of on credit_notes.ordered_on <= as_of.as_of_date
    left join orders
        on credit_notes.refunded_order_id = orders.order_id
        and credit_notes.ordered_on >= orders.ordered_on
        and not orders.is_refund
    where credit_notes.is_refund
),

booked as (
    select * from of_refunds
    union all
    select * from of_credit_notes
)

select * from booked
