with customer_rfm as (
    select * from {{ ref('customer_rfm') }}
),

segment_names as (
    {%- for name in rfm_segment_map() %}
    select '{{ name }}' as rfm_segment
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

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
    select
        {{ slice_columns() }},
        rfm_segment,
        sum(customers) as customers,
        sum(net_revenue) as net_revenue,
        sum(recency_days) as recency_days,
        sum(orders) as orders
    from cells
    group by {{ slice_sets(['rfm_segment']) }}
),

slices as (
    select
        segment_dimension,
        segment_value,
        sum(customers) as customers,
        sum(net_revenue) as net_revenue
    from counted
    group by segment_dimension, segment_value
),

final as (
    select
        slices.segment_dimension,
        slices.segment_value,
        segment_names.rfm_segment,
        cast(coalesce(counted.customers, 0) as {{ dbt.type_bigint() }}) as customers,
        {{ safe_divide('coalesce(counted.customers, 0)', 'slices.customers') }} as share_of_customers,
        {{ order_money('cast(coalesce(counted.net_revenue, 0) as decimal(28, 2))') }} as net_revenue,
        case
            when slices.net_revenue > 0
                then {{ safe_divide('coalesce(counted.net_revenue, 0)', 'slices.net_revenue') }}
        end as share_of_revenue,
        {{ safe_divide('counted.recency_days', 'counted.customers') }} as average_recency_days,
        {{ safe_divide('counted.orders', 'counted.customers') }} as average_orders,
        {{ policy_version_column() }}
    from slices
    cross join segment_names
    left join counted
        on slices.segment_dimension = counted.segment_dimension
        and slices.segment_value = counted.segment_value
        and segment_names.rfm_segment = counted.rfm_segment
)

select * from final
