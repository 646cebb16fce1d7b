-- Every trait splits the same customers: the opening customers of the period. Where its grain is built, they and the lost ones
-- are those of retention_by_period.
with int_profile_customers as (
    select
        basis,
        period_grain,
        period_start,
        count(*) as customers,
        sum(case when is_churned then 1 else 0 end) as churned_customers,
        sum(case when is_most_valuable then 1 else 0 end) as most_valuable_customers
    from {{ ref('int_profile_customers') }}
    group by basis, period_grain, period_start
),

retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where segment_dimension = 'all'
),

profiles as (
    select
        'churned' as outcome,
        basis,
        trait,
        sum(customers) as customers,
        sum(churned_customers) as hits
    from {{ ref('churned_customer_profile') }}
    group by basis, trait

    union all

    select
        'most_valuable' as outcome,
        basis,
        trait,
        sum(customers) as customers,
        sum(most_valuable_customers) as hits
    from {{ ref('valuable_customer_profile') }}
    group by basis, trait
),

faults as (
    select
        profiles.outcome,
        profiles.basis,
        profiles.trait
    from profiles
    inner join int_profile_customers on profiles.basis = int_profile_customers.basis
    where
        profiles.customers <> int_profile_customers.customers
        or profiles.hits <> case
            when profiles.outcome = 'churned' then int_profile_customers.churned_customers
            else int_profile_customers.most_valuable_customers
        end

    union all

    select
        'opening or churned' as outcome,
        int_profile_customers.basis,
        'all' as trait
    from int_profile_customers
    inner join retention_by_period
        on int_profile_customers.basis = retention_by_period.basis
        and int_profile_customers.period_grain = retention_by_period.period_grain
        and int_profile_customers.period_start = retention_by_period.period_start
    where
        int_profile_customers.customers <> retention_by_period.opening_customers
        or int_profile_customers.churned_customers <> retention_by_period.churned_customers
)

select * from faults
