-- What is written in a column of dates and cannot be read, whether the row is refused for it or not.
{%- for table in raw_table_columns() if table not in ['customer_id_map', 'calendar'] %}
{%- do ref('base_' ~ table) %}
{%- endfor %}
{%- set tables = policy('raw_tables') | reject('in', ['customer_id_map', 'calendar']) | list %}

{%- for table in tables %}

{{ 'with ' if loop.first }}{{ table }} as (
    {{- dates_as_read(table) }}
),
{%- endfor %}

unreadable as (
    {%- for table in tables %}
    select
        '{{ table }}' as source_table,
        row_key,
        column_name,
        raw_value
    from {{ table }}
    where read_at is null and raw_value is not null
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
)

select * from unreadable
