with customers as (
    select * from {{ ref('int_risk_customers') }}
),

ordered as (
    select * from {{ ref('int_risk_orders') }}
),

subscribed as (
    select * from {{ ref('int_risk_subscriptions') }}
),

served as (
    select * from {{ ref('int_risk_service') }}
),

-- Who has not ordered has been silent since becoming active.
joined as (
    select
        customers.snapshot_on,
        customers.customer_id,
        customers.is_today,
        customers.has_left,
        {{ days_between('customers.active_since_on', 'customers.snapshot_on') }} as tenure_days,
        {% if 'orders' in policy('raw_tables') -%}
        {{ days_between('coalesce(ordered.last_order_on, customers.active_since_on)', 'customers.snapshot_on') }}
        {%- else -%}
        null
        {%- endif %} as silent_days,
        {{ 'coalesce(ordered.recent_purchase_days, 0)' if 'orders' in policy('raw_tables') else 'null' }}
            as recent_purchase_days,
        {{ 'coalesce(subscribed.mrr, 0)' if 'subscriptions' in policy('raw_tables') else 'null' }} as mrr,
        {% if 'orders' in policy('raw_tables') -%}
        coalesce(ordered.purchase_days - 1, 0) as frequency,
        coalesce(ordered.purchase_span_days, 0) as purchase_span_days,
        coalesce(ordered.age_days, {{ days_between('customers.active_since_on', 'customers.snapshot_on') }}) as age_days,
        {%- else -%}
        null as frequency,
        null as purchase_span_days,
        null as age_days,
        {%- endif %}
        customers.active_since_on,
        ordered.last_order_on,
        subscribed.cancellation_requested_on,
        subscribed.failed_payment_on,
        served.complaint_on,
        served.slow_service_on,
        served.low_nps_on,
        served.negative_feedback_on,
        subscribed.downgrade_on,
        subscribed.price_rise_on,
        ordered.overdue_on,
        ordered.fewer_orders_on,
        ordered.lower_spend_on,
        ordered.poor_onboarding_on
    from customers
    left join ordered
        on customers.snapshot_on = ordered.snapshot_on
        and customers.customer_id = ordered.customer_id
    left join subscribed
        on customers.snapshot_on = subscribed.snapshot_on
        and customers.customer_id = subscribed.customer_id
    left join served
        on customers.snapshot_on = served.snapshot_on
        and customers.customer_id = served.customer_id
),

final as (
    select
        snapshot_on,
        customer_id,
        cast(tenure_days as {{ dbt.type_bigint() }}) as tenure_days,
        cast(silent_days as {{ dbt.type_bigint() }}) as silent_days,
        cast(recent_purchase_days as {{ dbt.type_bigint() }}) as recent_purchase_days,
        cast(mrr as decimal(28, 10)) as mrr,
        cast(frequency as {{ dbt.type_bigint() }}) as frequency,
        cast(purchase_span_days as {{ dbt.type_bigint() }}) as purchase_span_days,
        cast(age_days as {{ dbt.type_bigint() }}) as age_days,
        is_today,
        has_left,
        {{ risk_signal('cancellation_requested') }},
        {{ risk_signal('failed_payment') }},
        {{ risk_signal('complaint') }},
        {{ risk_signal('slow_service') }},
        {{ risk_signal('low_nps') }},
        {{ risk_signal('negative_feedback') }},
        {{ risk_signal('downgrade') }},
        {{ risk_signal('price_rise') }},
        {{ risk_signal('overdue') }},
        {{ risk_signal('fewer_orders') }},
        {{ risk_signal('lower_spend') }},
        {{ risk_signal('poor_onboarding') }},
        active_since_on,
        last_order_on,
        cancellation_requested_on,
        failed_payment_on,
        complaint_on,
        slow_service_on,
        low_nps_on,
        negative_feedback_on,
        downgrade_on,
        price_rise_on,
        overdue_on,
        fewer_orders_on,
        lower_spend_on,
        poor_onboarding_on
    from joined
)

select * from final
