{% set customer_orders = '(partition by customer_id, is_counted order by ordered_at, order_id)' %}

{{- config(contract=contract_but_for_own('orders')) -}}

with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

accepted as (
    select orders.*
    from {{ ref('int_orders_resolved') }} as orders
    inner join as_of on orders.ordered_on <= as_of.as_of_date
    where orders.reject_reason is null
),

refunded as (
    select
        order_id,
        sum(amount) as refunded_amount
    from {{ ref('int_refunds_booked') }}
    group by order_id
),

joined as (
    select
        accepted.order_id,
        accepted.customer_id,
        accepted.status,
        accepted.currency,
        {%- for attribute in own_attributes('orders') %}
        accepted.{{ attribute }},
        {%- endfor %}
        accepted.raw_rows,
        accepted.original_amount,
        accepted.exchange_rate,
        case when accepted.is_refund then 0 else accepted.gross_amount end as gross_amount,
        coalesce(refunded.refunded_amount, 0) as refunded_amount,
        {{ is_counted_order('accepted.status', 'accepted.is_refund') }} as is_counted,
        accepted.is_refund,
        accepted.ordered_on,
        accepted.ordered_at
    from accepted
    left join refunded on accepted.order_id = refunded.order_id
),

-- The one window pass over the orders: number, first, last and next day, among the counted orders only.
numbered as (
    select
        *,
        row_number() over {{ customer_orders }} as order_number,
        min(ordered_on) over (partition by customer_id, is_counted) as first_order_on,
        lag(ordered_on) over {{ customer_orders }} as previous_order_on,
        lead(ordered_on) over {{ customer_orders }} as next_order_on
    from joined
),

final as (
    select
        order_id,
        customer_id,
        status,
        currency,
        {%- for attribute in own_attributes('orders') %}
        {{ attribute }},
        {%- endfor %}
        cast(case when is_counted then order_number end as {{ dbt.type_bigint() }}) as order_number,
        cast(raw_rows as {{ dbt.type_bigint() }}) as raw_rows,
        cast({{ order_money('original_amount') }} as decimal(28, 3)) as original_amount,
        cast(exchange_rate as decimal(18, 10)) as exchange_rate,
        {{ order_money('cast(gross_amount as decimal(28, 2))') }} as gross_amount,
        {{ order_money('cast(refunded_amount as decimal(28, 2))') }} as refunded_amount,
        {{ order_money('cast(gross_amount - refunded_amount as decimal(28, 2))') }} as net_amount,
        is_counted,
        is_refund,
        ordered_on,
        case when is_counted then first_order_on end as first_order_on,
        case when is_counted then previous_order_on end as previous_order_on,
        case when is_counted then next_order_on end as next_order_on,
        ordered_at,
        {{ policy_version_column() }}
    from numbered
)

select * from final
