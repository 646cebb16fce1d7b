with changes as (
    select * from {{ ref('int_mrr_trailing_changes') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

cells as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        {%- for level in trailing_levels() %}
        sum(changes.{{ level }}) as {{ level }},
        {%- endfor %}
        changes.seen_on
    from changes
    inner join customers on changes.customer_id = customers.customer_id
    group by
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        changes.seen_on
),

dated as (
    {%- for grain in policy('period_grains') %}
    select
        cells.*,
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'cells.seen_on') }} as period_start
    from cells
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

flows as (
    select
        'mrr' as basis,
        period_grain,
        period_start,
        sum(then_mrr) as then_mrr,
        sum(retained_mrr) as retained_mrr,
        sum(kept_mrr) as kept_mrr,
        sum(then_customers) as then_customers,
        sum(lost_customers) as lost_customers,
        {{ slice_columns() }}
    from dated
    group by {{ slice_sets(['period_grain', 'period_start']) }}
),

every_period as (
    {{ in_every_period(trailing_levels()) }}
),

balances as (
    select
        period_grain,
        period_start,
        {%- for level in trailing_levels() %}
        sum({{ level }}) over (
            partition by period_grain, segment_dimension, segment_value
            order by period_start
            rows between unbounded preceding and current row
        ) as {{ level }},
        {%- endfor %}
        segment_dimension,
        segment_value
    from every_period
)

select * from balances
