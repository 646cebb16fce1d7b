with stg_subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

customers as (
    select * from {{ ref('int_customers_listed') }}
),

checked as (
    select
        stg_subscriptions.subscription_id,
        stg_subscriptions.customer_id,
        stg_subscriptions.plan,
        stg_subscriptions.currency,
        stg_subscriptions.cancel_reason,
        case
            when stg_subscriptions.reject_reason is not null then stg_subscriptions.reject_reason
            when customers.is_test_account then 'test_account'
            {%- if 'customers' in policy('raw_tables') %}
            when customers.customer_id is null then 'unknown_customer'
            {%- endif %}
        end as reject_reason,
        stg_subscriptions.raw_record,
        stg_subscriptions.amount,
        stg_subscriptions.started_on,
        stg_subscriptions.ended_on,
        stg_subscriptions.cancel_requested_on,
        stg_subscriptions.updated_at
    from stg_subscriptions
    left join customers on stg_subscriptions.customer_id = customers.customer_id
)

select * from checked
