with customers as ( -- noqa: ST03
    select * from {{ ref('stg_customers') }}
    where customer_id is not null and {{ is_a_version('customers') }}
),

-- Imported always, read only where there is no table of customers: a ref must not come and go.
orders as ( -- noqa: ST03
    select * from {{ ref('stg_orders') }}
    where customer_id is not null and {{ is_a_version('orders') }}
),

id_map as (
    select * from {{ ref('stg_customer_id_map') }}
    where reject_reason is null and old_customer_id <> new_customer_id
),

-- Each step doubles how far an id has been followed along a chain of old and new ones.
followed_0 as (
    select
        old_customer_id as raw_customer_id,
        min(new_customer_id) as customer_id
    from id_map
    group by old_customer_id
),
{% for step in range(1, identity_steps() + 1) %}
followed_{{ step }} as (
    select
        here.raw_customer_id,
        coalesce(further.customer_id, here.customer_id) as customer_id
    from followed_{{ step - 1 }} as here
    left join followed_{{ step - 1 }} as further on here.customer_id = further.raw_customer_id
),
{% endfor %}
{%- if policy('customer_identity') == 'email' %}
addressed as (
    {% if 'customers' in policy('raw_tables') -%}
    select
        customer_id as raw_customer_id,
        email,
        signed_up_at
    from customers
    {%- else -%}
    select
        customer_id as raw_customer_id,
        email,
        min(ordered_at) as signed_up_at
    from orders
    group by customer_id, email
    {%- endif %}
),

-- Each id has one address, that of its last sign-up.
ranked as (
    select
        coalesce(followed.customer_id, addressed.raw_customer_id) as customer_id,
        addressed.email,
        addressed.signed_up_at,
        row_number() over (
            partition by coalesce(followed.customer_id, addressed.raw_customer_id)
            order by addressed.signed_up_at desc nulls last, addressed.email asc
        ) as address_rank
    from addressed
    left join followed_{{ identity_steps() }} as followed on addressed.raw_customer_id = followed.raw_customer_id
    where addressed.email is not null
),

-- Of several ids of one address the one that signed up first stands: later ones do not rename a customer.
persons as (
    select
        customer_id,
        email,
        first_value(customer_id) over (
            partition by email
            order by signed_up_at asc nulls last, customer_id asc
            rows between unbounded preceding and current row
        ) as person_id
    from ranked
    where address_rank = 1
),

identities as (
    select
        followed.raw_customer_id,
        coalesce(persons.person_id, followed.customer_id) as customer_id
    from followed_{{ identity_steps() }} as followed
    left join persons on followed.customer_id = persons.customer_id

    union all

    select
        persons.customer_id as raw_customer_id,
        persons.person_id as customer_id
    from persons
    left join followed_{{ identity_steps() }} as followed on persons.customer_id = followed.raw_customer_id
    where persons.customer_id <> persons.person_id and followed.raw_customer_id is null

    union all

    -- A guest is known by the address alone, unless it is somebody's id.
    select distinct
        email as raw_customer_id,
        person_id as customer_id
    from persons
    where
        email <> person_id
        and email not in (select persons.customer_id from persons)
        and email not in (select followed.raw_customer_id from followed_{{ identity_steps() }} as followed)
)
{%- else %}
identities as (
    select * from followed_{{ identity_steps() }}
)
{%- endif %}

select * from identities
