with stg_customers as (
    select * from {{ ref('stg_customers') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
),

identified as (
    select
        stg_customers.email,
        stg_customers.country,
        stg_customers.acquisition_channel,
        stg_customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        stg_customers.{{ attribute }},
        {%- endfor %}
        stg_customers.reject_reason,
        stg_customers.signed_up_at,
        stg_customers.updated_at,
        coalesce(identities.customer_id, stg_customers.customer_id) as customer_id
    from stg_customers
    left join identities on stg_customers.customer_id = identities.raw_customer_id
),

-- Test accounts and what a rule has left out stay in the list, marked, so that their orders can be told from
-- unknown customers'.
ranked as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        reject_reason,
        signed_up_at,
        {{ customer_version_rank() }} as version_rank
    from identified
    where customer_id is not null and {{ is_a_version('customers') }}
),

listed as (
    select
        customer_id,
        coalesce(country, '(unknown)') as country,
        coalesce(acquisition_channel, '(unknown)') as acquisition_channel,
        coalesce(customer_segment, '(unknown)') as customer_segment,
        {%- for attribute in own_attributes('customers') %}
        coalesce({{ attribute }}, '(unknown)') as {{ attribute }},
        {%- endfor %}
        coalesce(reject_reason = 'test_account', false) as is_test_account,
        coalesce(reject_reason in ({{ text_list(left_out_reasons('customers')) }}), false) as is_left_out,
        signed_up_at
    from ranked
    where version_rank = 1
)

select * from listed
