{{- config(contract=contract_but_for_own('customers')) -}}

with customers as (
    select * from {{ ref('int_customers') }}
),

ordered as (
    select * from {{ ref('int_customer_orders') }}
),

spells as (
    select * from {{ ref('int_customer_spells') }}
),

mrr as (
    select
        customer_id,
        sum(mrr_change) as current_mrr
    from {{ ref('int_mrr_changes') }}
    group by customer_id
),

-- A customer is active when the last spell is still open.
activity as (
    select
        {%- for basis in status_basis_rules() %}
        count(case when basis = '{{ basis }}' then 1 end) as {{ basis }}_spells,
        count(case when basis = '{{ basis }}' and ended_on is null then 1 end) as {{ basis }}_open_spells,
        max(case when basis = '{{ basis }}' and ended_on is null then lapses_on end) as {{ basis }}_open_until_on,
        max(case when basis = '{{ basis }}' then ended_on end) as {{ basis }}_ended_on,
        {%- endfor %}
        customer_id
    from spells
    group by customer_id
),

final as (
    select
        customers.customer_id,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        {%- for basis in status_basis_rules() %}
        {%- if basis in built_bases() %}
        case
            when activity.{{ basis }}_open_spells > 0 then 'active'
            when activity.{{ basis }}_spells > 0 then 'churned'
            else 'never'
        end as status_{{ basis }},
        {%- else %}
        cast(null as {{ dbt.type_string() }}) as status_{{ basis }},
        {%- endif %}
        {%- endfor %}
        cast(coalesce(ordered.orders, 0) as {{ dbt.type_bigint() }}) as lifetime_orders,
        {{ order_money('cast(coalesce(ordered.gross_revenue, 0) as decimal(28, 2))') }} as lifetime_gross_revenue,
        {{ order_money('cast(coalesce(ordered.refunds, 0) as decimal(28, 2))') }} as lifetime_refunds,
        {{ order_money('cast(coalesce(ordered.gross_revenue - ordered.refunds, 0) as decimal(28, 2))') }}
            as lifetime_net_revenue,
        cast(coalesce(mrr.current_mrr, 0) as decimal(28, 10)) as current_mrr,
        ordered.first_order_on,
        ordered.last_order_on,
        {%- for basis in status_basis_rules() %}
        case
            when activity.{{ basis }}_open_spells > 0 then activity.{{ basis }}_open_until_on
            else activity.{{ basis }}_ended_on
        end as active_until_{{ basis }}_on,
        {%- endfor %}
        customers.signed_up_at,
        {{ policy_version_column() }}
    from customers
    left join ordered on customers.customer_id = ordered.customer_id
    left join activity on customers.customer_id = activity.customer_id
    left join mrr on customers.customer_id = mrr.customer_id
)

select * from final
