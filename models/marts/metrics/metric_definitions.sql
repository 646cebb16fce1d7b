{%- set texts = [
    'name', 'label', 'kind', 'unit', 'direction', 'mart', 'numerator', 'denominator', 'condition', 'description', 'synonyms', 'sources',
] -%}

with definitions as (
    {%- for metric in metric_catalogue() %}
    select
        {%- for field in texts %}
        {{ text_or_null(metric[field]) }} as {{ 'metric' if field == 'name' else field }},
        {%- endfor %}
        cast({{ metric.version }} as {{ dbt.type_int() }}) as version,
        {{ metric.is_column | string | lower }} as is_column
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
