-- What would other tools and textbooks report for the latest complete month?
-- Every ratio of the metric catalogue that is made of the ledger's counts, with its formula.
with metric_values as (
    select * from {{ ref('metric_values') }}
    where
        basis = 'orders_window'
        and period_grain = 'month'
        and period_status = 'complete'
        and segment_dimension = 'all'
),

metric_definitions as (
    select * from {{ ref('metric_definitions') }}
    where kind = 'ratio' and mart = 'retention_by_period'
),

latest as (
    select max(period_start) as period_start from metric_values
),

final as (
    select
        metric_values.metric,
        cast(metric_values.numerator as {{ dbt.type_bigint() }}) as numerator,
        cast(metric_values.denominator as {{ dbt.type_bigint() }}) as denominator,
        cast(metric_values.value as decimal(18, 3)) as value,
        metric_values.period_start as month_start,
        metric_definitions.direction as good_direction,
        metric_definitions.label,
        metric_definitions.numerator as numerator_formula,
        metric_definitions.denominator as denominator_formula
    from metric_values
    inner join latest on metric_values.period_start = latest.period_start
    inner join metric_definitions on metric_values.metric = metric_definitions.metric
)

select * from final
order by metric
