with checked as (
    select * from {{ ref('int_orders_checked') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
),

-- The versions of the few orders that were refused as a whole or have several of them.
suspects as (
    select
        checked.*,
        orders.reject_reason as order_reject_reason
    from checked
    inner join orders on checked.order_id = orders.order_id
    where
        {% if 'orders' in policy('raw_line_level') -%}
        checked.reject_reason is null
        {%- else -%}
        {{ is_a_version('orders', 'checked.reject_reason') }}
        {%- endif %}
        and (
            orders.reject_reason is not null
            {%- if 'orders' not in policy('raw_line_level') %}
            or orders.row_versions > 1
            {%- endif %}
        )
),

ranked as (
    select
        *,
        {{ order_version_rank(record_as_json('raw_record')) }} as version_rank
    from suspects
),

refused as (
    select
        order_id,
        reject_reason,
        raw_record,
        amount
    from checked
    where
        reject_reason is not null
        {%- if 'orders' not in policy('raw_line_level') %}
        and (order_id is null or not {{ is_a_version('orders') }})
        {%- endif %}

    union all

    select
        order_id,
        {% if 'orders' in policy('raw_line_level') -%}
        order_reject_reason as reject_reason,
        {%- else -%}
        case
            when reject_reason is not null then reject_reason
            when version_rank > 1 then 'superseded_by_newer_row'
            else order_reject_reason
        end as reject_reason,
        {%- endif %}
        raw_record,
        amount
    from ranked
    where order_reject_reason is not null or version_rank > 1
)

select * from refused
