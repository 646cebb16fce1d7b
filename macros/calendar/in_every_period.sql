{#- A row for every slice and every period of its basis and grain, with the measures of `flows` there and else 0: a
    missing row would hide a loss. Reads the CTEs `periods` and `flows`, both with basis, period_grain and
    period_start; the slices are those that occur in `slices`.

    slice_by  what makes a slice within basis and grain
    since     a column of the slices: the first period that a slice has (none: all) -#}
{% macro in_every_period(measures, slice_by=['segment_dimension', 'segment_value'], slices='flows', since=none) -%}
    select
        slices.basis,
        slices.period_grain,
        periods.period_start,
        periods.period_end,
        periods.period_status,
        periods.is_latest_complete_period,
        {%- for column in slice_by %}
        slices.{{ column }},
        {%- endfor %}
        {%- for measure in measures %}
        coalesce(flows.{{ measure }}, 0) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select distinct
            {{ (['basis', 'period_grain'] + slice_by) | join(', ') }}
        from {{ slices }}
    ) as slices
    inner join periods
        on slices.basis = periods.basis
        and slices.period_grain = periods.period_grain
        {%- if since %}
        and slices.{{ since }} <= periods.period_start
        {%- endif %}
    left join flows
        on slices.basis = flows.basis
        and slices.period_grain = flows.period_grain
        {%- for column in slice_by %}
        and slices.{{ column }} = flows.{{ column }}
        {%- endfor %}
        and periods.period_start = flows.period_start
{%- endmacro %}
