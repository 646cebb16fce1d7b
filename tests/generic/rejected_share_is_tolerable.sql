{#- Stops the build with a sentence when too large a share of a raw table has faults: each reason with its rows, two of
    its values and the setting that helps. Nothing is wrong with rows that a
    rule of one's own leaves out, with older versions and with the like (see the macro harmless_reasons).

    model           one row per raw row
    table_name      the raw table
    rejected        one row per raw row with its reject_reason, of models that the marts are built on: only then does a
                    failure stop the marts from being built
    examples        rows reject_reason, row_key and rejected_value to show two of per reason (default: none are shown)
    harmless        reasons that are no faults (default: those of this project)
    most            the largest share that is tolerated (default: the policy's max_rejected_share) -#}
{% test rejected_share_is_tolerable(model, table_name, rejected, examples=none, harmless=none, most=none) %}
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

{% if examples is none -%}
shown as (
    select
        reject_reason,
        '' as example_list
    from reason_counts
),
{%- else -%}
examples as (
    select
        reject_reason,
        coalesce(row_key, 'no id') || coalesce(': ' || {{ retention_ledger.in_quotes('rejected_value') }}, '') as example,
        row_number() over (partition by reject_reason order by row_key, rejected_value) as example_number
    from {{ examples }}
    where reject_reason is not null
),

shown as (
    select
        reject_reason,
        ' (' || {{ retention_ledger.joined_texts("example", "', '", "order by example_number") }} || ')' as example_list
    from examples
    where example_number <= 2
    group by reject_reason
),
{%- endif %}

reasons as (
    select
        reason_counts.reject_reason,
        reason_counts.reason_rows,
        coalesce(shown.example_list, '') as example_list,
        case reason_counts.reject_reason {{ retention_ledger.remedy_branches() }} end as remedy
    from reason_counts
    left join shown on reason_counts.reject_reason = shown.reject_reason
),

listed as (
    select
        coalesce(sum(reason_rows), 0) as faults,
        {{ retention_ledger.joined_texts("reject_reason || ' ' || cast(reason_rows as " ~ dbt.type_string() ~ ") || example_list", "', '", "order by reason_rows desc, reject_reason") }} as reason_list,
        {{ retention_ledger.joined_texts("remedy", "'; '", "order by reason_rows desc, reject_reason") }} as remedy_list
    from reasons
)

select 1 as stopped
from raw_rows
cross join listed
where {{ retention_ledger.fail_when(
    "listed.faults > " ~ most ~ " * raw_rows.raw_rows",
    "'Of ' || cast(raw_rows.raw_rows as " ~ dbt.type_string() ~ ") || ' raw rows of " ~ table_name ~ ", '"
    ~ " || cast(listed.faults as " ~ dbt.type_string() ~ ")"
    ~ " || ' are rejected, more than the share of " ~ most ~ " that the var max_rejected_share tolerates. Reasons: '"
    ~ " || listed.reason_list || '. ' || coalesce('What helps: ' || listed.remedy_list || '. ', '')"
    ~ " || 'Otherwise mend the data, or raise the var if the data is like that.'"
) }}
{% endtest %}
