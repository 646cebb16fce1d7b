{% set to_date -%}
(
    partition by period_grain, segment_dimension, segment_value
    order by period_start
    rows between unbounded preceding and current row
)
{%- endset %}

{%- set rates = rates_of('repeat_purchase_by_period') -%}

with flows as (
    select * from {{ ref('int_purchase_flows') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

every_period as (
    {{ in_every_period([
        'purchasers', 'first_time_purchasers', 'in_period_repeat_purchasers', 'second_purchases', 'purchases', 'orders',
        'gross_revenue', 'refunds',
    ]) }}
),

counted as (
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        cast(purchasers as {{ dbt.type_bigint() }}) as purchasers,
        cast(first_time_purchasers as {{ dbt.type_bigint() }}) as first_time_purchasers,
        cast(purchasers - first_time_purchasers as {{ dbt.type_bigint() }}) as returning_purchasers,
        cast(in_period_repeat_purchasers as {{ dbt.type_bigint() }}) as in_period_repeat_purchasers,
        cast(sum(first_time_purchasers) over {{ to_date }} as {{ dbt.type_bigint() }}) as customers_to_date,
        cast(sum(second_purchases) over {{ to_date }} as {{ dbt.type_bigint() }}) as repeat_customers_to_date,
        cast(purchases as {{ dbt.type_bigint() }}) as purchases,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        {{ order_money('cast(gross_revenue as decimal(28, 2))') }} as gross_revenue,
        {{ order_money('cast(refunds as decimal(28, 2))') }} as refunds,
        {{ order_money('cast(gross_revenue - refunds as decimal(28, 2))') }} as net_revenue
    from every_period
),

rated as (
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        purchasers,
        first_time_purchasers,
        returning_purchasers,
        in_period_repeat_purchasers,
        customers_to_date,
        repeat_customers_to_date,
        purchases,
        orders,
        gross_revenue,
        refunds,
        net_revenue,
        {{ rates.repeat_purchase_rate }} as repeat_purchase_rate,
        {{ rates.in_period_repeat_rate }} as in_period_repeat_rate,
        {{ rates.returning_purchaser_rate }} as returning_purchaser_rate,
        {{ rates.average_order_value }} as average_order_value,
        {{ rates.purchase_frequency }} as purchase_frequency,
        {{ policy_version_column() }}
    from counted
)

select * from rated
