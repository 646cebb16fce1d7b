-- Which customers were among the best, have gone quiet, and what would they still be worth?
-- dbt show --select valuable_customers_at_risk --limit 20 --output json

with customer_rfm as (
    select * from {{ ref('customer_rfm') }}
),

customer_lifetime_value as (
    select * from {{ ref('customer_lifetime_value') }}
),

at_risk as (
    select
        customer_rfm.customer_id,
        customer_rfm.rfm_segment,
        customer_rfm.monetary,
        customer_rfm.recency_days,
        customer_lifetime_value.probability_alive,
        customer_lifetime_value.predicted_value_next_365_days,
        customer_lifetime_value.prediction_note
    from customer_rfm
    inner join customer_lifetime_value on customer_rfm.customer_id = customer_lifetime_value.customer_id
    where customer_rfm.rfm_segment in ('at_risk', 'cannot_lose_them')
)

select * from at_risk
order by monetary desc, customer_id asc
