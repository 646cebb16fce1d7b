{%- set movements = [
    'new_customers', 'reactivated_customers', 'churned_customers', 'transient_customers',
    'interrupted_customers', 'acquired_customers', 'start_events', 'churn_events',
] -%}

with cells as (
    select * from {{ ref('int_movement_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

flows as (
    select
        basis,
        period_grain,
        period_start,
        {%- for movement in movements %}
        sum({{ movement }}) as {{ movement }},
        {%- endfor %}
        {{ slice_columns() }}
    from cells
    group by {{ slice_sets(['basis', 'period_grain', 'period_start']) }}
),

every_period as (
    {{ in_every_period(movements) }}
),

balances as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        {%- for movement in movements %}
        cast({{ movement }} as {{ dbt.type_bigint() }}) as {{ movement }},
        {%- endfor %}
        cast(sum(new_customers + reactivated_customers - churned_customers) over (
            partition by basis, period_grain, segment_dimension, segment_value
            order by period_start
            rows between unbounded preceding and current row
        ) as {{ dbt.type_bigint() }}) as closing_customers
    from every_period
)

select * from balances
