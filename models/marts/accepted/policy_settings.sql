{%- do check_policy() -%}
with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

settings as (
    {%- for name, rule in policy_rules().items() %}
    select
        '{{ name }}' as setting,
        {% if name == 'as_of_date' -%}
        cast(as_of_date as {{ dbt.type_string() }})
        {%- else -%}
        {{ text_or_null(policy(name) if policy(name) is string else tojson(policy(name))) }}
        {%- endif %} as value,
        {{ text_or_null(rule.meaning) }} as meaning,
        {{ (rule.defines or false) | string | lower }} as is_part_of_version
    from as_of
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

stamped as (
    select
        *,
        {{ policy_version_column() }}
    from settings
)

select * from stamped
