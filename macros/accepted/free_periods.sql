{#- Whether a period that nobody pays for makes its customer active: its state or its plan is one of the var
    free_periods_are_active, or that says all. -#}
{% macro is_free_and_active(state, plan) -%}
    {%- set names = policy('free_periods_are_active') | map('lower') | list -%}
    {%- if 'all' in names -%}
    true
    {%- elif names -%}
    coalesce({{ state }} in ({{ text_list(names) }}), false) or {{ plan }} in ({{ text_list(names) }})
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}
