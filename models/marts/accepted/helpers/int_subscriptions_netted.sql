{% set stretch = '(partition by items.subscription_id, stretches.started_on)' %}

with periods as (
    select * from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

several_items as (
    select subscription_id
    from periods
    group by subscription_id
    having count(distinct coalesce(item_id, '')) > 1
),

items as (
    select periods.*
    from periods
    inner join several_items on periods.subscription_id = several_items.subscription_id
),

edges as (
    select
        subscription_id,
        started_on as edge_on
    from items

    union distinct

    select
        subscription_id,
        ended_on as edge_on
    from items
    where ended_on is not null
),

stretches as (
    select
        subscription_id,
        edge_on as started_on,
        lead(edge_on) over (partition by subscription_id order by edge_on) as ended_on
    from edges
),

-- The items that are paid in a stretch add up; the largest one lends its plan and its words.
summed as (
    select
        items.subscription_id,
        items.customer_id,
        items.plan,
        items.currency,
        items.state,
        items.cancel_reason,
        items.exchange_rate,
        sum(items.mrr) over {{ stretch }} as mrr,
        case
            when min(items.currency) over {{ stretch }} = max(items.currency) over {{ stretch }}
                then sum(items.monthly_amount) over {{ stretch }}
        end as monthly_amount,
        row_number() over (
            partition by items.subscription_id, stretches.started_on
            order by items.mrr desc, items.item_id asc
        ) as item_rank,
        stretches.started_on,
        stretches.ended_on,
        items.cancel_requested_on
    from stretches
    inner join items
        on stretches.subscription_id = items.subscription_id
        and stretches.started_on >= items.started_on
        and (items.ended_on is null or stretches.started_on < items.ended_on)
),

netted as (
    select
        *,
        coalesce(lead(started_on) over (partition by subscription_id order by started_on) = ended_on, false) as is_renewed
    from summed
    where item_rank = 1
),

united as (
    select
        subscription_id,
        customer_id,
        plan,
        currency,
        state,
        cancel_reason,
        monthly_amount,
        exchange_rate,
        mrr,
        is_renewed,
        started_on,
        ended_on,
        cancel_requested_on
    from netted

    union all

    select
        periods.subscription_id,
        periods.customer_id,
        periods.plan,
        periods.currency,
        periods.state,
        periods.cancel_reason,
        periods.monthly_amount,
        periods.exchange_rate,
        periods.mrr,
        periods.is_renewed,
        periods.started_on,
        periods.ended_on,
        periods.cancel_requested_on
    from periods
    left join several_items on periods.subscription_id = several_items.subscription_id
    where several_items.subscription_id is null
),

-- A discount of more than all leaves nothing to pay.
final as (
    select
        subscription_id,
        customer_id,
        plan,
        currency,
        cancel_reason,
        monthly_amount,
        exchange_rate,
        greatest(mrr, 0) as mrr,
        mrr > 0 or {{ is_free_and_active('state', 'plan') }} as is_active,
        is_renewed,
        started_on,
        ended_on,
        cancel_requested_on
    from united
)

select * from final
