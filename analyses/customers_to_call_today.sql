-- Whom to call today, why, and what would be lost with them: the first twenty with `--limit 20`. Who gives no reason to call
-- is left out, whatever there is to lose: `call_rank` goes on counting.
with customers_at_risk as (
    select * from {{ ref('customers_at_risk') }}
),

to_call as (
    select
        call_rank,
        customer_id,
        main_reason,
        risk_score,
        value_at_risk,
        mrr,
        main_reason_on,
        reasons,
        expected_value,
        last_order_on,
        risk_note
    from customers_at_risk
    where main_reason <> 'none'
)

select * from to_call
order by call_rank asc
