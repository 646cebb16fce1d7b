{#- The CTEs `identified` and `judged` over a staged table of what customers say, of which the caller has the CTEs
    `identities`, `listed` and `customers`: the customer by the id that counts, and why a row is left out. Nobody becomes a
    customer by what they say: whoever neither is listed nor has bought anything is unknown. -#}
{% macro judged_by_customer(staged) -%}
identified as (
    select
        {{ staged }}.*,
        {{ is_placeholder(staged ~ '.customer_id') }} as is_placeholder,
        coalesce(identities.customer_id, {{ staged }}.customer_id) as known_as
    from {{ staged }}
    left join identities on {{ staged }}.customer_id = identities.raw_customer_id
),

judged as (
    select
        identified.*,
        case
            when identified.reject_reason is not null then identified.reject_reason
            when identified.is_placeholder then 'placeholder_customer'
            when listed.is_test_account then 'test_account'
            when listed.is_left_out then 'customer_left_out'
            when customers.customer_id is null then 'unknown_customer'
        end as judgement
    from identified
    left join listed on identified.known_as = listed.customer_id
    left join customers on identified.known_as = customers.customer_id
)
{%- endmacro %}
