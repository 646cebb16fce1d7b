with levels as (
    select * from {{ ref('int_mrr_levels') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

cells as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        levels.changed_on,
        sum(levels.mrr_change) as mrr_change,
        count(case when levels.mrr = 0 and levels.mrr_change < 0 then 1 end) as churn_events
    from levels
    inner join customers on levels.customer_id = customers.customer_id
    group by
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        levels.changed_on
),

-- A change counts on each day from its own to the end of its period, as far as that has been seen.
in_periods as (
    {%- for grain in policy('period_grains') %}
    {%- set last_day = 'least(' ~ period_end_of(grain, 'cells.changed_on') ~ ', as_of.as_of_date)' %}
    select
        'mrr' as basis,
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'cells.changed_on') }} as period_start,
        {%- for attribute in customer_attributes() %}
        cells.{{ attribute }},
        {%- endfor %}
        cells.mrr_change,
        cells.churn_events,
        cells.mrr_change
        * ({{ days_between('cells.changed_on', last_day) }} + 1) as change_days
    from cells
    cross join as_of
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

flows as (
    select
        basis,
        period_grain,
        period_start,
        sum(mrr_change) as mrr_change,
        sum(change_days) as change_days,
        sum(churn_events) as churn_events,
        {{ slice_columns() }}
    from in_periods
    group by {{ slice_sets(['basis', 'period_grain', 'period_start']) }}
),

every_period as (
    {{ in_every_period(['mrr_change', 'change_days', 'churn_events']) }}
),

opened as (
    select
        *,
        sum(mrr_change) over (
            partition by period_grain, segment_dimension, segment_value
            order by period_start
            rows between unbounded preceding and current row
        ) - mrr_change as opening_mrr
    from every_period
),

revenue as (
    select
        opened.period_grain,
        opened.period_start,
        opened.segment_dimension,
        opened.segment_value,
        cast(
            opened.opening_mrr
            * ({{ days_between('opened.period_start', 'least(opened.period_end, as_of.as_of_date)') }} + 1)
            + opened.change_days as decimal(38, 10)
        ) as mrr_days,
        cast(opened.churn_events as {{ dbt.type_bigint() }}) as churn_events
    from opened
    cross join as_of
)

select * from revenue
