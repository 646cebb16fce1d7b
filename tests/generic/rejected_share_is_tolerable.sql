{#- Stops the build with a sentence when too large a share of a raw table is not accepted.

    model           one row per raw row
    accepted        the table the accepted rows went to
    accepted_rows   SQL: how many raw rows its rows stand for; accepted_where: which of them
    reasons         a table with a column reject_reason, for the sentence
    most            the largest share that is tolerated (default: the policy's max_rejected_share) -#}
{% test rejected_share_is_tolerable(model, table_name, accepted, accepted_rows, reasons, most=none, accepted_where='1 = 1') %}
{%- do retention_ledger.names_are_ours() -%}
{%- set most = retention_ledger.policy('max_rejected_share') if most is none else most -%}
with raw_rows as (
    select count(*) as raw_rows from {{ model }}
),

accepted_rows as (
    select coalesce({{ accepted_rows }}, 0) as accepted_rows from {{ accepted }} where {{ accepted_where }}
),

reason_counts as (
    select reject_reason, count(*) as reason_rows
    from {{ reasons }}
    where reject_reason is not null
    group by reject_reason
),

listed as (
    select {{ dbt.listagg("reject_reason || ' ' || cast(reason_rows as " ~ dbt.type_string() ~ ")", "', '", "order by reason_rows desc, reject_reason") }} as reason_list
    from reason_counts
)

select 1 as stopped
from raw_rows
cross join accepted_rows
cross join listed
where {{ retention_ledger.fail_when(
    "raw_rows.raw_rows - accepted_rows.accepted_rows > " ~ most ~ " * raw_rows.raw_rows",
    "'Of ' || cast(raw_rows.raw_rows as " ~ dbt.type_string() ~ ") || ' raw rows of " ~ table_name ~ ", '"
    ~ " || cast(raw_rows.raw_rows - accepted_rows.accepted_rows as " ~ dbt.type_string() ~ ")"
    ~ " || ' are rejected, more than the share of " ~ most ~ " that the var max_rejected_share tolerates. Reasons: '"
    ~ " || coalesce(listed.reason_list, 'older versions of the same ids') || '. Mend the data, or raise the var.'"
) }}
{% endtest %}
