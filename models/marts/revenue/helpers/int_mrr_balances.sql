{% set slice_to_date -%}
(
    partition by period_grain, segment_dimension, segment_value
    order by period_start
    rows between unbounded preceding and current row
)
{%- endset %}

{%- set movements = mrr_movement_kinds() -%}

with cells as (
    select * from {{ ref('int_mrr_cells') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

-- A customer can be on two plans, and counts on each.
flows as (
    select
        basis,
        period_grain,
        period_start,
        {{ slice_columns(more=['plan']) }},
        {%- for movement in movements %}
        sum({{ movement }}_customers) as {{ movement }}_customers,
        sum({{ movement }}_mrr) as {{ movement }}_mrr,
        {%- endfor %}
        {%- for measure in churn_type_measures() %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        sum(transferred_mrr) as transferred_mrr,
        case
            when grouping(plan) = 0 then sum(plan_customers_change)
            else sum(cells.customers_change)
        end as customers_change
    from cells
    group by {{ slice_sets(['basis', 'period_grain', 'period_start'], more=['plan']) }}
),

every_period as (
    {{ in_every_period(mrr_movement_measures() + churn_type_measures() + ['transferred_mrr', 'customers_change']) }}
),

balances as (
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        {%- for movement in movements %}
        cast({{ movement }}_customers as {{ dbt.type_bigint() }}) as {{ movement }}_customers,
        {%- endfor %}
        {%- for type in churn_types() %}
        cast({{ type }}_churn_customers as {{ dbt.type_bigint() }}) as {{ type }}_churn_customers,
        cast({{ type }}_churn_mrr as decimal(28, 10)) as {{ type }}_churn_mrr,
        {%- endfor %}
        cast(customers_change as {{ dbt.type_bigint() }}) as customers_change,
        {%- for movement in movements + ['transferred'] %}
        cast({{ movement }}_mrr as decimal(28, 10)) as {{ movement }}_mrr,
        {%- endfor %}
        sum(customers_change) over {{ slice_to_date }} as closing_customers,
        sum(new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churn_mrr + transferred_mrr) over {{ slice_to_date }}
            as closing_mrr
    from every_period
)

select * from balances
