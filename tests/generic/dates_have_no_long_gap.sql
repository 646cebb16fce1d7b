{#- Stops the build with a sentence when the days of a table pause for longer than is plausible: one
    order dated 2099 would move as_of_date, and with it everybody into churn.

    most    the longest pause in days (default: the policy's max_days_without_orders)
    until   {relation, column}: the day up to which they are looked at, and which they must reach -#}
{% test dates_have_no_long_gap(model, column_name, most=none, until=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- set most = retention_ledger.policy('max_days_without_orders') if most is none else most -%}
with days as (
    select {{ column_name }} as day
    from {{ model }}
    where {{ column_name }} is not null
    {%- if until is not none %}
        and coalesce({{ column_name }} <= (select {{ until.column }} from {{ until.relation }}), true)
    union all
    select {{ until.column }} from {{ until.relation }} where {{ until.column }} is not null
    {%- endif %}
),

gaps as (
    select day, lag(day) over (order by day) as previous_day from days
),

first_gap as (
    select day, previous_day
    from gaps
    where day > {{ retention_ledger.add_days('previous_day', most) }}
    order by day
    limit 1
)

select 1 as stopped
from first_gap
where {{ retention_ledger.fail_when(
    'day is not null',
    "'The days of the orders jump from ' || cast(previous_day as " ~ dbt.type_string() ~ ") || ' to ' || cast(day as "
    ~ dbt.type_string() ~ ") || ', more than the " ~ most ~ " days that the var max_days_without_orders allows. "
    ~ "If a date is wrong, set the var earliest_valid_date, latest_valid_date or as_of_date; if the pause is real, raise the var.'"
) }}
{% endtest %}
