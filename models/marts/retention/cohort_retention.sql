{% set cohort = '(partition by basis, segment_dimension, segment_value, cohort_month)' %}
{%- set since_start -%}
(
    partition by basis, segment_dimension, segment_value, cohort_month
    order by period_start
    rows between unbounded preceding and current row
)
{%- endset %}

{%- set rates = rates_of('cohort_retention') -%}

with flows as (
    select * from {{ ref('int_cohort_flows') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

every_month as (
    {{ in_every_period(
        ['acquired_customers', 'status_change', 'ordering_customers', 'last_ordering_customers', 'net_revenue'],
        slice_by=['segment_dimension', 'segment_value', 'cohort_month'],
        since='cohort_month',
    ) }}
),

cumulated as (
    select
        *,
        row_number() over {{ since_start }} - 1 as months_since,
        sum(acquired_customers) over {{ cohort }} as cohort_size,
        sum(status_change) over {{ since_start }} as active_customers,
        sum(case when period_start = cohort_month then net_revenue else 0 end) over {{ cohort }} as first_month_net_revenue,
        sum(net_revenue) over {{ since_start }} as cumulative_net_revenue,
        sum(last_ordering_customers) over {{ cohort }} - sum(last_ordering_customers) over {{ since_start }}
        + last_ordering_customers as ordering_or_later_customers
    from every_month
),

-- What nobody has observed completely is null, never 0; orders say nothing about subscriptions.
observed as (
    select
        basis,
        cohort_month,
        cast(months_since as {{ dbt.type_int() }}) as months_since,
        period_start as activity_month,
        period_status,
        cast(cohort_size as {{ dbt.type_bigint() }}) as cohort_size,
        cast(case when {{ is_cell_observed() }} then active_customers end as {{ dbt.type_bigint() }}) as active_customers,
        {%- for measure in ['ordering_customers', 'ordering_or_later_customers'] %}
        cast(case when {{ is_cell_observed(of_orders=true) }} then {{ measure }} end as {{ dbt.type_bigint() }}) as {{ measure }},
        {%- endfor %}
        {%- for measure in ['first_month_net_revenue', 'net_revenue', 'cumulative_net_revenue'] %}
        cast(case when {{ is_cell_observed(of_orders=true) }} then {{ order_money(measure) }} end as decimal(28, 2))
            as {{ measure }},
        {%- endfor %}
        segment_dimension,
        segment_value
    from cumulated
),

rated as (
    select
        basis,
        cohort_month,
        months_since,
        activity_month,
        period_status,
        segment_dimension,
        segment_value,
        cohort_size,
        active_customers,
        ordering_customers,
        ordering_or_later_customers,
        first_month_net_revenue,
        net_revenue,
        cumulative_net_revenue,
        {{ rates.ordering_rate }} as ordering_rate,
        {{ rates.active_rate }} as active_rate,
        {{ rates.ordering_or_later_rate }} as ordering_or_later_rate,
        {{ rates.revenue_retention_rate }} as revenue_retention_rate,
        {{ rates.cumulative_revenue_per_customer }} as cumulative_revenue_per_customer,
        {{ policy_version_column() }}
    from observed
)

select * from rated
