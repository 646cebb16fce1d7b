with stg_customers as (
    select * from {{ ref('stg_customers') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
),

identified as (
    select
        stg_customers.customer_id as raw_customer_id,
        coalesce(identities.customer_id, stg_customers.customer_id) as customer_id,
        stg_customers.email,
        stg_customers.country,
        stg_customers.acquisition_channel,
        stg_customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        stg_customers.{{ attribute }},
        {%- endfor %}
        stg_customers.reject_reason,
        stg_customers.raw_record,
        stg_customers.customer_id is not null and {{ is_a_version('customers', 'stg_customers.reject_reason') }} as is_version,
        stg_customers.signed_up_at,
        stg_customers.updated_at
    from stg_customers
    left join identities on stg_customers.customer_id = identities.raw_customer_id
),

repeated as (
    select customer_id
    from identified
    where is_version
    group by customer_id
    having count(*) > 1
),

-- Nearly every customer has one row: only the others have versions to choose from.
versions as (
    select identified.*
    from identified
    inner join repeated on identified.customer_id = repeated.customer_id
    where identified.is_version
),

ranked as (
    select
        *,
        {{ customer_version_rank(record_as_json('raw_record')) }} as version_rank
    from versions
),

rejected as (
    select
        raw_customer_id as customer_id,
        reject_reason,
        raw_record
    from identified
    where reject_reason is not null

    union all

    select
        raw_customer_id as customer_id,
        case
            when raw_customer_id <> customer_id then 'same_person'
            else 'duplicate_customer_id'
        end as reject_reason,
        raw_record
    from ranked
    where reject_reason is null and version_rank > 1
)

select * from rejected
