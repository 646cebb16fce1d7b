-- Who has asked to leave, and who is worth a call first? The value that is lost comes first, then the time
-- that is left.
with cancellations_pending as (
    select * from {{ ref('cancellations_pending') }}
),

final as (
    select
        customer_id,
        plan,
        mrr,
        days_left,
        is_customer_leaving,
        cancel_reason,
        ends_on,
        cancel_requested_on,
        country,
        acquisition_channel,
        customer_segment
    from cancellations_pending
)

select * from final
order by mrr desc, days_left asc, customer_id asc
