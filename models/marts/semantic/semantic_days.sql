{{- config(materialized='view') -}}

with periods as (
    select * from {{ ref('int_periods') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- 70,000 days are 191 years.
numbers as (
    {{ dbt.generate_series(70000) }}
),

ends as (
    select
        as_of.as_of_date,
        min(periods.period_start) as first_day
    from as_of
    cross join periods
    group by as_of.as_of_date
),

-- A day after the as-of date is not known yet: a figure that runs to the end of the spine ends there.
days as (
    select
        {{ add_days('ends.first_day', 'numbers.generated_number - 1') }} as calendar_day,
        {{ policy_version_column() }}
    from ends
    inner join numbers on numbers.generated_number <= {{ days_between('ends.first_day', 'ends.as_of_date') }} + 1
)

select * from days
