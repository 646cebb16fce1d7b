{%- set rates = rates_of('mrr_cohorts') -%}

with balances as (
    select * from {{ ref('int_mrr_cohort_balances') }}
),

-- What nobody has observed completely is null, never 0. Each figure is rounded once.
observed as (
    select
        cohort_month,
        cast(months_since as {{ dbt.type_int() }}) as months_since,
        activity_month,
        period_status,
        segment_dimension,
        segment_value,
        cast(cohort_size as {{ dbt.type_bigint() }}) as cohort_size,
        cast(case when {{ is_cell_observed() }} then closing_customers end as {{ dbt.type_bigint() }}) as closing_customers,
        {{ in_cents('starting_mrr') }} as starting_mrr,
        case when {{ is_cell_observed() }} then {{ in_cents('closing_mrr') }} end as closing_mrr
    from balances
),

rated as (
    select
        *,
        {{ rates.mrr_retention_rate }} as mrr_retention_rate,
        {{ policy_version_column() }}
    from observed
)

select * from rated
