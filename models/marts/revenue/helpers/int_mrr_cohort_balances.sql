{% set cohort = '(partition by segment_dimension, segment_value, cohort_month)' %}
{%- set since_start -%}
(
    partition by segment_dimension, segment_value, cohort_month
    order by period_start
    rows between unbounded preceding and current row
)
{%- endset %}

with cells as (
    select * from {{ ref('int_mrr_cohort_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

flows as (
    select
        basis,
        '{{ policy('cohort_grain') }}' as period_grain,
        activity_month as period_start,
        {{ slice_columns() }},
        cohort_month,
        sum(acquired_customers) as acquired_customers,
        sum(starting_mrr) as starting_mrr,
        sum(customers_change) as customers_change,
        sum(mrr_change) as mrr_change
    from cells
    group by {{ slice_sets(['basis', 'cohort_month', 'activity_month']) }}
),

every_month as (
    {{ in_every_period(
        ['acquired_customers', 'starting_mrr', 'customers_change', 'mrr_change'],
        slice_by=['segment_dimension', 'segment_value', 'cohort_month'],
        since='cohort_month',
    ) }}
),

balances as (
    select
        cohort_month,
        row_number() over {{ since_start }} - 1 as months_since,
        period_start as activity_month,
        period_status,
        segment_dimension,
        segment_value,
        sum(acquired_customers) over {{ cohort }} as cohort_size,
        sum(customers_change) over {{ since_start }} as closing_customers,
        sum(starting_mrr) over {{ cohort }} as starting_mrr,
        sum(mrr_change) over {{ since_start }} as closing_mrr
    from every_month
)

select * from balances
