with purchases as (
    select * from {{ ref('int_purchases') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

-- How often each gap occurs: small, and exact quantiles follow from it. A last purchase is a row without a gap, so that
-- a slice in which nobody bought twice has its row.
gaps as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        {{ days_between('purchases.purchased_on', 'purchases.next_purchase_on') }} as gap_days,
        count(purchases.next_purchase_on) as gap_count
    from purchases
    inner join customers on purchases.customer_id = customers.customer_id
    group by
        {{ customer_attributes() | join(', ') }},
        {{ days_between('purchases.purchased_on', 'purchases.next_purchase_on') }}
),

sliced as (
    select
        {{ slice_columns() }},
        gap_days,
        sum(gap_count) as gap_count
    from gaps
    group by {{ slice_sets(['gap_days']) }}
),

cumulated as (
    select
        *,
        sum(gap_count) over (
            partition by segment_dimension, segment_value
            order by gap_days
            rows between unbounded preceding and current row
        ) as gaps_up_to,
        sum(gap_count) over (partition by segment_dimension, segment_value) as all_gaps
    from sliced
),

-- The p-quantile is the smallest gap that at least the share p of the gaps does not exceed.
summed as (
    select
        segment_dimension,
        segment_value,
        cast(max(all_gaps) as {{ dbt.type_bigint() }}) as gaps,
        cast(min(case when 4 * gaps_up_to >= all_gaps then gap_days end) as {{ dbt.type_bigint() }}) as lower_quartile_days,
        cast(min(case when 2 * gaps_up_to >= all_gaps then gap_days end) as {{ dbt.type_bigint() }}) as median_days,
        cast(min(case when 4 * gaps_up_to >= 3 * all_gaps then gap_days end) as {{ dbt.type_bigint() }})
            as upper_quartile_days,
        {{ safe_divide('sum(gap_days * gap_count)', 'max(all_gaps)') }} as mean_days,
        {{ policy_version_column() }}
    from cumulated
    group by segment_dimension, segment_value
)

select * from summed
