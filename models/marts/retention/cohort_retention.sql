with flows as (
    select * from {{ ref('int_cohort_flows') }}
),

months as (
    select * from {{ ref('int_cohort_months') }}
),

cohorts as (
    select
        basis,
        segment_dimension,
        segment_value,
        sum(acquired_customers) as cohort_size,
        sum(case when activity_month = cohort_month then net_revenue else 0 end) as first_month_net_revenue,
        cohort_month
    from flows
    group by basis, segment_dimension, segment_value, cohort_month
),

every_month as (
    select
        cohorts.basis,
        cohorts.segment_dimension,
        cohorts.segment_value,
        months.period_status,
        cohorts.cohort_size,
        cohorts.first_month_net_revenue,
        coalesce(flows.status_change, 0) as status_change,
        coalesce(flows.ordering_customers, 0) as ordering_customers,
        coalesce(flows.last_ordering_customers, 0) as last_ordering_customers,
        coalesce(flows.net_revenue, 0) as net_revenue,
        cohorts.cohort_month,
        months.period_start as activity_month
    from cohorts
    inner join months on cohorts.basis = months.basis and cohorts.cohort_month <= months.period_start
    left join flows
        on cohorts.basis = flows.basis
        and cohorts.segment_dimension = flows.segment_dimension
        and cohorts.segment_value = flows.segment_value
        and cohorts.cohort_month = flows.cohort_month
        and months.period_start = flows.activity_month
),

cumulated as (
    select
        *,
        row_number() over since_start as month_number,
        sum(status_change) over since_start as active_customers,
        sum(net_revenue) over since_start as cumulative_net_revenue,
        sum(last_ordering_customers) over cohort - sum(last_ordering_customers) over since_start
        + last_ordering_customers as ordering_or_later_customers
    from every_month
    window
        cohort as (partition by basis, segment_dimension, segment_value, cohort_month),
        since_start as (
            partition by basis, segment_dimension, segment_value, cohort_month
            order by activity_month
            rows between unbounded preceding and current row
        )
),

-- What nobody has observed completely is null, never 0; orders say nothing about subscriptions.
observed as (
    select
        basis,
        segment_dimension,
        segment_value,
        period_status,
        cast(month_number - 1 as {{ dbt.type_int() }}) as months_since,
        cast(cohort_size as {{ dbt.type_bigint() }}) as cohort_size,
        cast(case when {{ is_cell_observed() }} then active_customers end as {{ dbt.type_bigint() }}) as active_customers,
        {%- for measure in ['ordering_customers', 'ordering_or_later_customers'] %}
        cast(case when {{ is_cell_observed(of_orders=true) }} then {{ measure }} end as {{ dbt.type_bigint() }}) as {{ measure }},
        {%- endfor %}
        {%- for measure in ['first_month_net_revenue', 'net_revenue', 'cumulative_net_revenue'] %}
        cast(case when {{ is_cell_observed(of_orders=true) }} then {{ measure }} end as decimal(18, 2)) as {{ measure }},
        {%- endfor %}
        cohort_month,
        activity_month
    from cumulated
),

rated as (
    select
        *,
        {{ rate_columns('cohort_retention') }},
        {{ policy_version_column() }}
    from observed
)

select * from rated
