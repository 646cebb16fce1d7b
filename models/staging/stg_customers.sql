with base_customers as (
    select * from {{ ref('base_customers') }}
),

cleaned as (
    select
        {{ clean_id('customer_id', 'customers.customer_id') }} as customer_id,
        {{ lower_case(clean_text('email', 'customers.email')) }} as email,
        {{ upper_case(clean_text('country', 'customers.country')) }} as country,
        {{ lower_case(clean_text('acquisition_channel', 'customers.acquisition_channel')) }} as acquisition_channel,
        {{ lower_case(clean_text('customer_segment', 'customers.customer_segment')) }} as customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ lower_case(clean_text(attribute, 'customers.' ~ attribute)) }} as {{ attribute }},
        {%- endfor %}
        raw_reject_reason,
        raw_record,
        signed_up_at as raw_date,
        updated_at as raw_updated_at,
        {{ clean_text('signed_up_at', 'customers.signed_up_at') }} as date_text,
        {{ clean_text('updated_at', 'customers.updated_at') }} as updated_text
    from base_customers
),

typed as (
    select
        *,
        {{ parse_timestamp('raw_date', 'customers.signed_up_at', 'date_text') }} as signed_up_at,
        {{ parse_timestamp('raw_updated_at', 'customers.updated_at', 'updated_text') }} as updated_at
    from cleaned
),

checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when customer_id is null then 'missing_customer_id'
            {{ scientific_id_reason(['customer_id']) }}
            {{ unreadable_reason('updated_at', 'customers.updated_at', 'raw_updated_at', 'unparsable_updated_at') }}
            {%- for pattern in policy('test_account_emails') %}
            when email like {{ text_literal(pattern) }} then 'test_account'
            {%- endfor %}
        end as reject_reason
    from typed
),

final as (
    select
        customer_id,
        email,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        reject_reason,
        case reject_reason
            when 'id_in_scientific_notation' then customer_id
            when 'unparsable_updated_at' then {{ raw_text('raw_updated_at') }}
            when 'test_account' then email
        end as rejected_value,
        raw_record,
        signed_up_at,
        updated_at
    from checked
)

select * from final
