{#- The values of each segment dimension add up to the total, which stands as dimension `all`. -#}
{% test segments_add_up_to_total(model, columns, partition_by, dimension='segment_dimension') %}
with total as (
    select
        {{ partition_by | join(', ') }}
        {%- for column in columns %},
        coalesce({{ column }}, 0) as {{ column }}
        {%- endfor %}
    from {{ model }}
    where {{ dimension }} = 'all'
),

dimensions as (
    select distinct {{ dimension }} as dimension_name from {{ model }} where {{ dimension }} <> 'all'
),

expected as (
    select dimensions.dimension_name, total.*
    from total
    cross join dimensions
),

actual as (
    select
        {{ dimension }} as dimension_name,
        {{ partition_by | join(', ') }}
        {%- for column in columns %},
        coalesce(sum({{ column }}), 0) as {{ column }}
        {%- endfor %}
    from {{ model }}
    where {{ dimension }} <> 'all'
    group by {{ dimension }}, {{ partition_by | join(', ') }}
)

(select * from expected except select * from actual)
union all
(select * from actual except select * from expected)
{% endtest %}
