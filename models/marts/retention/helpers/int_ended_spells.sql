{% set before_it -%}
(
    partition by customer_id
    order by happened_on, case when basis is not null then 0 else 1 end
    rows between unbounded preceding and current row
)
{%- endset %}

with spells as (
    select * from {{ ref('int_customer_spells') }}
    where ended_on is not null
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
    where is_counted
),

periods as (
    select * from {{ ref('subscription_periods') }}
    where is_paid
),

-- What a customer did, and the ends of the spells between it: a spell that ends sees what came before.
happened as (
    select
        customer_id,
        1 as orders,
        gross_amount as net_revenue,
        0 as mrr_days,
        ordered_on,
        ordered_on as happened_on
    from orders

    union all

    select
        customer_id,
        0 as orders,
        -amount as net_revenue,
        0 as mrr_days,
        cast(null as date) as ordered_on,
        refunded_on as happened_on
    from refunds

    union all

    -- Whatever started before a spell of paid days ended has ended with it.
    select
        customer_id,
        0 as orders,
        0 as net_revenue,
        mrr * {{ days_between('started_on', 'ended_on') }} as mrr_days,
        cast(null as date) as ordered_on,
        started_on as happened_on
    from periods
),

events as (
    select
        cast(null as {{ dbt.type_string() }}) as basis,
        customer_id,
        orders,
        net_revenue,
        mrr_days,
        false as is_first_spell,
        cast(null as date) as started_on,
        ordered_on,
        happened_on
    from happened

    union all

    select
        basis,
        customer_id,
        0 as orders,
        0 as net_revenue,
        0 as mrr_days,
        is_first_spell,
        started_on,
        cast(null as date) as ordered_on,
        ended_on as happened_on
    from spells
),

cumulated as (
    select
        basis,
        customer_id,
        is_first_spell,
        started_on,
        happened_on,
        sum(orders) over {{ before_it }} as orders_to_date,
        sum(net_revenue) over {{ before_it }} as net_revenue_to_date,
        sum(mrr_days) over {{ before_it }} as mrr_days_to_date,
        max(ordered_on) over {{ before_it }} as last_order_on
    from events
),

final as (
    select
        basis,
        customer_id,
        cast(orders_to_date as {{ dbt.type_bigint() }}) as orders_to_date,
        {{ order_money('cast(net_revenue_to_date as decimal(28, 2))') }} as net_revenue_to_date,
        cast(mrr_days_to_date * 12 / 365.25 as decimal(28, 2)) as recurring_revenue_to_date,
        is_first_spell,
        started_on,
        happened_on as ended_on,
        last_order_on
    from cumulated
    where basis is not null
)

select * from final
