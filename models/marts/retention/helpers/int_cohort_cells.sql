with spells as (
    select
        *,
        {{ cohort_period('started_on') }} as started_month,
        {{ cohort_period('ended_on') }} as ended_month
    from {{ ref('int_customer_spells') }}
    where basis in ({{ text_list(bases_of_grain(policy('cohort_grain')) or ['']) }})
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

refunds as (
    select
        *,
        {{ cohort_period('refunded_on') }} as refunded_month
    from {{ ref('int_refunds_booked') }}
    where is_counted
),

customers as (
    select * from {{ ref('int_customers') }}
),

first_orders as (
    select
        customer_id,
        {{ cohort_period('first_order_on') }} as cohort_month
    from (
        select distinct
            customer_id,
            first_order_on
        from orders
    ) as distinct_customers
),

cohorts as (
    select
        basis,
        customer_id,
        started_month as cohort_month
    from spells
    where is_first_spell
),

-- Customers of one cohort and one combination of segments whose spells ran from one month to the same other one are
-- counted together.
spell_cells as (
    select
        spells.basis,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        spells.is_first_spell,
        count(*) as spells,
        cohorts.cohort_month,
        spells.started_month,
        spells.ended_month
    from spells
    inner join cohorts
        on spells.basis = cohorts.basis and spells.customer_id = cohorts.customer_id
    inner join customers on spells.customer_id = customers.customer_id
    group by
        spells.basis,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        spells.is_first_spell,
        cohorts.cohort_month,
        spells.started_month,
        spells.ended_month
),

status_changes as (
    select
        basis,
        {%- for attribute in customer_attributes() %}
        {{ attribute }},
        {%- endfor %}
        case when is_first_spell then spells else 0 end as acquired_customers,
        spells as status_change,
        cohort_month,
        started_month as activity_month
    from spell_cells

    union all

    select
        basis,
        {%- for attribute in customer_attributes() %}
        {{ attribute }},
        {%- endfor %}
        0 as acquired_customers,
        -spells as status_change,
        cohort_month,
        ended_month as activity_month
    from spell_cells
    where ended_month is not null
),

-- A customer orders in a month with the order whose predecessor lies before it, and for the last time
-- with the order that has no successor.
trade as (
    select
        customer_id,
        case when previous_order_on is null or previous_order_on < {{ cohort_period('ordered_on') }} then 1 else 0 end
            as ordering_customers,
        case when next_order_on is null then 1 else 0 end as last_ordering_customers,
        gross_amount as net_revenue,
        {{ cohort_period('first_order_on') }} as cohort_month,
        {{ cohort_period('ordered_on') }} as activity_month
    from orders

    union all

    -- Who was paid back before the first order, or without one, is in no cohort yet.
    select
        refunds.customer_id,
        0 as ordering_customers,
        0 as last_ordering_customers,
        -refunds.amount as net_revenue,
        first_orders.cohort_month,
        refunds.refunded_month as activity_month
    from refunds
    inner join first_orders
        on refunds.customer_id = first_orders.customer_id
        and refunds.refunded_month >= first_orders.cohort_month
),

status_cells as (
    select
        basis,
        {%- for attribute in customer_attributes() %}
        {{ attribute }},
        {%- endfor %}
        sum(acquired_customers) as acquired_customers,
        sum(status_change) as status_change,
        0 as ordering_customers,
        0 as last_ordering_customers,
        0 as net_revenue,
        cohort_month,
        activity_month
    from status_changes
    group by basis, {{ customer_attributes() | join(', ') }}, cohort_month, activity_month
),

trade_cells as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        sum(trade.ordering_customers) as ordering_customers,
        sum(trade.last_ordering_customers) as last_ordering_customers,
        sum(trade.net_revenue) as net_revenue,
        trade.cohort_month,
        trade.activity_month
    from trade
    inner join customers on trade.customer_id = customers.customer_id
    group by {{ customer_attributes() | join(', ') }}, trade.cohort_month, trade.activity_month
),

cells as (
    select * from status_cells
    {%- for basis in order_bases() if basis in bases_of_grain(policy('cohort_grain')) %}
    union all
    select
        '{{ basis }}' as basis,
        {%- for attribute in customer_attributes() %}
        {{ attribute }},
        {%- endfor %}
        0 as acquired_customers,
        0 as status_change,
        ordering_customers,
        last_ordering_customers,
        net_revenue,
        cohort_month,
        activity_month
    from trade_cells
    {%- endfor %}
)

select * from cells
