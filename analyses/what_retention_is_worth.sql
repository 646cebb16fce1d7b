-- What would more retention have been worth in the latest complete year?
-- One point, five points and 5% more, with what is assumed beside it. The shares say what becomes of claims like "5% more
-- retention, 25 to 95% more profit": of the year's gross profit, and of what a customer brings in a whole life.
with retention_worth as (
    select * from {{ ref('retention_worth') }}
),

final as (
    select
        basis,
        improvement,
        opening_customers,
        cast(retention_rate as decimal(18, 3)) as retention_rate,
        cast(improved_retention_rate as decimal(18, 3)) as improved_rate,
        cast(revenue_per_retained_customer as decimal(28, 2)) as revenue_per_customer,
        gross_margin_rate,
        kept_customers,
        kept_revenue,
        kept_profit,
        cast(relative_profit_change as decimal(18, 3)) as share_of_profit,
        cast(lifetime_value as decimal(28, 2)) as lifetime_value,
        cast(improved_lifetime_value as decimal(28, 2)) as improved_value,
        cast(relative_lifetime_value_change as decimal(18, 3)) as lifetime_value_change
    from retention_worth
)

select * from final
order by basis asc, lifetime_value_change asc
