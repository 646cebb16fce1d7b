{#- Runs of counted orders as spells: the whole model of an orders basis, which is defined by two days
    that follow from the day of an order:
    lapses_on          the first inactive day if no order follows
    continues_through  the last day on which an order still continues the run
    A run is over for certain when continues_through has passed; its end is booked on lapses_on. -#}
{% macro spells_of_orders(lapses_on, continues_through) %}
with counted_orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

reaches as (
    select
        customer_id,
        order_number,
        ordered_on,
        previous_order_on,
        next_order_on,
        {{ continues_through('previous_order_on') }} as previous_continues_through,
        {{ continues_through('ordered_on') }} as continues_through
    from counted_orders
),

edges as (
    select
        customer_id,
        order_number,
        previous_order_on is null as is_first_spell,
        previous_order_on is null or ordered_on > previous_continues_through as is_spell_start,
        next_order_on is null or next_order_on > continues_through as is_spell_end,
        ordered_on
    from reaches
),

-- Only the edges are left, so the row after a start is the end of its run.
paired as (
    select
        *,
        lead(ordered_on) over (partition by customer_id order by order_number) as next_edge_on
    from edges
    where is_spell_start or is_spell_end
),

runs as (
    select
        customer_id,
        is_first_spell,
        ordered_on as started_on,
        case when is_spell_end then ordered_on else next_edge_on end as last_order_on
    from paired
    where is_spell_start
),

spells as (
    select
        runs.customer_id,
        runs.is_first_spell,
        runs.started_on,
        case
            when {{ continues_through('runs.last_order_on') }} <= as_of.as_of_date
                then {{ lapses_on('runs.last_order_on') }}
        end as ended_on,
        {{ lapses_on('runs.last_order_on') }} as lapses_on
    from runs
    cross join as_of
)

select * from spells
{% endmacro %}


{#- orders_window: an order keeps a customer active for inactivity_days; one on the very day on which
    activity would lapse continues it. -#}
{% macro window_lapses_on(ordered_on) -%}
    {{ add_days(ordered_on, policy('inactivity_days')) }}
{%- endmacro %}


{#- orders_calendar: activity lapses on the first day of the month after the last order's, when that
    whole month has passed without one. -#}
{% macro calendar_lapses_on(ordered_on) -%}
    {{ next_period_start('month', ordered_on) }}
{%- endmacro %}

{% macro calendar_continues_through(ordered_on) -%}
    {%- if calendar_is_a_table() -%}
    {{ of_calendar_day('end_of_next_month', ordered_on) }}
    {%- else -%}
    {{ add_days(add_periods('month', 2, period_start('month', ordered_on)), -1) }}
    {%- endif -%}
{%- endmacro %}
