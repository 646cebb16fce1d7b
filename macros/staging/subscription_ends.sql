{#- Whether the day on which a period ends is still paid. Where the var subscription_ends does not say, an end in the last
    minute of a day is the end of that day. -#}
{% macro covers_the_day_of_its_end(ended_at) -%}
    {%- if policy('subscription_ends') == 'inclusive' -%}
    {{ ended_at }} is not null
    {%- elif policy('subscription_ends') == 'exclusive' -%}
    false
    {%- else -%}
    cast({{ add_a_minute(ended_at) }} as date) > cast({{ ended_at }} as date)
    {%- endif -%}
{%- endmacro %}


{% macro add_a_minute(moment) -%}
    {{ adapter.dispatch('add_a_minute', 'retention_ledger')(moment) }}
{%- endmacro %}

{% macro default__add_a_minute(moment) -%}
    {{ dbt.dateadd('minute', 1, moment) }}
{%- endmacro %}

{#- dbt's own macro stops at a moment that is null. -#}
{% macro spark__add_a_minute(moment) -%}
    ({{ moment }} + interval 1 minute)
{%- endmacro %}
