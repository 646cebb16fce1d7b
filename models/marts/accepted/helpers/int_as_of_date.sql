with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

as_of as (
    select
        {% if policy('as_of_date') is not none -%}
        {{ date_literal(policy('as_of_date')) }} as as_of_date,
        {%- else -%}
        max(case when {{ is_counted_order('status', 'is_refund') }} then ordered_on end) as as_of_date,
        {%- endif %}
        max(ordered_on) as last_ordered_on,
        max(case when {{ is_counted_order('status', 'is_refund') }} then ordered_on end) as last_counted_on
    from orders
)

select * from as_of
