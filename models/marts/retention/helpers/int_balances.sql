{%- set flows = [
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
    {%- for dimension in slice_dimensions() %}
    select
        basis,
        period_grain,
        '{{ dimension }}' as segment_dimension,
        {{ slice_value(dimension) }} as segment_value,
        {%- for flow in flows %}
        sum({{ flow }}) as {{ flow }},
        {%- endfor %}
        period_start
    from cells
    group by basis, period_grain, period_start{{ ', ' ~ dimension if dimension != 'all' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

slices as (
    select distinct
        basis,
        period_grain,
        segment_dimension,
        segment_value
    from flows
),

-- A period without movements has a row too: a missing row would hide a loss.
every_period as (
    select
        slices.basis,
        slices.period_grain,
        slices.segment_dimension,
        slices.segment_value,
        periods.period_status,
        {%- for flow in flows %}
        cast(coalesce(flows.{{ flow }}, 0) as {{ dbt.type_bigint() }}) as {{ flow }},
        {%- endfor %}
        periods.is_latest_complete_period,
        periods.period_start,
        periods.period_end
    from slices
    inner join periods
        on slices.basis = periods.basis and slices.period_grain = periods.period_grain
    left join flows
        on slices.basis = flows.basis
        and slices.period_grain = flows.period_grain
        and slices.segment_dimension = flows.segment_dimension
        and slices.segment_value = flows.segment_value
        and periods.period_start = flows.period_start
),

balances as (
    select
        *,
        cast(sum(new_customers + reactivated_customers - churned_customers) over (
            partition by basis, period_grain, segment_dimension, segment_value
            order by period_start
            rows between unbounded preceding and current row
        ) as {{ dbt.type_bigint() }}) as closing_customers
    from every_period
)

select * from balances
