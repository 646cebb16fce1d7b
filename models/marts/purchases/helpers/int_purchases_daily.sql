with purchases as (
    select * from {{ ref('int_purchases') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
    where is_counted
),

flagged as (
    select
        {%- for grain in ['week', 'month', 'quarter', 'year'] %}
        {{ is_first_purchase_of(grain) }} as is_first_of_{{ grain }},
        {{ has_next_purchase_in(grain) }} as has_next_in_{{ grain }},
        {%- endfor %}
        *
    from purchases
),

-- A customer purchases in a period for the first time with the purchase whose predecessor lies before
-- it, and for the second time with that one's successor: so days can be added up to any grain.
bought as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        count(*) as purchases,
        count(case when purchases.purchase_number = 1 then 1 end) as first_purchases,
        count(case when purchases.purchase_number = 2 then 1 end) as second_purchases,
        {%- for grain in ['week', 'month', 'quarter', 'year'] %}
        count(case when purchases.is_first_of_{{ grain }} then 1 end) as {{ grain }}_purchasers,
        count(case when purchases.is_first_of_{{ grain }} and purchases.has_next_in_{{ grain }} then 1 end)
            as {{ grain }}_repeat_purchasers,
        {%- endfor %}
        sum(purchases.orders) as orders,
        sum(purchases.gross_amount) as gross_revenue,
        0 as refunds,
        purchases.purchased_on as day
    from flagged as purchases
    inner join customers on purchases.customer_id = customers.customer_id
    group by {{ customer_attributes() | join(', ') }}, purchases.purchased_on
),

-- Money that goes back is booked on the day it goes back.
refunded as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        0 as purchases,
        0 as first_purchases,
        0 as second_purchases,
        {%- for grain in ['week', 'month', 'quarter', 'year'] %}
        0 as {{ grain }}_purchasers,
        0 as {{ grain }}_repeat_purchasers,
        {%- endfor %}
        0 as orders,
        0 as gross_revenue,
        sum(refunds.amount) as refunds,
        refunds.refunded_on as day
    from refunds
    inner join customers on refunds.customer_id = customers.customer_id
    group by {{ customer_attributes() | join(', ') }}, refunds.refunded_on
),

daily as (
    select * from bought
    union all
    select * from refunded
)

select * from daily
