with ids as (
    select * from {{ ref('int_findings_of_ids') }}
),

orders as (
    select * from {{ ref('int_findings_of_orders') }}
),

rules as (
    {{- finding_rule_rows() }}
),

findings as (
    select * from ids
    union all
    select * from orders
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
