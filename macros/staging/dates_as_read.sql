{#- The dates of a raw table, one row per value: column_name, row_key, raw_value (the cleaned text, null where there
    is none) and read_at (null where it cannot be read). -#}
{% macro dates_as_read(table) -%}
    {%- set columns = raw_table_columns()[table] -%}
    {%- set key = {'customers': 'customer_id', 'orders': 'order_id', 'refunds': 'refund_id', 'subscriptions': 'subscription_id', 'exchange_rates': 'currency', 'marketing_spend': 'spend_id', 'support_tickets': 'ticket_id', 'feedback': 'feedback_id'}[table] -%}
    {%- for column in columns if column in columns_by_kind()['dates'] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ column }}' as column_name,
        {{ clean_text(key) }} as row_key,
        raw_value,
        {{ parse_timestamp(column, table ~ '.' ~ column, 'raw_value') }} as read_at
    from (
        select {{ key }}, {{ column }}, {{ clean_text(column, table ~ '.' ~ column) }} as raw_value
        from {{ ref('base_' ~ table) }}
    ) as {{ column }}_texts
    {%- endfor %}
{%- endmacro %}
