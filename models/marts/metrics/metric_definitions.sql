{%- set texts = [
    'label', 'description', 'direction', 'nulls', 'kind', 'mart', 'numerator', 'denominator', 'condition', 'synonyms', 'sources',
] -%}

with definitions as (
    {%- for metric in metric_catalogue() %}
    select
        {{ text_or_null(metric.name) }} as metric,
        {{ text_or_null(metric_formula(metric)) }} as formula,
        {{ text_or_null(metric_unit(metric)) }} as unit,
        {%- for field in texts %}
        {{ text_or_null(metric[field]) }} as {{ column_name(field) }},
        {%- endfor %}
        cast({{ metric.version }} as {{ dbt.type_int() }}) as version,
        {{ metric.is_column | string | lower }} as is_column,
        {{ metric.is_proportion | string | lower }} as is_proportion
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

stamped as (
    select
        *,
        {{ policy_version_column() }}
    from definitions
)

select * from stamped
