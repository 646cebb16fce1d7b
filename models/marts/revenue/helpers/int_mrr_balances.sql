{%- set movements = mrr_movement_kinds() -%}

with cells as (
    select * from {{ ref('int_mrr_cells') }}
),

periods as (
    select * from {{ ref('int_mrr_periods') }}
),

flows as (
    {%- for dimension in slice_dimensions() + ['plan'] %}
    select
        period_grain,
        '{{ dimension }}' as segment_dimension,
        {{ slice_value(dimension) }} as segment_value,
        {%- for movement in movements %}
        sum({{ movement }}_mrr) as {{ movement }}_mrr,
        sum({{ movement }}_customers) as {{ movement }}_customers,
        {%- endfor %}
        sum(transferred_mrr) as transferred_mrr,
        {% if dimension == 'plan' -%}
        sum(plan_customers_change) as customers_change,
        {%- else -%}
        sum(new_customers + reactivation_customers - churn_customers) as customers_change,
        {%- endif %}
        period_start
    from cells
    group by period_grain, period_start{{ ', ' ~ dimension if dimension != 'all' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

slices as (
    select distinct
        period_grain,
        segment_dimension,
        segment_value
    from flows
),

-- A period without movements has a row too: a missing row would hide a loss.
every_period as (
    select
        slices.period_grain,
        slices.segment_dimension,
        slices.segment_value,
        periods.period_status,
        {%- for movement in movements %}
        cast(coalesce(flows.{{ movement }}_customers, 0) as {{ dbt.type_bigint() }}) as {{ movement }}_customers,
        {%- endfor %}
        cast(coalesce(flows.customers_change, 0) as {{ dbt.type_bigint() }}) as customers_change,
        {%- for movement in movements + ['transferred'] %}
        cast(coalesce(flows.{{ movement }}_mrr, 0) as decimal(18, 2)) as {{ movement }}_mrr,
        {%- endfor %}
        periods.is_latest_complete_period,
        periods.period_start,
        periods.period_end
    from slices
    inner join periods on slices.period_grain = periods.period_grain
    left join flows
        on slices.period_grain = flows.period_grain
        and slices.segment_dimension = flows.segment_dimension
        and slices.segment_value = flows.segment_value
        and periods.period_start = flows.period_start
),

balances as (
    select
        *,
        sum(customers_change) over slice_to_date as closing_customers,
        sum(new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churn_mrr + transferred_mrr) over slice_to_date
            as closing_mrr
    from every_period
    window slice_to_date as (
        partition by period_grain, segment_dimension, segment_value
        order by period_start
        rows between unbounded preceding and current row
    )
)

select * from balances
