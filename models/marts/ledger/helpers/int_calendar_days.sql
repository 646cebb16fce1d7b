{% set of_week = '(partition by fiscal_year, fiscal_week)' %}
{%- set of_month = '(partition by fiscal_year, fiscal_month)' %}
{%- set of_quarter = '(partition by fiscal_year, fiscal_quarter)' %}
{%- set of_year = '(partition by fiscal_year)' %}

with calendar as (
    select
        calendar_day,
        fiscal_year,
        coalesce(fiscal_quarter, cast(floor((fiscal_month + 2) / 3.0) as {{ dbt.type_int() }})) as fiscal_quarter,
        fiscal_month,
        fiscal_week,
        {{ computed_period_start('week', 'calendar_day') }} as computed_week_start
    from {{ ref('stg_calendar') }}
    where reject_reason is null
),

first_fault as (
    select max(fault) as fault
    from {{ ref('int_calendar_faults') }}
    where fault_number = 1
),

bounded as (
    select
        *,
        coalesce(
            min(case when fiscal_week is not null then calendar_day end) over {{ of_week }}, computed_week_start
        ) as start_of_week,
        coalesce(
            max(case when fiscal_week is not null then calendar_day end) over {{ of_week }},
            {{ add_days('computed_week_start', 6) }}
        ) as end_of_week,
        min(calendar_day) over {{ of_month }} as start_of_month,
        max(calendar_day) over {{ of_month }} as end_of_month,
        min(calendar_day) over {{ of_quarter }} as start_of_quarter,
        max(calendar_day) over {{ of_quarter }} as end_of_quarter,
        min(calendar_day) over {{ of_year }} as start_of_year,
        max(calendar_day) over {{ of_year }} as end_of_year
    from calendar
),

numbered as (
    select
        *,
        dense_rank() over (order by start_of_week) as number_of_week,
        dense_rank() over (order by start_of_month) as number_of_month,
        dense_rank() over (order by start_of_quarter) as number_of_quarter,
        dense_rank() over (order by start_of_year) as number_of_year
    from bounded
),

months as (
    select
        number_of_month,
        min(start_of_month) as start_of_month,
        max(end_of_month) as end_of_month
    from numbered
    group by number_of_month
),

weeks as (
    select distinct
        fiscal_year,
        fiscal_week,
        number_of_week
    from numbered
    where fiscal_week is not null
),

-- The month twelve months later, and the week of the same number in the year before.
compared as (
    select
        numbered.*,
        next_months.end_of_month as end_of_next_month,
        {{ add_days('later_months.start_of_month', days_between('numbered.start_of_month', 'numbered.calendar_day')) }}
            as later_day,
        later_months.end_of_month as last_later_day,
        case when numbered.fiscal_week is null then 52 else numbered.number_of_week - earlier_weeks.number_of_week end
            as weeks_since_a_year_ago
    from numbered
    left join months as next_months on numbered.number_of_month + 1 = next_months.number_of_month
    left join months as later_months on numbered.number_of_month + 12 = later_months.number_of_month
    left join weeks as earlier_weeks
        on numbered.fiscal_year - 1 = earlier_weeks.fiscal_year
        and numbered.fiscal_week = earlier_weeks.fiscal_week
),

-- A calendar with a fault would misplace figures in silence: the build stops here, before anything is looked up.
final as (
    select
        compared.calendar_day,
        {%- for grain in ['week', 'month', 'quarter', 'year'] %}
        compared.start_of_{{ grain }},
        compared.end_of_{{ grain }},
        compared.number_of_{{ grain }},
        {%- endfor %}
        compared.end_of_next_month,
        case when compared.later_day > compared.last_later_day then compared.last_later_day else compared.later_day end
            as day_a_year_later,
        compared.weeks_since_a_year_ago,
        compared.fiscal_month as month_of_year,
        compared.fiscal_week as week_of_year
    from compared
    cross join first_fault
    where not ({{ fail_when(
        'first_fault.fault is not null',
        "'The raw calendar cannot be counted by: ' || first_fault.fault || '. Mend the table, or set the var calendar to common and leave `calendar` out of raw_tables.'"
    ) }})
)

select * from final
