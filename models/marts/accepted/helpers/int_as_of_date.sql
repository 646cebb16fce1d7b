with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

as_of as (
    select
        {% if policy('as_of_date') is not none -%}
        {{ date_literal(policy('as_of_date')) }} as as_of_date,
        {%- else -%}
        max(ordered_on) as as_of_date,
        {%- endif %}
        max(ordered_on) as last_ordered_on
    from orders
)

select * from as_of
