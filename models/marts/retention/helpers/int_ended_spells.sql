-- What comes before a spell that has ended has ended, too.
with spells as (
    select
        *,
        lag(ended_on) over (partition by basis, customer_id order by started_on) as previous_ended_on
    from {{ ref('int_customer_spells') }}
    where ended_on is not null
),

orders as (
    select
        customer_id,
        order_number,
        sum(gross_amount) over (
            partition by customer_id
            order by order_number
            rows between unbounded preceding and current row
        ) as gross_revenue_to_date,
        ordered_on,
        next_order_on
    from {{ ref('orders') }}
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

refunded as (
    select
        spells.basis,
        spells.customer_id,
        spells.ended_on,
        sum(refunds.amount) as refunds_to_date
    from spells
    inner join refunds
        on spells.customer_id = refunds.customer_id
        and spells.ended_on > refunds.refunded_on
    group by spells.basis, spells.customer_id, spells.ended_on
),

-- Whatever started before a spell of paid days ended has ended with it.
subscribed as (
    select
        spells.basis,
        spells.customer_id,
        spells.ended_on,
        sum(periods.mrr * {{ days_between('periods.started_on', 'periods.ended_on') }}) as mrr_days_to_date
    from spells
    inner join periods
        on spells.customer_id = periods.customer_id
        and spells.ended_on > periods.started_on
    where spells.basis = 'subscriptions'
    group by spells.basis, spells.customer_id, spells.ended_on
),

-- The last order before the day on which a spell ends knows how many there were; the next is of that day, or later.
joined as (
    select
        spells.basis,
        spells.customer_id,
        coalesce(orders.order_number, 0) as orders_to_date,
        coalesce(orders.gross_revenue_to_date, 0) - coalesce(refunded.refunds_to_date, 0) as net_revenue_to_date,
        case when spells.basis = 'subscriptions' then coalesce(subscribed.mrr_days_to_date, 0) end as mrr_days_to_date,
        spells.is_first_spell,
        spells.started_on,
        spells.ended_on,
        spells.previous_ended_on,
        orders.ordered_on as last_order_on
    from spells
    left join orders
        on spells.customer_id = orders.customer_id
        and spells.ended_on > orders.ordered_on
        and (orders.next_order_on is null or spells.ended_on <= orders.next_order_on)
    left join refunded
        on spells.basis = refunded.basis
        and spells.customer_id = refunded.customer_id
        and spells.ended_on = refunded.ended_on
    left join subscribed
        on spells.basis = subscribed.basis
        and spells.customer_id = subscribed.customer_id
        and spells.ended_on = subscribed.ended_on
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
        ended_on,
        previous_ended_on,
        last_order_on
    from joined
)

select * from final
