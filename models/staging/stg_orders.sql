with base_orders as (
    select * from {{ ref('base_orders') }}
),

-- Texts are cleaned once; what they say is read from them in the next step.
cleaned as (
    select
        {{ clean_id('order_id', 'orders.order_id') }} as order_id,
        {{ clean_id('customer_id', 'orders.customer_id') }} as customer_id,
        {{ lower_case(clean_text('status', 'orders.status')) }} as status,
        {{ currency_code('currency', 'orders.currency') }} as currency,
        {{ clean_id('refunded_order_id', 'orders.refunded_order_id') }} as refunded_order_id,
        {{ lower_case(clean_text('email', 'orders.email')) }} as email,
        {%- for attribute in own_attributes('orders') %}
        {{ clean_text(attribute, 'orders.' ~ attribute) }} as {{ attribute }},
        {%- endfor %}
        raw_reject_reason,
        raw_record,
        amount as raw_amount,
        ordered_at as raw_date,
        updated_at as raw_updated_at,
        {{ clean_text('amount', 'orders.amount', is_amount=true) }} as amount_text,
        {{ clean_text('ordered_at', 'orders.ordered_at') }} as date_text,
        {{ clean_text('updated_at', 'orders.updated_at') }} as updated_text
    from base_orders
),

typed as (
    select
        order_id,
        customer_id,
        status,
        currency,
        refunded_order_id,
        email,
        {%- for attribute in own_attributes('orders') %}
        {{ attribute }},
        {%- endfor %}
        raw_reject_reason,
        raw_record,
        raw_amount,
        raw_date,
        raw_updated_at,
        {{ amount_currency('raw_amount', 'amount_text') }} as amount_signs,
        {% if orders_have_amounts() -%}
        {{ parse_rounded_amount('raw_amount', 'orders.amount', 'currency', 'amount_text') }} as amount,
        {%- else -%}
        cast(0 as decimal(28, 2)) as amount,
        {%- endif %}
        {{ parse_timestamp('raw_date', 'orders.ordered_at', 'date_text') }} as ordered_at,
        {{ parse_timestamp('raw_updated_at', 'orders.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

-- The order of the reasons is part of the contract: the first one that applies is the one reported.
checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when order_id is null then 'missing_order_id'
            when customer_id is null then 'missing_customer_id'
            {{ scientific_id_reason(['order_id', 'customer_id']) }}
            when status is null then 'missing_status'
            {{ date_reject_reasons('ordered_at', 'orders.ordered_at') }}
            {{ unreadable_reason('updated_at', 'orders.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            {{ amount_reject_reasons('orders') }}
        end as reject_reason
    from typed
),

final as (
    select
        order_id,
        customer_id,
        status,
        currency,
        refunded_order_id,
        email,
        {%- for attribute in own_attributes('orders') %}
        {{ attribute }},
        {%- endfor %}
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then {{ scientific_id_of(['order_id', 'customer_id']) }}
            {{ rejected_date('raw_date') }}
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
            {{ rejected_amount('raw_amount') }}
        end as rejected_value,
        raw_record,
        amount,
        cast(ordered_at as date) as ordered_on,
        ordered_at,
        updated_at
    from checked
)

select * from final
