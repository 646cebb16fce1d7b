{%- set rates = rates_of('acquisition_cost_by_period') -%}

with spend as (
    select * from {{ ref('int_acquisition_periods') }}
),

periods as (
    select
        *,
        {{ rates.customer_acquisition_cost }} as customer_acquisition_cost
    from spend
),

earnings as (
    select * from {{ ref('int_acquisition_earnings') }}
),

losses as (
    select * from {{ ref('int_acquisition_losses') }}
),

order_value as (
    select * from {{ ref('lifetime_value_by_period') }}
),

subscription_value as (
    select * from {{ ref('mrr_by_period') }}
),

-- Revenue for each time that a customer left, as in those marts: what is divided stays apart until the end.
lifetime_values as (
    select
        basis,
        period_grain,
        period_start,
        segment_dimension,
        segment_value,
        {{ order_money('gross_revenue') }} as value_numerator,
        churn_events as value_denominator
    from order_value

    union all

    select
        'subscriptions' as basis,
        period_grain,
        period_start,
        segment_dimension,
        segment_value,
        12 * mrr_days as value_numerator,
        365 * churn_events as value_denominator
    from subscription_value
    where segment_dimension <> 'plan'
),

-- What the customers of the period have earned together reaches what they have cost together.
paid_back as (
    select
        periods.basis,
        periods.period_grain,
        periods.period_start,
        periods.segment_dimension,
        periods.segment_value,
        min(
            case
                when {{ gross_margin() }} * earnings.earned_times_365 >= 365 * periods.acquisition_spend
                    then earnings.months_since
            end
        ) as payback_months,
        max(earnings.months_since) as months_observed
    from periods
    inner join earnings
        on periods.basis = earnings.basis
        and periods.period_grain = earnings.period_grain
        and periods.period_start = earnings.period_start
        and periods.segment_dimension = earnings.segment_dimension
        and periods.segment_value = earnings.segment_value
    group by
        periods.basis,
        periods.period_grain,
        periods.period_start,
        periods.segment_dimension,
        periods.segment_value
),

joined as (
    select
        periods.*,
        periods.customer_acquisition_cost is not null and {{ gross_margin() }} is not null
        {%- if not orders_have_amounts() %} and periods.basis = 'subscriptions'{% endif %} as can_be_earned,
        lifetime_values.value_numerator,
        lifetime_values.value_denominator,
        paid_back.payback_months as paid_back_after,
        paid_back.months_observed,
        losses.unrecovered_customers as customers_lost,
        losses.unrecovered_cost
    from periods
    left join lifetime_values
        on periods.basis = lifetime_values.basis
        and periods.period_grain = lifetime_values.period_grain
        and periods.period_start = lifetime_values.period_start
        and periods.segment_dimension = lifetime_values.segment_dimension
        and periods.segment_value = lifetime_values.segment_value
    left join paid_back
        on periods.basis = paid_back.basis
        and periods.period_grain = paid_back.period_grain
        and periods.period_start = paid_back.period_start
        and periods.segment_dimension = paid_back.segment_dimension
        and periods.segment_value = paid_back.segment_value
    left join losses
        on periods.basis = losses.basis
        and periods.period_grain = losses.period_grain
        and periods.period_start = losses.period_start
        and periods.segment_dimension = losses.segment_dimension
        and periods.segment_value = losses.segment_value
),

final as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        spend_coverage,
        acquisition_spend,
        acquired_customers,
        customer_acquisition_cost,
        cast(
            case when period_status = 'complete' then {{ safe_divide('value_numerator', 'value_denominator') }} end
            as decimal(28, 2)
        ) as lifetime_revenue,
        cast(
            case
                when period_status = 'complete'
                    then {{ safe_divide(gross_margin() ~ ' * value_numerator', 'value_denominator') }}
            end as decimal(28, 2)
        ) as lifetime_value,
        cast(
            case
                when customer_acquisition_cost is not null
                    then {{ safe_divide(
                        gross_margin() ~ ' * value_numerator * acquired_customers', '(value_denominator * acquisition_spend)'
                    ) }}
            end as decimal(18, 6)
        ) as ltv_to_cac_ratio,
        cast(case when can_be_earned then paid_back_after end as {{ dbt.type_int() }}) as payback_months,
        case
            when not can_be_earned then null
            when paid_back_after is not null then 'paid_back'
            when months_observed is not null then 'not_yet'
            else 'not_observed'
        end as payback_status,
        cast(case when can_be_earned then months_observed end as {{ dbt.type_int() }}) as payback_months_observed,
        cast(case when can_be_earned then coalesce(customers_lost, 0) end as {{ dbt.type_bigint() }}) as unrecovered_customers,
        cast(case when can_be_earned then coalesce(unrecovered_cost, 0) end as decimal(28, 2)) as unrecovered_acquisition_cost,
        {{ policy_version_column() }}
    from joined
)

select * from final
