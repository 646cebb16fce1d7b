-- All three are named: what depends on what is no question of the settings.
{%- set spells_of = {
    'orders_window': ref('int_spells_orders_window'),
    'orders_calendar': ref('int_spells_orders_calendar'),
    'subscriptions': ref('int_spells_subscriptions'),
} %}

with
{%- for basis in built_bases() %}
{{ basis }} as (
    select * from {{ spells_of[basis] }}
),
{% endfor %}
spells as (
    {%- for basis in built_bases() %}
    select
        '{{ basis }}' as basis,
        customer_id,
        is_first_spell,
        started_on,
        ended_on,
        lapses_on
    from {{ basis }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from spells
