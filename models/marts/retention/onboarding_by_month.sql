{%- set rates = rates_of('onboarding_by_month') -%}

with cohort_retention as (
    select
        *,
        '{{ policy('cohort_grain') }}' as period_grain,
        activity_month as period_start
    from {{ ref('cohort_retention') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

-- The cohort of a month, seen in the month after.
flows as (
    select * from cohort_retention
    where months_since = 1
),

every_month as (
    {{ in_every_period(['cohort_size', 'active_customers', 'ordering_customers'], slices='cohort_retention') }}
),

observed as (
    select
        *,
        cohort_size as new_last_month_customers,
        case when {{ is_cell_observed() }} then active_customers end as kept_customers,
        case when {{ is_cell_observed(of_orders=true) }} then ordering_customers end as ordering_again_customers
    from every_month
),

rated as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        new_last_month_customers,
        kept_customers,
        ordering_again_customers,
        {{ rates.onboarding_churn_rate }} as onboarding_churn_rate,
        {{ rates.onboarding_repeat_rate }} as onboarding_repeat_rate,
        {{ policy_version_column() }}
    from observed
)

select * from rated
