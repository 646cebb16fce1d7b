{% set newest_first -%}
(
    partition by subscription_id, item_id, started_on, {{ is_a_version('subscriptions') }}
    order by updated_at desc nulls last, started_at desc, amount desc
    rows between unbounded preceding and current row
)
{%- endset %}

with stg_subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

customers as (
    select * from {{ ref('int_customers_listed') }}
),

identities as (
    select * from {{ ref('int_customer_identities') }}
),

{% if policy('subscription_versions') == 'changes' -%}
-- Each version holds from the day on which it was changed; what the newest one says of the end holds for all of them.
dated as (
    select
        stg_subscriptions.*,
        {{ is_a_version('subscriptions') }} as is_version,
        case
            when cast(updated_at as date) > started_on then cast(updated_at as date) else started_on
        end as version_started_on,
        first_value(ended_on) over {{ newest_first }} as last_known_end_on,
        first_value(reject_reason) over {{ newest_first }} is not null as is_left_out_at_last
    from stg_subscriptions
),

periods as (
    select
        subscription_id,
        item_id,
        customer_id,
        plan,
        currency,
        state,
        cancel_reason,
        case
            when reject_reason is not null then reject_reason
            when is_left_out_at_last then 'superseded_by_newer_row'
            when version_started_on >= last_known_end_on then 'closing_version'
        end as reject_reason,
        raw_record,
        amount,
        is_amount_derived,
        case when is_version then version_started_on else started_on end as started_on,
        case when is_version then last_known_end_on else ended_on end as ended_on,
        cancel_requested_on,
        started_at,
        updated_at
    from dated
),
{%- else -%}
periods as (
    select * from stg_subscriptions
),
{%- endif %}

checked as (
    select
        periods.subscription_id,
        periods.item_id,
        coalesce(identities.customer_id, periods.customer_id) as customer_id,
        periods.plan,
        periods.currency,
        periods.state,
        periods.cancel_reason,
        case
            when periods.reject_reason is not null then periods.reject_reason
            when {{ is_placeholder('periods.customer_id') }} then 'placeholder_customer'
            when customers.is_test_account then 'test_account'
            when customers.is_left_out then 'customer_left_out'
            {%- if 'customers' in policy('raw_tables') and policy('unknown_customers') == 'refuse' %}
            when customers.customer_id is null then 'unknown_customer'
            {%- endif %}
        end as reject_reason,
        periods.raw_record,
        periods.amount,
        periods.is_amount_derived,
        periods.started_on,
        periods.ended_on,
        periods.cancel_requested_on,
        periods.started_at,
        periods.updated_at
    from periods
    left join identities on periods.customer_id = identities.raw_customer_id
    left join customers on coalesce(identities.customer_id, periods.customer_id) = customers.customer_id
)

select * from checked
