with customer_rfm as (
    select * from {{ ref('customer_rfm') }}
),

segment_names as (
    {%- for name in rfm_segment_map() %}
    select '{{ name }}' as rfm_segment
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{%- set sums = ['customers', 'net_revenue', 'recency_days', 'orders'] %}

-- Few enough rows to be read once per dimension.
cells as (
    select
        {%- for attribute in customer_attributes() %}
        {{ attribute }},
        {%- endfor %}
        rfm_segment,
        count(*) as customers,
        sum(monetary) as net_revenue,
        sum(recency_days) as recency_days,
        sum(frequency) as orders
    from customer_rfm
    group by {{ customer_attributes() | join(', ') }}, rfm_segment
),

-- The scores are those of the whole base: a segment means the same in every slice.
counted as (
    {%- for dimension in slice_dimensions() %}
    select
        '{{ dimension }}' as segment_dimension,
        {{ slice_value(dimension) }} as segment_value,
        segment_names.rfm_segment,
        {%- for name in sums %}
        sum(case when cells.rfm_segment = segment_names.rfm_segment then cells.{{ name }} else 0 end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cells
    cross join segment_names
    group by {{ dimension ~ ', ' if dimension != 'all' }}segment_names.rfm_segment
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

totalled as (
    select
        *,
        sum(customers) over (partition by segment_dimension, segment_value) as slice_customers,
        sum(net_revenue) over (partition by segment_dimension, segment_value) as slice_net_revenue
    from counted
),

final as (
    select
        segment_dimension,
        segment_value,
        rfm_segment,
        cast(customers as {{ dbt.type_bigint() }}) as customers,
        {{ safe_divide('customers', 'slice_customers') }} as share_of_customers,
        cast(net_revenue as decimal(18, 2)) as net_revenue,
        case when slice_net_revenue > 0 then {{ safe_divide('net_revenue', 'slice_net_revenue') }} end as share_of_revenue,
        {{ safe_divide('recency_days', 'customers') }} as average_recency_days,
        {{ safe_divide('orders', 'customers') }} as average_orders,
        {{ policy_version_column() }}
    from totalled
)

select * from final
