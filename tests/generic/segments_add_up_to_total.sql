{#- The values of each segment dimension add up to the total, which stands as dimension `all`.
    `dimensions` names those that must be there; without it, those that are there are looked at. -#}
{% test segments_add_up_to_total(model, columns, partition_by, dimension='segment_dimension', dimensions=none) %}
{%- do retention_ledger.names_are_ours() -%}
with actual as (
    select
        {{ dimension }} as dimension_name,
        {{ partition_by | join(', ') }}
        {%- for column in columns %},
        case when count(*) = count({{ column }}) then sum({{ column }}) end as {{ column }}
        {%- endfor %}
    from {{ model }}
    group by {{ dimension }}, {{ partition_by | join(', ') }}
),

dimensions as (
    select distinct dimension_name
    from (
        select dimension_name from actual
        {%- for name in dimensions or [] %}
        union all
        select '{{ name }}' as dimension_name
        {%- endfor %}
    ) as named
),

total as (
    select
        {{ (partition_by + columns) | join(', ') }}
    from actual
    where dimension_name = 'all'
),

expected as (
    select dimensions.dimension_name, total.*
    from total
    cross join dimensions
)

(select * from expected {{ dbt.except() }} select * from actual)
union all
(select * from actual {{ dbt.except() }} select * from expected)
{% endtest %}
