-- Which twenty customers are worth a call today, why, and what would be lost with them?
with customers_at_risk as (
    select * from {{ ref('customers_at_risk') }}
),

first_twenty as (
    select
        call_rank,
        customer_id,
        main_reason,
        main_reason_on,
        reasons,
        risk_score,
        expected_value,
        value_at_risk,
        mrr,
        last_order_on,
        risk_note
    from customers_at_risk
    where call_rank <= 20
)

select * from first_twenty
order by call_rank asc
