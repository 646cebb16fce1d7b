{#- A coarser period opens with what its first finer period opens with, and closes with what its last
    one closes with, per slice. -#}
{% test coarser_period_shares_edges(model, opening, closing, partition_by, finer, coarser, grain='period_grain', period_start='period_start') %}
{%- do retention_ledger.names_are_ours() -%}
{%- for name in [finer, coarser] if execute and name not in ['day', 'week', 'month', 'quarter', 'year'] %}
    {{ exceptions.raise_compiler_error("coarser_period_shares_edges: '" ~ name ~ "' is not a grain. There are: day, week, month, quarter, year.") }}
{%- endfor %}
{%- set periods -%}
(
            partition by {{ partition_by | join(', ') }}, coarser_start
            order by {{ period_start }}
            rows between unbounded preceding and unbounded following
        )
{%- endset %}
with dated as (
    select
        *,
        {{ retention_ledger.period_start(coarser, period_start) }} as coarser_start
    from {{ model }}
    where {{ grain }} = '{{ finer }}'
),

finer as (
    select
        {{ partition_by | join(', ') }},
        coarser_start,
        first_value({{ opening }}) over {{ periods }} as opening,
        last_value({{ closing }}) over {{ periods }} as closing
    from dated
),

edges as (
    select distinct * from finer
),

coarser as (
    select
        {{ partition_by | join(', ') }},
        {{ period_start }} as coarser_start,
        {{ opening }} as opening,
        {{ closing }} as closing
    from {{ model }}
    where {{ grain }} = '{{ coarser }}'
),

calendars as (
    select count(distinct {{ grain }}) as grains from {{ model }} where {{ grain }} in ('{{ finer }}', '{{ coarser }}')
)

select *
from (
    (select * from edges {{ dbt.except() }} select * from coarser)
    union all
    (select * from coarser {{ dbt.except() }} select * from edges)
) as differences
where (select grains from calendars) = 2
{% endtest %}
