with listed as (
    select * from {{ ref('int_customers_listed') }}
    where not is_test_account
),

-- Imported always, read only where there is no table of customers: a ref must not come and go.
orders as ( -- noqa: ST03
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

customers as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        signed_up_at
    from listed

    {%- if 'customers' not in policy('raw_tables') %}

    union all

    -- Without a table of customers, whoever ordered is one.
    select distinct
        customer_id,
        '(unknown)' as country,
        '(unknown)' as acquisition_channel,
        '(unknown)' as customer_segment,
        cast(null as {{ dbt.type_timestamp() }}) as signed_up_at
    from orders
    {%- endif %}
)

select * from customers
