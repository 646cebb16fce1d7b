with checked as (
    select * from {{ ref('int_orders_checked') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- Valid rows of the few orders that lost a row, were refused as a whole, or came too late.
suspects as (
    select
        checked.*,
        orders.reject_reason as order_reject_reason,
        orders.ordered_on > as_of.as_of_date as is_after_as_of_date
    from checked
    inner join orders on checked.order_id = orders.order_id
    cross join as_of
    where checked.reject_reason is null
        and (
            orders.reject_reason is not null
            or orders.ordered_on > as_of.as_of_date
            {%- if 'orders' not in policy('raw_line_level') %}
            or orders.raw_rows > 1
            {%- endif %}
        )
),

ranked as (
    select
        *,
        {% if 'orders' in policy('raw_line_level') -%}
        1
        {%- else -%}
        {{ order_version_rank() }}
        {%- endif %} as version_rank
    from suspects
),

rejected as (
    select
        order_id,
        reject_reason,
        raw_record,
        amount
    from checked
    where reject_reason is not null

    union all

    select
        order_id,
        case
            when order_reject_reason is not null then order_reject_reason
            when version_rank > 1 then 'superseded_by_newer_row'
            else 'after_as_of_date'
        end as reject_reason,
        raw_record,
        amount
    from ranked
    where order_reject_reason is not null or version_rank > 1 or is_after_as_of_date
)

select * from rejected
