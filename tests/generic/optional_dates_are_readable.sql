{#- Stops the build with a sentence when too large a share of the values in a column of dates cannot be read whose rows
    are kept without them: such a column is written in a way that nobody has told, or has a text for "no value". One
    value alone says nothing about its column; it is a finding (intake_findings).

    model       the staging model of the table
    table_name  the raw table
    columns     its columns of dates to be looked at
    dates       rows column_name, row_key, raw_value (text), read_at; default: the raw table's own, as the policy reads them
    most        the largest share that is tolerated (default: the policy's max_rejected_share) -#}
{% test optional_dates_are_readable(model, table_name, columns, dates=none, most=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- set most = retention_ledger.policy('max_rejected_share') if most is none else most -%}
with dates as (
    {% if dates is none -%}
    select * from ({{ retention_ledger.dates_as_read(table_name) }}) as as_read
    {%- else -%}
    select * from {{ dates }}
    {%- endif %}
),

counted as (
    select
        column_name,
        count(raw_value) as written_values,
        count(case when read_at is null then raw_value end) as unread_values,
        min(case when read_at is null then raw_value end) as unread_value,
        max(case when read_at is null then raw_value end) as other_unread_value
    from dates
    where column_name in ({{ retention_ledger.text_list(columns) }})
    group by column_name
),

worst as (
    select *
    from counted
    where unread_values > {{ most }} * written_values and unread_values > 1
    order by unread_values desc, column_name
    limit 1
)

select 1 as stopped
from worst
where {{ retention_ledger.fail_when(
    'unread_values > 0',
    "'Of ' || cast(written_values as " ~ dbt.type_string() ~ ") || ' dates in " ~ table_name ~ ".' || column_name || ', '"
    ~ " || cast(unread_values as " ~ dbt.type_string() ~ ") || ' cannot be read, like ' || " ~ retention_ledger.in_quotes('unread_value')
    ~ " || case when other_unread_value <> unread_value then ' and ' || " ~ retention_ledger.in_quotes('other_unread_value') ~ " else '' end"
    ~ " || ': more than the share of " ~ most ~ " that the var max_rejected_share tolerates. The var timestamp_formats says how they are written,"
    ~ " missing_texts which text means that there is none; raw_columns maps the column to null.'"
) }}
{% endtest %}
