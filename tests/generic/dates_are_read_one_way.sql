{#- Stops the build with a sentence when dates in digits are read in the wrong order of day and month: a column's
    values with a 13 in one place cannot be read, while those that could be either are. The half that can be read
    would be wrong, and green.

    model       the staging model of the table
    table_name  the raw table
    dates       rows column_name, raw_value (text), read_at; default: the raw table's own, as the policy reads them -#}
{% test dates_are_read_one_way(model, table_name, dates=none) %}
{%- do retention_ledger.names_are_ours() -%}
with dates as (
    {% if dates is none -%}
    select * from ({{ retention_ledger.dates_as_read(table_name) }}) as as_read
    {%- else -%}
    select * from {{ dates }}
    {%- endif %}
),

-- A date in digits and what ends it have 11 characters at most: of a million times of day some thousand days are looked at.
days as (
    select
        column_name,
        substr(raw_value, 1, 11) as written_day,
        case when read_at is null then 0 else 1 end as is_read,
        count(*) as all_values,
        min(raw_value) as least_value,
        max(raw_value) as greatest_value
    from dates
    group by column_name, substr(raw_value, 1, 11), case when read_at is null then 0 else 1 end
),

shaped as (
    select
        *,
        {{ retention_ledger.date_shape('written_day') }} as shape
    from days
),

-- A number past 12 is a day, so its place decides the order. Past 31 it is neither.
numbered as (
    select
        *,
        {{ retention_ledger.date_number('written_day', 'shape', 1) }} as first_number,
        {{ retention_ledger.date_number('written_day', 'shape', 2) }} as second_number
    from shaped
    where shape is not null
),

decided as (
    select
        *,
        case
            when first_number between 13 and 31 and second_number between 1 and 12 then 'day first'
            when second_number between 13 and 31 and first_number between 1 and 12 then 'month first'
        end as only_order
    from numbered
),

orders_of_days as (
    select
        column_name,
        shape,
        only_order,
        sum(all_values) as decided_values,
        sum(is_read * all_values) as read_values,
        min(case when is_read = 0 then least_value end) as unread_value,
        max(case when is_read = 0 then greatest_value end) as other_unread_value,
        min(case when is_read = 1 then least_value end) as read_value
    from decided
    group by column_name, shape, only_order
),

shapes as (
    select
        column_name,
        shape,
        sum(decided_values) as shaped_values,
        sum(read_values) as read_values,
        min(read_value) as read_value
    from orders_of_days
    group by column_name, shape
),

-- A single slip of the pen in a large table is a row to refuse; year first is nearly always year, month, day.
contradictions as (
    select
        orders_of_days.column_name,
        orders_of_days.only_order,
        orders_of_days.decided_values,
        orders_of_days.unread_value,
        orders_of_days.other_unread_value,
        shapes.read_values,
        shapes.read_value
    from orders_of_days
    inner join shapes on orders_of_days.column_name = shapes.column_name and orders_of_days.shape = shapes.shape
    where
        orders_of_days.only_order is not null
        and orders_of_days.read_values = 0
        and shapes.read_values > 0
        and orders_of_days.decided_values >= case when shapes.shape like 'Y%' then 0.3 else 0.03 end * shapes.shaped_values
),

worst as (
    select *
    from contradictions
    order by decided_values desc, column_name
    limit 1
)

select 1 as stopped
from worst
where {{ retention_ledger.fail_when(
    'decided_values > 0',
    "'The dates in " ~ table_name ~ ".' || column_name || ' are read in one order of day and month and written in the other: '"
    ~ " || cast(decided_values as " ~ dbt.type_string() ~ ") || ' values like ' || " ~ retention_ledger.in_quotes('unread_value')
    ~ " || case when other_unread_value <> unread_value then ' and ' || " ~ retention_ledger.in_quotes('other_unread_value') ~ " else '' end"
    ~ " || ' can only be ' || only_order || ' and cannot be read, while ' || cast(read_values as " ~ dbt.type_string() ~ ")"
    ~ " || ' values like ' || " ~ retention_ledger.in_quotes('read_value') ~ " || ' are. Set the var timestamp_formats to the order in which the column is written, for example {default: [...], "
    ~ table_name ~ ": [" ~ '"%m/%d/%Y %H:%M"' ~ "]}; a column that mixes both has to be taken apart with raw_columns.'"
) }}
{% endtest %}
