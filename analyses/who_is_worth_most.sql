-- Which customers became the most valuable tenth of the latest complete year, by what was known before it?
-- The profile of the ideal customer: values with a share in the top tenth above that of all others.
with valuable_customer_profile as (
    select * from {{ ref('valuable_customer_profile') }}
    where is_distinct and difference > 0
),

final as (
    select
        basis,
        trait,
        trait_value,
        customers,
        most_valuable_customers,
        cast(most_valuable_rate as decimal(18, 3)) as share_in_top_tenth,
        cast(other_rate as decimal(18, 3)) as share_of_others,
        adjusted_p_value
    from valuable_customer_profile
)

select * from final
order by basis asc, share_in_top_tenth - share_of_others desc
