{#- Stops the build with a sentence when an id has two rows of different contents and nothing says which is newer.

    model        one row per id, with the two rows in words in rival_versions
    table_name   the raw table, for the sentence
    row_key      SQL: the id -#}
{% test versions_can_be_ordered(model, table_name, row_key) %}
{%- do retention_ledger.names_are_ours() -%}
{%- set text = dbt.type_string() -%}
with undecided as (
    select
        {{ row_key }} as row_key,
        rival_versions
    from {{ model }}
    where rival_versions is not null
),

counted as (
    select
        count(*) as ids,
        min({{ retention_ledger.in_quotes('row_key') }} || ' is both ' || rival_versions) as first_example,
        max({{ retention_ledger.in_quotes('row_key') }} || ' is both ' || rival_versions) as last_example
    from undecided
)

select 1 as stopped
from counted
where {{ retention_ledger.fail_when(
    'ids > 0',
    "'Of the raw " ~ table_name ~ ", ' || cast(ids as " ~ text ~ ") || ' ids have versions that differ, and nothing says which is newer: '"
    ~ " || first_example || case when ids > 1 then '; ' || last_example else '' end"
    ~ " || '. Map updated_at, in the var raw_columns, to the time of the change"
    ~ ("; list " ~ table_name ~ " in the var raw_line_level if they are lines to be added up" if table_name != 'subscriptions' else "")
    ~ "; or leave one of them out with the var raw_rejects.'"
) }}
{% endtest %}
