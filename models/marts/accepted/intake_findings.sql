with ids as (
    select * from {{ ref('int_findings_of_ids') }}
),

orders as (
    select * from {{ ref('int_findings_of_orders') }}
),

months as (
    select * from {{ ref('int_findings_of_months') }}
),

amounts as (
    select * from {{ ref('int_findings_of_amounts') }}
),

subscriptions as (
    select * from {{ ref('int_findings_of_subscriptions') }}
),

written_columns as (
    select * from {{ ref('int_findings_of_columns') }}
),

service as (
    select * from {{ ref('int_findings_of_service') }}
),

-- Own data, and nothing said of its margin.
settings as (
    select
        'margin_is_not_set' as finding,
        'settings' as source_table,
        'gross_margin_rate' as column_name,
        'gross_margin_rate is not set' as what,
        cast(null as {{ dbt.type_string() }}) as examples,
        1 as affected_rows,
        1 as all_rows
    from (select 1 as nothing) as nothing
    where {{ is_margin_unknown() | lower }}
),

rules as (
    {{- finding_rule_rows() }}
),

findings as (
    select * from ids
    union all
    select * from orders
    union all
    select * from months
    union all
    select * from amounts
    union all
    select * from subscriptions
    union all
    select * from written_columns
    union all
    select * from service
    union all
    select * from settings
),

final as (
    select
        findings.finding,
        findings.source_table,
        findings.column_name,
        rules.severity,
        findings.what,
        findings.examples,
        rules.meaning,
        rules.setting,
        rules.remedy,
        cast(findings.affected_rows as {{ dbt.type_bigint() }}) as affected_rows,
        {{ safe_divide('findings.affected_rows', 'findings.all_rows') }} as affected_share,
        {{ policy_version_column() }}
    from findings
    inner join rules on findings.finding = rules.finding
)

select * from final
