with customer_lifetime_value as (
    select * from {{ ref('customer_lifetime_value') }}
    where lifetime_orders > 0
),

lifespans as (
    select * from {{ ref('int_lifespans') }}
),

customers as (
    select
        {%- for attribute in customer_attributes() %}
        customer_lifetime_value.{{ attribute }},
        {%- endfor %}
        cast(customer_lifetime_value.cohort_month as {{ dbt.type_string() }}) as cohort_month,
        customer_lifetime_value.lifetime_orders,
        customer_lifetime_value.lifetime_gross_revenue,
        customer_lifetime_value.lifetime_refunds,
        customer_lifetime_value.lifetime_net_revenue,
        customer_lifetime_value.lifetime_margin,
        customer_lifetime_value.active_days,
        customer_lifetime_value.probability_alive,
        customer_lifetime_value.predicted_value_next_365_days,
        customer_lifetime_value.predicted_lifetime_value,
        customer_lifetime_value.past_and_future_value
    from customer_lifetime_value
),

sliced as (
    select
        {{ slice_columns(more=['cohort_month']) }},
        count(*) as customers,
        sum(lifetime_orders) as lifetime_orders,
        sum(lifetime_gross_revenue) as lifetime_gross_revenue,
        sum(lifetime_refunds) as lifetime_refunds,
        sum(lifetime_net_revenue) as lifetime_net_revenue,
        sum(lifetime_margin) as lifetime_margin,
        sum(active_days) as active_days,
        sum(probability_alive) as expected_alive_customers,
        sum(predicted_value_next_365_days) as predicted_value_next_365_days,
        sum(predicted_lifetime_value) as predicted_lifetime_value,
        sum(past_and_future_value) as past_and_future_value
    from customers
    group by {{ slice_sets([], more=['cohort_month']) }}
),

-- A cohort has no churn of its own in the ledger: it takes that of all customers.
measured as (
    select
        sliced.segment_dimension,
        sliced.segment_value,
        cast(sliced.customers as {{ dbt.type_bigint() }}) as customers,
        cast(sliced.lifetime_orders as {{ dbt.type_bigint() }}) as lifetime_orders,
        cast(sliced.lifetime_gross_revenue as decimal(28, 2)) as lifetime_gross_revenue,
        cast(sliced.lifetime_refunds as decimal(28, 2)) as lifetime_refunds,
        cast(sliced.lifetime_net_revenue as decimal(28, 2)) as lifetime_net_revenue,
        cast(sliced.lifetime_margin as decimal(28, 2)) as lifetime_margin,
        cast(sliced.active_days as {{ dbt.type_bigint() }}) as active_days,
        {{ safe_divide('sliced.lifetime_gross_revenue', 'sliced.lifetime_orders') }} as average_order_value,
        {{ safe_divide('365 * sliced.lifetime_orders', 'sliced.active_days') }} as purchase_frequency,
        lifespans.lifespan_years,
        cast(
            {{ exact_quotient('sliced.lifetime_gross_revenue * lifespans.lifespan_days', 'sliced.active_days') }}
            as decimal(28, 2)
        ) as textbook_lifetime_value,
        cast(sliced.expected_alive_customers as decimal(28, 6)) as expected_alive_customers,
        cast(sliced.predicted_value_next_365_days as decimal(28, 2)) as predicted_value_next_365_days,
        cast(sliced.predicted_lifetime_value as decimal(28, 2)) as predicted_lifetime_value,
        cast(sliced.past_and_future_value as decimal(28, 2)) as past_and_future_value
    from sliced
    left join lifespans
        on lifespans.segment_dimension
        = case when sliced.segment_dimension = 'cohort_month' then 'all' else sliced.segment_dimension end
        and lifespans.segment_value
        = case when sliced.segment_dimension = 'cohort_month' then 'all' else sliced.segment_value end
),

final as (
    select
        *,
        {{ safe_divide('lifetime_net_revenue', 'customers') }} as net_revenue_per_customer,
        {{ safe_divide('predicted_lifetime_value', 'customers') }} as predicted_lifetime_value_per_customer,
        {{ policy_version_column() }}
    from measured
)

select * from final
