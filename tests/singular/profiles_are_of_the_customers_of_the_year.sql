-- Who is split by traits are the opening customers of the year, and the lost ones are its lost ones.
with churned_customer_profile as (
    select * from {{ ref('churned_customer_profile') }}
),

retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where period_grain = 'year' and segment_dimension = 'all'
),

profiles as (
    select
        basis,
        year_start,
        trait,
        sum(customers) as customers,
        sum(churned_customers) as churned_customers
    from churned_customer_profile
    group by basis, year_start, trait
)

select profiles.*
from profiles
inner join retention_by_period
    on profiles.basis = retention_by_period.basis
    and profiles.year_start = retention_by_period.period_start
where
    profiles.customers <> retention_by_period.opening_customers
    or profiles.churned_customers <> retention_by_period.churned_customers
