with cells as (
    select * from {{ ref('int_cohort_cells') }}
),

flows as (
    {%- for dimension in slice_dimensions() %}
    select
        basis,
        '{{ dimension }}' as segment_dimension,
        {{ slice_value(dimension) }} as segment_value,
        sum(acquired_customers) as acquired_customers,
        sum(status_change) as status_change,
        sum(ordering_customers) as ordering_customers,
        sum(last_ordering_customers) as last_ordering_customers,
        sum(net_revenue) as net_revenue,
        cohort_month,
        activity_month
    from cells
    group by basis, cohort_month, activity_month{{ ', ' ~ dimension if dimension != 'all' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from flows
