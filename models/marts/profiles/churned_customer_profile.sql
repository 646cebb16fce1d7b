with comparisons as (
    select * from {{ ref('int_profile_comparisons') }}
    where outcome = 'churned'
),

final as (
    select
        basis,
        period_grain,
        period_start,
        trait,
        trait_value,
        customers,
        hits as churned_customers,
        rate as customer_churn_rate,
        lower_95,
        upper_95,
        other_rate,
        difference,
        difference_lower_95,
        difference_upper_95,
        p_value,
        comparisons,
        adjusted_p_value,
        is_distinct,
        {{ policy_version_column() }}
    from comparisons
)

select * from final
