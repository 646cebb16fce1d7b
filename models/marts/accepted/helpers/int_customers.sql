with listed as (
    select * from {{ ref('int_customers_listed') }}
    where not is_test_account and not is_left_out
),

-- Imported always, read only where customers may be unlisted: a ref must not come and go.
orders as ( -- noqa: ST03
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

subscriptions as ( -- noqa: ST03
    select * from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

{% if may_be_unlisted() -%}
-- Without a table of customers, and where the policy keeps those it lacks, whoever ordered or subscribed is one.
mentioned as (
    select customer_id from orders
    union distinct
    select customer_id from subscriptions
),

unlisted as (
    select mentioned.customer_id
    from mentioned
    left join listed on mentioned.customer_id = listed.customer_id
    where listed.customer_id is null
),

{% endif -%}

customers as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        signed_up_at
    from listed

    {%- if may_be_unlisted() %}

    union all

    select
        customer_id,
        '(unknown)' as country,
        '(unknown)' as acquisition_channel,
        '(unknown)' as customer_segment,
        {%- for attribute in own_attributes('customers') %}
        '(unknown)' as {{ attribute }},
        {%- endfor %}
        cast(null as {{ dbt.type_timestamp() }}) as signed_up_at
    from unlisted
    {%- endif %}
)

select * from customers
