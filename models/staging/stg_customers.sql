with base_customers as (
    select * from {{ ref('base_customers') }}
),

typed as (
    select
        {{ clean_text('customer_id') }} as customer_id,
        lower({{ clean_text('email') }}) as email,
        upper({{ clean_text('country') }}) as country,
        lower({{ clean_text('acquisition_channel') }}) as acquisition_channel,
        lower({{ clean_text('customer_segment') }}) as customer_segment,
        raw_reject_reason,
        raw_record,
        {{ parse_timestamp('signed_up_at') }} as signed_up_at,
        {{ parse_timestamp('updated_at') }} as updated_at
    from base_customers
),

checked as (
    select
        customer_id,
        email,
        country,
        acquisition_channel,
        customer_segment,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when customer_id is null then 'missing_customer_id'
            {%- for pattern in policy('test_account_emails') %}
            when email like {{ dbt.string_literal(dbt.escape_single_quotes(pattern)) }} then 'test_account'
            {%- endfor %}
        end as reject_reason,
        raw_record,
        signed_up_at,
        updated_at
    from typed
)

select * from checked
