with cohort_retention as (
    select * from {{ ref('cohort_retention') }}
    where months_since = 1
),

months as (
    select * from {{ ref('int_cohort_months') }}
),

slices as (
    select distinct
        basis,
        segment_dimension,
        segment_value
    from {{ ref('cohort_retention') }}
),

every_month as (
    select
        slices.basis,
        months.period_grain,
        slices.segment_dimension,
        slices.segment_value,
        months.period_status,
        coalesce(cohort_retention.cohort_size, 0) as new_last_month_customers,
        case when months.period_status = 'complete' then coalesce(cohort_retention.active_customers, 0) end as kept_customers,
        case
            when months.period_status = 'complete' and {{ is_order_basis('slices.basis') }}
                then coalesce(cohort_retention.ordering_customers, 0)
        end as ordering_again_customers,
        months.is_latest_complete_period,
        months.period_start,
        months.period_end
    from slices
    inner join months on slices.basis = months.basis
    left join cohort_retention
        on slices.basis = cohort_retention.basis
        and slices.segment_dimension = cohort_retention.segment_dimension
        and slices.segment_value = cohort_retention.segment_value
        and months.period_start = cohort_retention.activity_month
),

rated as (
    select
        *,
        {{ rate_columns('onboarding_by_month') }},
        {{ policy_version_column() }}
    from every_month
)

select * from rated
