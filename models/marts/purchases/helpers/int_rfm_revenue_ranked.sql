with customers as (
    select * from {{ ref('customers') }}
    where lifetime_orders > 0
),

-- Customers with the same revenue are one row: nothing depends on which of them comes first.
revenue_values as (
    select
        {{ slice_columns() }},
        lifetime_net_revenue,
        count(*) as customers
    from customers
    group by {{ slice_sets(['lifetime_net_revenue']) }}
),

ranked as (
    select
        *,
        cast(sum(customers) over (
            partition by segment_dimension, segment_value
            order by lifetime_net_revenue desc
            rows between unbounded preceding and current row
        ) - customers as {{ dbt.type_bigint() }}) as customers_above
    from revenue_values
)

select * from ranked
