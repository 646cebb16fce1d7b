with ranked as (
    select * from {{ ref('int_rfm_revenue_ranked') }}
),

shares as (
    {%- for share in top_shares() %}
    select cast({{ share }} as decimal(28, 6)) as top_share
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

slices as (
    select
        segment_dimension,
        segment_value,
        sum(customers) as customers,
        sum(customers * lifetime_net_revenue) as net_revenue
    from ranked
    group by segment_dimension, segment_value
),

-- Decimals throughout: a float a little above a whole number would be rounded up to the next.
sized as (
    select
        slices.segment_dimension,
        slices.segment_value,
        shares.top_share,
        slices.customers,
        cast(ceil(cast(slices.customers as decimal(18, 0)) * shares.top_share) as {{ dbt.type_bigint() }}) as top_customers,
        slices.net_revenue
    from slices
    cross join shares
),

-- Of the value at the edge, only as many customers as are still missing.
topped as (
    select
        sized.segment_dimension,
        sized.segment_value,
        sized.top_share,
        sized.customers,
        sized.top_customers,
        sum(ranked.lifetime_net_revenue * least(ranked.customers, sized.top_customers - ranked.customers_above))
            as top_net_revenue,
        sized.net_revenue
    from sized
    inner join ranked
        on sized.segment_dimension = ranked.segment_dimension
        and sized.segment_value = ranked.segment_value
        and sized.top_customers > ranked.customers_above
    group by
        sized.segment_dimension,
        sized.segment_value,
        sized.top_share,
        sized.customers,
        sized.top_customers,
        sized.net_revenue
),

final as (
    select
        segment_dimension,
        segment_value,
        top_share,
        cast(customers as {{ dbt.type_bigint() }}) as customers,
        top_customers,
        cast(top_net_revenue as decimal(28, 2)) as top_net_revenue,
        cast(net_revenue as decimal(28, 2)) as net_revenue,
        case when net_revenue > 0 then {{ safe_divide('top_net_revenue', 'net_revenue') }} end as revenue_share,
        {{ policy_version_column() }}
    from topped
)

select * from final
