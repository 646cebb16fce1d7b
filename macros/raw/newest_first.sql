{#- Which row stands for an id that occurs several times. Ties break on every column, so that the
    choice never depends on the order in which rows are read. -#}

{% macro order_version_rank() -%}
    row_number() over (
        partition by order_id
        order by updated_at desc nulls last, ordered_at desc, amount desc, status asc, customer_id asc
    )
{%- endmacro %}


{% macro refund_version_rank() -%}
    row_number() over (
        partition by refund_id, reject_reason
        order by refunded_at desc, amount desc, order_id asc
    )
{%- endmacro %}


{% macro customer_version_rank() -%}
    row_number() over (
        partition by customer_id
        order by
            case when reject_reason is null then 0 else 1 end,
            signed_up_at desc nulls last,
            email asc nulls last,
            country asc nulls last,
            acquisition_channel asc nulls last,
            customer_segment asc nulls last
    )
{%- endmacro %}
