{#- Each period of a slice starts the day after the one before ends, and opens with what that one
    closed with. Fails on a hole and on a null as well as on a broken balance. `first_opening`: what the
    first period of each slice must open with, where that is known. -#}
{% test balance_rolls_forward(model, opening, closing, period_start, period_end, partition_by, first_opening=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- set slice = '(partition by ' ~ partition_by | join(', ') ~ ' order by ' ~ period_start ~ ')' -%}
with periods as (
    select
        {{ partition_by | join(', ') }},
        {{ period_start }} as period_start,
        {{ period_end }} as period_end,
        {{ opening }} as opening,
        {{ closing }} as closing,
        lag({{ period_end }}) over {{ slice }} as previous_period_end,
        lag({{ closing }}) over {{ slice }} as previous_closing
    from {{ model }}
)

select *
from periods
where
    period_start is null
    or period_end is null
    or opening is null
    or closing is null
    or period_end < period_start
    or period_start <> {{ retention_ledger.add_days('previous_period_end', 1) }}
    or opening <> previous_closing
    {%- if first_opening is not none %}
    or (previous_period_end is null and opening <> {{ first_opening }})
    {%- endif %}
{% endtest %}
