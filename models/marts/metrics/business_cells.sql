{{- config(contract=contract_but_for_own('customers')) -}}

{%- set attributes = customer_attributes() -%}
{%- set cell_to_date -%}
(
    partition by period_grain, {{ attributes | join(', ') }}
    order by period_start
    rows between unbounded preceding and current row
)
{%- endset %}

with flows as (
    select * from {{ ref('int_business_flows') }}
),

periods as (
    select distinct
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period
    from {{ ref('int_periods') }}
),

balances as (
    select
        *,
        sum(new_customers + reactivated_customers - churned_customers) over {{ cell_to_date }} as closing_customers,
        sum(paying_customers_change) over {{ cell_to_date }} as paying_customers,
        sum(new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churn_mrr) over {{ cell_to_date }} as closing_mrr
    from flows
),

followed as (
    select
        *,
        lead(period_start) over (
            partition by period_grain, {{ attributes | join(', ') }}
            order by period_start
        ) as next_flow_start
    from balances
),

-- A row where something happens; after it, until the next, only while there is a balance to carry on.
carried as (
    select
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.period_status,
        periods.is_latest_complete_period,
        {%- for attribute in attributes %}
        followed.{{ attribute }},
        {%- endfor %}
        {%- for measure in business_measures() %}
        case when periods.period_start = followed.period_start then followed.{{ measure }} else 0 end as {{ measure }},
        {%- endfor %}
        followed.closing_customers,
        followed.paying_customers,
        followed.closing_mrr
    from followed
    inner join periods
        on followed.period_grain = periods.period_grain
        and followed.period_start <= periods.period_start
        and (followed.next_flow_start is null or followed.next_flow_start > periods.period_start)
        and (
            followed.period_start = periods.period_start
            or followed.closing_customers <> 0
            or followed.paying_customers <> 0
        )
),

cells as (
    select
        '{{ headline_basis() }}' as basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        {{ attributes | join(',\n        ') }},
        cast(closing_customers - new_customers - reactivated_customers + churned_customers as {{ dbt.type_bigint() }})
            as opening_customers,
        {%- for measure in business_flows().customers %}
        cast({{ measure }} as {{ dbt.type_bigint() }}) as {{ measure }},
        {%- endfor %}
        cast(closing_customers as {{ dbt.type_bigint() }}) as closing_customers,
        cast(
            closing_mrr - new_mrr - reactivation_mrr - expansion_mrr + contraction_mrr + churn_mrr as decimal(28, 10)
        ) as opening_mrr,
        cast(new_mrr as decimal(28, 10)) as new_mrr,
        cast(reactivation_mrr as decimal(28, 10)) as reactivation_mrr,
        cast(expansion_mrr as decimal(28, 10)) as expansion_mrr,
        cast(contraction_mrr as decimal(28, 10)) as contraction_mrr,
        cast(churn_mrr as decimal(28, 10)) as churn_mrr,
        cast(closing_mrr as decimal(28, 10)) as closing_mrr,
        cast(paying_customers as {{ dbt.type_bigint() }}) as paying_customers,
        cast(purchasers as {{ dbt.type_bigint() }}) as purchasers,
        cast(first_time_purchasers as {{ dbt.type_bigint() }}) as first_time_purchasers,
        cast(second_time_purchasers as {{ dbt.type_bigint() }}) as second_time_purchasers,
        cast(in_period_repeat_purchasers as {{ dbt.type_bigint() }}) as in_period_repeat_purchasers,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        {{ order_money('cast(gross_revenue as decimal(28, 2))') }} as gross_revenue,
        {{ order_money('cast(refunds as decimal(28, 2))') }} as refunds,
        {{ order_money('cast(gross_revenue - refunds as decimal(28, 2))') }} as net_revenue,
        {{ policy_version_column() }}
    from carried
)

select * from cells
