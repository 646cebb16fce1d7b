with cells as (
    select * from {{ ref('int_cohort_cells') }}
),

flows as (
    select
        basis,
        '{{ policy('cohort_grain') }}' as period_grain,
        activity_month as period_start,
        {{ slice_columns() }},
        cohort_month,
        sum(acquired_customers) as acquired_customers,
        sum(status_change) as status_change,
        sum(ordering_customers) as ordering_customers,
        sum(last_ordering_customers) as last_ordering_customers,
        sum(net_revenue) as net_revenue
    from cells
    group by {{ slice_sets(['basis', 'cohort_month', 'activity_month']) }}
)

select * from flows
