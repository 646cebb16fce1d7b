{#- Stops the build with a sentence when a spreadsheet has written ids in scientific notation (6.9401E+12): many have
    become one, and nobody can tell them apart again.

    table_name   the raw table
    columns      its columns of ids -#}
{% test ids_are_not_rounded(model, table_name, columns) %}
{%- do retention_ledger.names_are_ours() -%}
with ids as (
    {%- for column in columns %}
    select
        '{{ column }}' as column_name,
        {{ column }} as id
    from {{ model }}
    where {{ retention_ledger.is_scientific(column) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        column_name,
        count(*) as id_rows,
        min(id) as example,
        max(id) as other_example
    from ids
    group by column_name
),

worst as (
    select *
    from counted
    order by id_rows desc, column_name
    limit 1
)

select 1 as stopped
from worst
where {{ retention_ledger.fail_when(
    'id_rows > 0',
    "'The ids in " ~ table_name ~ ".' || column_name || ' are in scientific notation in ' || cast(id_rows as " ~ dbt.type_string() ~ ")"
    ~ " || ' rows, like ' || " ~ retention_ledger.in_quotes('example')
    ~ " || case when other_example <> example then ' and ' || " ~ retention_ledger.in_quotes('other_example') ~ " else '' end"
    ~ " || ': a spreadsheet has rounded them, and different ids have become one. Export the data again without opening it in a spreadsheet"
    ~ " (or with the column as text). To go on without these rows, leave them out with the var raw_rejects; they count as rejected.'"
) }}
{% endtest %}
