with refused as (
    select * from {{ ref('int_order_rows_refused') }}
),

checked as (
    select * from {{ ref('int_orders_checked') }}
    {% if 'orders' in policy('raw_line_level') -%}
    where reject_reason is null
    {%- else -%}
    where order_id is not null and {{ is_a_version('orders') }}
    {%- endif %}
),

late_orders as (
    select orders.*
    from {{ ref('int_orders_resolved') }} as orders
    inner join {{ ref('int_as_of_date') }} as as_of on orders.ordered_on > as_of.as_of_date
    where orders.reject_reason is null
),

ranked as (
    select
        checked.*,
        {% if 'orders' in policy('raw_line_level') -%}
        1
        {%- else -%}
        {{ order_version_rank(record_as_json('raw_record')) }}
        {%- endif %} as version_rank
    from checked
    where checked.order_id in (select late_orders.order_id from late_orders)
),

rejected as (
    select
        order_id,
        reject_reason,
        raw_record,
        amount
    from refused

    union all

    -- Older versions of a late order are refused already.
    select
        order_id,
        'after_as_of_date' as reject_reason,
        raw_record,
        amount
    from ranked
    where version_rank = 1
)

select * from rejected
