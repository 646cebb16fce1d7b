{%- set rates = rates_of('repeat_purchase_by_cohort') -%}

with purchases as (
    select
        *,
        {{ cohort_period('purchased_on') }} as cohort_month
    from {{ ref('int_purchases') }}
    where purchase_number = 1
),

customers as (
    select * from {{ ref('int_customers') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- Only customers whose window has fully passed: the others may still buy again.
cells as (
    {%- for days in repeat_purchase_windows() %}
    {%- set window_ends_on = add_days('purchases.purchased_on', days) %}
    select
        {{ days }} as window_days,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        count(*) as customers,
        count(case when {{ window_ends_on }} <= as_of.as_of_date then 1 end) as observed_customers,
        count(
            case when {{ window_ends_on }} <= as_of.as_of_date and purchases.next_purchase_on <= {{ window_ends_on }} then 1 end
        ) as repeat_customers,
        purchases.cohort_month
    from purchases
    inner join customers on purchases.customer_id = customers.customer_id
    cross join as_of
    group by {{ customer_attributes() | join(', ') }}, purchases.cohort_month
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sliced as (
    select
        cohort_month,
        cast(window_days as {{ dbt.type_int() }}) as window_days,
        {{ slice_columns() }},
        cast(sum(customers) as {{ dbt.type_bigint() }}) as cohort_size,
        cast(sum(observed_customers) as {{ dbt.type_bigint() }}) as observed_customers,
        cast(sum(repeat_customers) as {{ dbt.type_bigint() }}) as repeat_customers
    from cells
    group by {{ slice_sets(['cohort_month', 'window_days']) }}
),

final as (
    select
        cohort_month,
        window_days,
        segment_dimension,
        segment_value,
        cohort_size,
        observed_customers,
        repeat_customers,
        {{ rates.window_repeat_rate }} as window_repeat_rate,
        {{ policy_version_column() }}
    from sliced
)

select * from final
