{#- Every slice has exactly the periods that the table of periods lists: none missing, none extra.
    `periods_where` chooses the rows of that table. -#}
{% test slices_cover_periods(model, slice_by, period_by, periods, periods_where='1 = 1') %}
{%- do retention_ledger.names_are_ours() -%}
with periods as (
    select distinct {{ period_by | join(', ') }} from {{ periods }}
    where {{ periods_where }}
),

slices as (
    {#- The period columns but the last name the calendar (basis, grain); a slice belongs to one. #}
    select distinct {{ (period_by[:-1] + slice_by) | join(', ') }} from {{ model }}
),

expected as (
    select {% for column in slice_by %}slices.{{ column }}, {% endfor %}periods.*
    from slices
    inner join periods on
        {%- for column in period_by[:-1] %}
        {{ 'and ' if not loop.first }}slices.{{ column }} = periods.{{ column }}
        {%- else %} 1 = 1
        {%- endfor %}
),

actual as (
    select {{ (slice_by + period_by) | join(', ') }} from {{ model }}
),

-- A calendar that no slice has would not be expected of any.
periods_of_no_slice as (
    select {{ period_by | join(', ') }} from periods
    {{ dbt.except() }}
    select {{ period_by | join(', ') }} from {{ model }}
)

(select * from expected {{ dbt.except() }} select * from actual)
union all
(select * from actual {{ dbt.except() }} select * from expected)
union all
select {% for column in slice_by %}null, {% endfor %}periods_of_no_slice.* from periods_of_no_slice
{% endtest %}
