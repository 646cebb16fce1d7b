with stg_orders as (
    select * from {{ ref('stg_orders') }}
),

customers as (
    select * from {{ ref('int_customers_listed') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
),

-- A guest is whoever has the address of the order.
identified as (
    select
        stg_orders.*,
        {{ is_placeholder('customer_id') }} as is_placeholder,
        {% if policy('placeholder_customers') == 'split_by_email' -%}
        case when {{ is_placeholder('customer_id') }} and email is not null then email else customer_id end
        {%- else -%}
        customer_id
        {%- endif %} as known_as
    from stg_orders
),

checked as (
    select
        identified.order_id,
        coalesce(identities.customer_id, identified.known_as) as customer_id,
        identified.status,
        identified.currency,
        identified.refunded_order_id,
        {%- for attribute in own_attributes('orders') %}
        identified.{{ attribute }},
        {%- endfor %}
        case
            when identified.reject_reason is not null then identified.reject_reason
            when identified.is_placeholder and identified.known_as = identified.customer_id then 'placeholder_customer'
            when customers.is_test_account then 'test_account'
            {%- for pattern in policy('test_account_emails') %}
            when
                identified.is_placeholder
                and identified.email like {{ text_literal(pattern) }}
                then 'test_account'
            {%- endfor %}
            when customers.is_left_out then 'customer_left_out'
            {%- if 'customers' in policy('raw_tables') and policy('unknown_customers') == 'refuse' %}
            when customers.customer_id is null and not identified.is_placeholder then 'unknown_customer'
            {%- endif %}
        end as reject_reason,
        identified.raw_record,
        identified.amount,
        identified.ordered_on,
        identified.ordered_at,
        identified.updated_at
    from identified
    left join identities on identified.known_as = identities.raw_customer_id
    left join customers on coalesce(identities.customer_id, identified.known_as) = customers.customer_id
)

select * from checked
