-- Who left in the latest complete year more often, or less often, than all others, by what was known before it?
-- Findings only: `is_distinct` allows for how many values were compared. No row is an answer, too: there is no type that leaves.
with churned_customer_profile as (
    select * from {{ ref('churned_customer_profile') }}
    where is_distinct
),

final as (
    select
        basis,
        trait,
        trait_value,
        customers,
        churned_customers,
        cast(customer_churn_rate as decimal(18, 3)) as churn_rate,
        cast(other_rate as decimal(18, 3)) as rate_of_others,
        cast(difference_lower_95 as decimal(18, 3)) as difference_at_least,
        cast(difference_upper_95 as decimal(18, 3)) as difference_at_most,
        adjusted_p_value
    from churned_customer_profile
)

select * from final
order by basis asc, churn_rate - rate_of_others desc
