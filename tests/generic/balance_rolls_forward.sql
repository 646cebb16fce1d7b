{#- Each period of a slice starts the day after the one before ends, and opens with what that one
    closed with. Fails on a hole as well as on a broken balance. -#}
{% test balance_rolls_forward(model, opening, closing, period_start, period_end, partition_by) %}
with periods as (
    select
        {{ partition_by | join(', ') }},
        {{ period_start }} as period_start,
        {{ period_end }} as period_end,
        {{ opening }} as opening,
        lag({{ period_end }}) over slice as previous_period_end,
        lag({{ closing }}) over slice as previous_closing
    from {{ model }}
    window slice as (partition by {{ partition_by | join(', ') }} order by {{ period_start }})
)

select *
from periods
where
    period_end < period_start
    or (
        previous_period_end is not null
        and (
            period_start <> {{ retention_ledger.add_days('previous_period_end', 1) }}
            or opening <> previous_closing
            or opening is null
            or previous_closing is null
        )
    )
{% endtest %}
