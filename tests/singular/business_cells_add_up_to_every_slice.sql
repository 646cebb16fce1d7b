{%- set columns = [
    'opening_customers', 'new_customers', 'reactivated_customers', 'churned_customers', 'transient_customers',
    'interrupted_customers', 'acquired_customers', 'start_events', 'churn_events', 'closing_customers', 'opening_mrr', 'new_mrr',
    'reactivation_mrr', 'expansion_mrr', 'contraction_mrr', 'churn_mrr', 'closing_mrr', 'paying_customers', 'purchasers',
    'first_time_purchasers', 'second_time_purchasers', 'in_period_repeat_purchasers', 'orders', 'gross_revenue', 'refunds',
    'net_revenue',
] -%}
{%- set keys = ['period_grain', 'period_start'] -%}
{%- set rounded = {'opening_mrr': in_cents('opening_mrr'), 'closing_mrr': in_cents('closing_mrr')} -%}
{%- set level = namespace(sum='opening_mrr') -%}
{%- for movement, sign in [('new', '+'), ('reactivation', '+'), ('expansion', '+'), ('contraction', '-'), ('churn', '-')] -%}
{%- set after = level.sum ~ ' ' ~ sign ~ ' ' ~ movement ~ '_mrr' -%}
{%- do rounded.update({movement ~ '_mrr': sign ~ '(' ~ in_cents(after) ~ ' - ' ~ in_cents(level.sum) ~ ')'}) -%}
{%- set level.sum = after -%}
{%- endfor %}

-- Summed by each dimension of the policy, and in total, the cells are the rows of the wide mart. MRR is rounded as there, once
-- and after the sum; a slice without cells has 0 in each column, or nothing.
with summed as (
    select
        {{ keys | join(', ') }},
        {%- for column in columns %}
        sum({{ column }}) as {{ column }},
        {%- endfor %}
        {{ slice_columns() }}
    from {{ ref('business_cells') }}
    group by {{ slice_sets(keys) }}
),

cells as (
    select
        {{ keys | join(', ') }},
        segment_dimension,
        {%- for column in columns %}
        {{ rounded.get(column, column) }} as {{ column }},
        {%- endfor %}
        segment_value
    from summed
),

-- Who has bought twice to date, less those who had at the end of the period before.
slices as (
    select
        *,
        repeat_customers_to_date - lag(repeat_customers_to_date, 1, cast(0 as {{ dbt.type_bigint() }})) over (
            partition by period_grain, segment_dimension, segment_value
            order by period_start
        ) as second_time_purchasers
    from {{ ref('business_by_period') }}
),

compared as (
    select
        slices.period_grain,
        slices.period_start,
        slices.segment_dimension,
        {%- for column in columns %}
        coalesce(cells.{{ column }}, 0) - coalesce(slices.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        slices.segment_value
    from slices
    left join cells
        on slices.period_grain = cells.period_grain
        and slices.period_start = cells.period_start
        and slices.segment_dimension = cells.segment_dimension
        and slices.segment_value = cells.segment_value

    union all

    select
        cells.period_grain,
        cells.period_start,
        cells.segment_dimension,
        {%- for column in columns %}
        cells.{{ column }},
        {%- endfor %}
        cells.segment_value
    from cells
    left join slices
        on cells.period_grain = slices.period_grain
        and cells.period_start = slices.period_start
        and cells.segment_dimension = slices.segment_dimension
        and cells.segment_value = slices.segment_value
    where slices.period_grain is null
)

select * from compared
where {{ columns | join(' <> 0 or ') }} <> 0
