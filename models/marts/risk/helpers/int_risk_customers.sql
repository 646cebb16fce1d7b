-- A subscriber leaves when the spell ends. Who buys leaves without another order within the horizon: the day on which
-- activity lapses follows from the last order alone, and to predict it would be no feat.
{%- set has_left =
    'coalesce(next_order_on > horizon_ends_on, true)' if headline_basis() in order_bases()
    else 'coalesce(ended_on <= horizon_ends_on, false)'
%}

with spells as (
    select * from {{ ref('int_customer_spells') }}
    where basis = '{{ headline_basis() }}'
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- Today, and the last days of the months before.
snapshots as (
    select
        as_of_date,
        as_of_date as snapshot_on
    from as_of
    {%- for months in range(policy('risk_history_months')) %}

    union all

    select
        as_of_date,
        {{ add_days(add_months(-months, calendar_start('month', 'as_of_date')), -1) }} as snapshot_on
    from as_of
    {%- endfor %}
),

active as (
    select
        snapshots.snapshot_on,
        snapshots.as_of_date,
        spells.customer_id,
        spells.started_on,
        spells.ended_on
    from spells
    inner join snapshots
        on spells.started_on <= snapshots.snapshot_on
        and (spells.ended_on is null or spells.ended_on > snapshots.snapshot_on)
),

-- The last order on or before the snapshot knows the next one.
followed as (
    select
        active.*,
        {{ add_days('active.snapshot_on', policy('risk_horizon_days')) }} as horizon_ends_on,
        orders.next_order_on
    from active
    left join orders
        on active.customer_id = orders.customer_id
        and active.snapshot_on >= orders.ordered_on
        and (orders.next_order_on is null or active.snapshot_on < orders.next_order_on)
),

final as (
    select
        snapshot_on,
        customer_id,
        snapshot_on = as_of_date as is_today,
        case when horizon_ends_on <= as_of_date then {{ has_left }} end as has_left,
        started_on as active_since_on
    from followed
)

select * from final
