{% set in_order = '(order by calendar_day)' %}

{%- set day_of = "cast(days.calendar_day as " ~ dbt.type_string() ~ ")" -%}
{%- set day_before = "cast(days.previous_day as " ~ dbt.type_string() ~ ")" -%}

with calendar as (
    select
        calendar_day,
        fiscal_year,
        coalesce(fiscal_quarter, cast(floor((fiscal_month + 2) / 3.0) as {{ dbt.type_int() }})) as fiscal_quarter,
        fiscal_month,
        fiscal_week
    from {{ ref('stg_calendar') }}
    where reject_reason is null
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted or is_refund
),

subscriptions as (
    select * from {{ ref('subscription_periods') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

days as (
    select
        *,
        lag(calendar_day) over {{ in_order }} as previous_day,
        lag(fiscal_year) over {{ in_order }} as previous_year,
        lag(fiscal_quarter) over {{ in_order }} as previous_quarter,
        lag(fiscal_month) over {{ in_order }} as previous_month,
        lag(fiscal_week) over {{ in_order }} as previous_week
    from calendar
),

edges as (
    select
        min(calendar_day) as first_day,
        max(calendar_day) as last_day,
        count(fiscal_week) as days_with_a_week,
        count(*) as all_days
    from calendar
),

months as (
    select
        fiscal_year,
        fiscal_month,
        min(calendar_day) as calendar_day,
        count(*) as days
    from calendar
    group by fiscal_year, fiscal_month
),

first_activity as (
    select min(first_day) as first_day
    from (
        select min(ordered_on) as first_day from orders
        union all
        select min(started_on) as first_day from subscriptions
    ) as first_days
),

-- Days first, then what they are numbered with: one missing day has one sentence.
found as (
    select
        1 as fault_rank,
        days.calendar_day,
        'it has the day ' || {{ day_of }} || ' more than once' as fault
    from days
    where days.calendar_day = days.previous_day

    union all

    select
        2 as fault_rank,
        days.calendar_day,
        'it has no row between ' || {{ day_before }} || ' and ' || {{ day_of }} as fault
    from days
    where {{ days_between('days.previous_day', 'days.calendar_day') }} > 1

    union all

    select
        3 as fault_rank,
        days.calendar_day,
        'on ' || {{ day_of }} || ' month ' || {{ in_words('days.fiscal_month') }} || ' of ' || {{ in_words('days.fiscal_year') }}
        || ' follows month ' || {{ in_words('days.previous_month') }} || ' of ' || {{ in_words('days.previous_year') }} as fault
    from days
    where
        not (days.fiscal_year = days.previous_year and days.fiscal_month in (days.previous_month, days.previous_month + 1))
        and not (days.fiscal_year = days.previous_year + 1 and days.fiscal_month = 1 and days.previous_month = 12)

    union all

    select
        4 as fault_rank,
        days.calendar_day,
        'on ' || {{ day_of }} || ' quarter ' || {{ in_words('days.fiscal_quarter') }}
        || ' of ' || {{ in_words('days.fiscal_year') }} || ' follows quarter ' || {{ in_words('days.previous_quarter') }}
        || ' of ' || {{ in_words('days.previous_year') }} || '; a quarter is some whole months, and a year has four' as fault
    from days
    where
        not (days.fiscal_year = days.previous_year and days.fiscal_quarter = days.previous_quarter)
        and not (
            days.fiscal_year = days.previous_year
            and days.fiscal_quarter = days.previous_quarter + 1
            and days.fiscal_month <> days.previous_month
        )
        and not (days.fiscal_year = days.previous_year + 1 and days.fiscal_quarter = 1 and days.previous_quarter = 4)

    union all

    select
        5 as fault_rank,
        days.calendar_day,
        'on ' || {{ day_of }} || ' week ' || {{ in_words('days.fiscal_week') }} || ' of ' || {{ in_words('days.fiscal_year') }}
        || ' follows week ' || {{ in_words('days.previous_week') }} || ' of ' || {{ in_words('days.previous_year') }}
        || '; leave fiscal_week out where weeks do not start with the year' as fault
    from days
    where
        not (days.fiscal_year = days.previous_year and days.fiscal_week in (days.previous_week, days.previous_week + 1))
        and not (days.fiscal_year = days.previous_year + 1 and days.fiscal_week = 1 and days.previous_week >= 52)

    union all

    select
        6 as fault_rank,
        edges.first_day as calendar_day,
        'only ' || {{ in_words('edges.days_with_a_week') }} || ' of its ' || {{ in_words('edges.all_days') }}
        || ' days have a fiscal_week: give it to all, or to none and week_starts_on is followed' as fault
    from edges
    where edges.days_with_a_week > 0 and edges.days_with_a_week < edges.all_days

    union all

    select
        7 as fault_rank,
        months.calendar_day,
        'month ' || {{ in_words('months.fiscal_month') }} || ' of ' || {{ in_words('months.fiscal_year') }} || ' has '
        || {{ in_words('months.days') }} || ' days, from ' || cast(months.calendar_day as {{ dbt.type_string() }})
        || ' on; a month has 28 to 35, also the first and the last of the table' as fault
    from months
    where months.days < 28 or months.days > 35

    union all

    select
        8 as fault_rank,
        days.calendar_day,
        'it begins on ' || {{ day_of }} || ' in month ' || {{ in_words('days.fiscal_month') }} || ' of '
        || {{ in_words('days.fiscal_year') }} || '; it must hold whole fiscal years' as fault
    from days
    where days.previous_day is null and (days.fiscal_month <> 1 or days.fiscal_quarter <> 1 or days.fiscal_week <> 1)

    union all

    select
        9 as fault_rank,
        days.calendar_day,
        'it ends on ' || {{ day_of }} || ' in month ' || {{ in_words('days.fiscal_month') }} || ' of '
        || {{ in_words('days.fiscal_year') }} || '; it must hold whole fiscal years' as fault
    from days
    inner join edges on days.calendar_day = edges.last_day
    where days.fiscal_month <> 12 or days.fiscal_quarter <> 4 or days.fiscal_week < 52

    union all

    select
        10 as fault_rank,
        edges.first_day as calendar_day,
        'it begins on ' || cast(edges.first_day as {{ dbt.type_string() }}) || ', and the data on '
        || cast(first_activity.first_day as {{ dbt.type_string() }})
        || ': it needs the fiscal years from there on (or raw_rejects leaves older rows out)' as fault
    from edges
    inner join first_activity on edges.first_day > first_activity.first_day

    union all

    select
        11 as fault_rank,
        edges.last_day as calendar_day,
        'it ends on ' || cast(edges.last_day as {{ dbt.type_string() }}) || ', before as_of_date, which is '
        || cast(as_of.as_of_date as {{ dbt.type_string() }}) || ': it needs the whole fiscal year of that day' as fault
    from edges
    inner join as_of on edges.last_day < as_of.as_of_date
)

select
    row_number() over (order by fault_rank, calendar_day) as fault_number,
    calendar_day,
    fault
from found
