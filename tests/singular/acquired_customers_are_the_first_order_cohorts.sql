-- Identity 9: on the bases made of orders, the customers acquired in a period are those whose first
-- counted order falls into it, at every grain and in every segment.
with balances as (
    select
        basis,
        period_grain,
        segment_dimension,
        segment_value,
        acquired_customers,
        period_start
    from {{ ref('retention_by_period') }}
    where basis in ('orders_window', 'orders_calendar')
),

customers as (
    select
        {%- for grain in policy('period_grains') %}
        {{ period_start(grain, 'first_order_on') }} as {{ grain }}_start,
        {%- endfor %}
        *
    from {{ ref('customers') }}
    where first_order_on is not null
),

first_orders as (
    {%- for grain in policy('period_grains') %}
    {%- for dimension in slice_dimensions() %}
    select
        '{{ grain }}' as period_grain,
        '{{ dimension }}' as segment_dimension,
        {{ slice_value(dimension) }} as segment_value,
        count(*) as cohort_size,
        {{ grain }}_start as period_start
    from customers
    group by {{ grain }}_start{{ ', ' ~ dimension if dimension != 'all' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

calendars as (
    select distinct
        basis,
        period_grain
    from balances
),

cohorts as (
    select
        calendars.basis,
        first_orders.*
    from first_orders
    inner join calendars on first_orders.period_grain = calendars.period_grain
)

select
    coalesce(balances.basis, cohorts.basis) as basis,
    coalesce(balances.period_grain, cohorts.period_grain) as period_grain,
    coalesce(balances.period_start, cohorts.period_start) as period_start,
    balances.segment_value,
    balances.acquired_customers,
    cohorts.cohort_size
from balances
full outer join cohorts
    on balances.basis = cohorts.basis
    and balances.period_grain = cohorts.period_grain
    and balances.segment_dimension = cohorts.segment_dimension
    and balances.segment_value = cohorts.segment_value
    and balances.period_start = cohorts.period_start
where coalesce(balances.acquired_customers, 0) <> coalesce(cohorts.cohort_size, 0)
