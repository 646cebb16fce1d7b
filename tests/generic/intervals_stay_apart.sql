{#- Intervals [start, end) of one owner neither overlap nor touch (touching ones are one interval), and
    each ends after it starts. An open end is null. With may_touch, one may start where another ends. -#}
{% test intervals_stay_apart(model, partition_by, starts, ends, may_touch=false) %}
{%- do retention_ledger.names_are_ours() -%}
with ordered as (
    select
        {{ partition_by | join(', ') }},
        {{ starts }} as starts,
        {{ ends }} as ends,
        lead({{ starts }}) over (partition by {{ partition_by | join(', ') }} order by {{ starts }}) as next_starts
    from {{ model }}
)

select *
from ordered
where
    starts is null
    {%- for column in partition_by %}
    or {{ column }} is null
    {%- endfor %}
    or ends <= starts
    or (next_starts is not null and (ends is null or next_starts {{ '<' if may_touch else '<=' }} ends))
{% endtest %}
