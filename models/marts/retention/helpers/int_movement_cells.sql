with movements as (
    select * from {{ ref('customer_movements') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

-- One row per period and combination of segments: small enough to be read once per dimension.
cells as (
    select
        movements.basis,
        movements.period_grain,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        {%- for movement in ['new', 'reactivated', 'churned', 'transient', 'interrupted'] %}
        count(case when movements.movement = '{{ movement }}' then 1 end) as {{ movement }}_customers,
        {%- endfor %}
        count(case when movements.is_acquired then 1 end) as acquired_customers,
        sum(movements.start_events) as start_events,
        sum(movements.churn_events) as churn_events,
        movements.period_start
    from movements
    inner join customers on movements.customer_id = customers.customer_id
    group by
        movements.basis,
        movements.period_grain,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        movements.period_start
)

select * from cells
