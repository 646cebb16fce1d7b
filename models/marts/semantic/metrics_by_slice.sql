{{- config(materialized='view') -}}

{%- set metrics = metric_catalogue() | selectattr('is_by_period') | sort(attribute='name') | list -%}
{%- set first_day = 'cast(side_by_side.period_start as ' ~ dbt.type_string() ~ ')' -%}

with metric_values as (
    select * from {{ ref('metric_values') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- A metric stands once in a slice and period, so that max picks it and adds nothing up.
side_by_side as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        segment_dimension,
        segment_value,
        {%- for metric in metrics %}
        cast(max(case when metric = '{{ metric.name }}' then value end) as decimal(28, 6)) as {{ metric.name }},
        {%- endfor %}
        is_latest_complete_period
    from metric_values
    group by
        basis, period_grain, period_start, period_end, period_status, segment_dimension, segment_value,
        is_latest_complete_period
),

stamped as (
    select
        side_by_side.basis,
        side_by_side.period_grain,
        side_by_side.period_start,
        side_by_side.period_end,
        side_by_side.period_status,
        side_by_side.segment_dimension,
        side_by_side.segment_value,
        side_by_side.is_latest_complete_period,
        {{ dbt.concat(['side_by_side.period_grain', "' from '", first_day]) }} as period,
        as_of.as_of_date,
        {%- for metric in metrics %}
        side_by_side.{{ metric.name }},
        {%- endfor %}
        {{ policy_version_column() }}
    from side_by_side
    cross join as_of
)

select * from stamped
