{#- What happened in the finer periods adds up to what happened in the coarser one, per slice. For
    columns that can be added (events, money), not for movements of customers. -#}
{% test finer_periods_add_up(model, columns, partition_by, finer, coarser, grain='period_grain', period_start='period_start') %}
{%- do retention_ledger.names_are_ours() -%}
{%- for name in [finer, coarser] if execute and name not in ['day', 'week', 'month', 'quarter', 'year'] %}
    {{ exceptions.raise_compiler_error("finer_periods_add_up: '" ~ name ~ "' is not a grain. There are: day, week, month, quarter, year.") }}
{%- endfor %}
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
        coarser_start as period_start
        {%- for column in columns %},
        case when count(*) = count({{ column }}) then sum({{ column }}) end as {{ column }}
        {%- endfor %}
    from dated
    group by {{ partition_by | join(', ') }}, coarser_start
),

coarser as (
    select
        {{ partition_by | join(', ') }},
        {{ period_start }} as period_start
        {%- for column in columns %},
        case when count(*) = count({{ column }}) then sum({{ column }}) end as {{ column }}
        {%- endfor %}
    from {{ model }}
    where {{ grain }} = '{{ coarser }}'
    group by {{ partition_by | join(', ') }}, {{ period_start }}
),

calendars as (
    select count(distinct {{ grain }}) as grains from {{ model }} where {{ grain }} in ('{{ finer }}', '{{ coarser }}')
)

{#- A policy may leave a grain out: then there is nothing to compare. #}
select *
from (
    (select * from finer {{ dbt.except() }} select * from coarser)
    union all
    (select * from coarser {{ dbt.except() }} select * from finer)
) as differences
where (select grains from calendars) = 2
{% endtest %}
