{{- config(contract=contract_but_for_own('customers')) -}}

with customers as (
    select * from {{ ref('customers') }}
),

spells as (
    select * from {{ ref('int_customer_spells') }}
    where basis = '{{ lifespan_basis() }}'
),

histories as (
    select * from {{ ref('int_lifetime_customers') }}
),

lifespans as (
    select * from {{ ref('int_lifespans') }}
    where segment_dimension = 'all'
),

prediction as (
    select * from {{ ref('int_prediction_state') }}
),

scores as (
    select * from {{ ref('lifetime_scores') }}
),

spend_scores as (
    select * from {{ ref('lifetime_spend_scores') }}
),

realised as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        lifetime_orders,
        lifetime_gross_revenue,
        lifetime_refunds,
        lifetime_net_revenue,
        lifetime_net_revenue * {{ gross_margin() }} as lifetime_margin,
        first_order_on,
        last_order_on,
        {{ cohort_period('first_order_on') }} as cohort_month
    from customers
),

-- Each spell to the day on which it ends if nothing follows: one purchase keeps a customer active for a time.
active as (
    select
        customer_id,
        cast(sum({{ days_between('started_on', 'coalesce(ended_on, lapses_on)') }}) as {{ dbt.type_bigint() }}) as active_days
    from spells
    group by customer_id
),

-- The textbook product: what an order is worth, how many there are in an active year, how many years a customer is
-- active. Together that is revenue per active day times the days, which divides once.
textbook as (
    select
        realised.*,
        {{ safe_divide('realised.lifetime_gross_revenue', 'realised.lifetime_orders') }} as average_order_value,
        active.active_days,
        {{ safe_divide('365 * realised.lifetime_orders', 'active.active_days') }} as purchase_frequency,
        lifespans.lifespan_years,
        {{ exact_quotient('realised.lifetime_gross_revenue * lifespans.lifespan_days', 'active.active_days') }}
            as textbook_lifetime_value
    from realised
    left join active on realised.customer_id = active.customer_id
    left join lifespans on 1 = 1
),

-- Predictions only where the parameters are of this data; the note says why there are none.
scored as (
    select
        textbook.*,
        histories.frequency,
        histories.purchase_span_days,
        histories.age_days,
        case when prediction.purchase_note is null then scores.probability_alive end as probability_alive,
        case when prediction.purchase_note is null then scores.expected_purchases_365 end as expected_purchases_365,
        case when prediction.purchase_note is null then scores.discounted_purchases end as discounted_purchases,
        case when prediction.value_note is null then spend_scores.expected_order_value end as expected_order_value,
        case
            when textbook.lifetime_orders = 0 then 'The customer has no counted order.'
            else prediction.value_note
        end as prediction_note
    from textbook
    cross join prediction
    left join histories on textbook.customer_id = histories.customer_id
    left join scores
        on histories.frequency = scores.frequency
        and histories.purchase_span_days = scores.purchase_span_days
        and histories.age_days = scores.age_days
    left join spend_scores
        on histories.frequency = spend_scores.frequency
        and histories.repeat_net_revenue = spend_scores.repeat_net_revenue
),

final as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        prediction_note,
        lifetime_orders,
        lifetime_gross_revenue,
        lifetime_refunds,
        lifetime_net_revenue,
        cast(lifetime_margin as decimal(28, 2)) as lifetime_margin,
        active_days,
        average_order_value,
        purchase_frequency,
        lifespan_years,
        cast(textbook_lifetime_value as decimal(28, 2)) as textbook_lifetime_value,
        cast(frequency as {{ dbt.type_bigint() }}) as repeat_purchase_days,
        cast(purchase_span_days as {{ dbt.type_bigint() }}) as purchase_span_days,
        cast(age_days as {{ dbt.type_bigint() }}) as age_days,
        cast(probability_alive as decimal(28, 6)) as probability_alive,
        cast(expected_purchases_365 as decimal(28, 6)) as expected_purchases_next_365_days,
        cast(expected_order_value as decimal(28, 2)) as expected_order_value,
        cast(expected_purchases_365 * expected_order_value as decimal(28, 2)) as predicted_value_next_365_days,
        cast(discounted_purchases * expected_order_value as decimal(28, 2)) as predicted_lifetime_value,
        lifetime_net_revenue as past_value,
        cast(discounted_purchases * expected_order_value as decimal(28, 2)) as predicted_future_value,
        cast(
            lifetime_net_revenue + cast(discounted_purchases * expected_order_value as decimal(28, 2)) as decimal(28, 2)
        ) as past_and_future_value,
        cast(discounted_purchases * expected_order_value * {{ gross_margin() }} as decimal(28, 2))
            as predicted_lifetime_margin,
        first_order_on,
        last_order_on,
        cohort_month,
        {{ policy_version_column() }}
    from scored
)

select * from final
