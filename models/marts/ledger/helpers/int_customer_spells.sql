with
{%- for basis in built_bases() %}
{{ basis }} as (
    select * from {{ ref('int_spells_' ~ basis) }}
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
