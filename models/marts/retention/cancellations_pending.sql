{{- config(contract=contract_but_for_own('customers')) -}}

with periods as (
    select * from {{ ref('subscription_periods') }}
    where is_paid and not is_renewed
),

customers as (
    select * from {{ ref('int_customers') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

final as (
    select
        periods.subscription_id,
        periods.customer_id,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        periods.plan,
        periods.cancel_reason,
        periods.mrr,
        cast({{ days_between('as_of.as_of_date', 'periods.ended_on') }} as {{ dbt.type_bigint() }}) as days_left,
        coalesce(periods.ended_on = periods.customer_paid_until_on, false) as is_customer_leaving,
        periods.started_on,
        periods.cancel_requested_on,
        periods.ended_on as ends_on,
        {{ policy_version_column() }}
    from periods
    inner join customers on periods.customer_id = customers.customer_id
    inner join as_of
        on periods.started_on <= as_of.as_of_date
        and periods.cancel_requested_on <= as_of.as_of_date
        and (periods.ended_on is null or periods.ended_on > as_of.as_of_date)
)

select * from final
