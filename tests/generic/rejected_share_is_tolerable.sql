{#- Stops the build with a sentence when too large a share of a raw table has faults. Nothing is wrong with rows that a
    rule of one's own leaves out, with older versions and with the like (see the macro harmless_reasons).

    model           one row per raw row
    table_name      the raw table
    rejected        one row per raw row that was not accepted, with its reject_reason
    harmless        reasons that are no faults (default: those of this project)
    most            the largest share that is tolerated (default: the policy's max_rejected_share) -#}
{% test rejected_share_is_tolerable(model, table_name, rejected, harmless=none, most=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- set most = retention_ledger.policy('max_rejected_share') if most is none else most -%}
{%- set harmless = retention_ledger.harmless_reasons(table_name) if harmless is none else harmless -%}
with raw_rows as (
    select count(*) as raw_rows from {{ model }}
),

reason_counts as (
    select reject_reason, count(*) as reason_rows
    from {{ rejected }}
    where reject_reason is not null and reject_reason not in ({{ retention_ledger.text_list(harmless) }})
    group by reject_reason
),

listed as (
    select
        coalesce(sum(reason_rows), 0) as faults,
        {{ dbt.listagg("reject_reason || ' ' || cast(reason_rows as " ~ dbt.type_string() ~ ")", "', '", "order by reason_rows desc, reject_reason") }} as reason_list
    from reason_counts
)

select 1 as stopped
from raw_rows
cross join listed
where {{ retention_ledger.fail_when(
    "listed.faults > " ~ most ~ " * raw_rows.raw_rows",
    "'Of ' || cast(raw_rows.raw_rows as " ~ dbt.type_string() ~ ") || ' raw rows of " ~ table_name ~ ", '"
    ~ " || cast(listed.faults as " ~ dbt.type_string() ~ ")"
    ~ " || ' are rejected, more than the share of " ~ most ~ " that the var max_rejected_share tolerates. Reasons: '"
    ~ " || listed.reason_list || '. Mend the data, or raise the var.'"
) }}
{% endtest %}
