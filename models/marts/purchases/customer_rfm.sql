{{- config(contract=contract_but_for_own('customers')) -}}

with customers as (
    select * from {{ ref('customers') }}
    where lifetime_orders > 0
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

measured as (
    select
        customers.customer_id,
        customers.country,
        customers.acquisition_channel,
        customers.customer_segment,
        {%- for attribute in own_attributes('customers') %}
        customers.{{ attribute }},
        {%- endfor %}
        cast({{ days_between('last_order_on', 'as_of_date') }} as {{ dbt.type_bigint() }}) as recency_days,
        customers.lifetime_orders as frequency,
        customers.lifetime_net_revenue as monetary
    from customers
    cross join as_of
),

recency_scores as (
    {{ quintile_scores('measured', 'recency_days', worst_first='desc') }}
),

frequency_scores as (
    {{ quintile_scores('measured', 'frequency', worst_first='asc') }}
),

monetary_scores as (
    {{ quintile_scores('measured', 'monetary', worst_first='asc') }}
),

scored as (
    select
        measured.*,
        recency_scores.score as recency_score,
        frequency_scores.score as frequency_score,
        monetary_scores.score as monetary_score
    from measured
    inner join recency_scores on measured.recency_days = recency_scores.recency_days
    inner join frequency_scores on measured.frequency = frequency_scores.frequency
    left join monetary_scores on measured.monetary = monetary_scores.monetary
),

final as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        {%- for attribute in own_attributes('customers') %}
        {{ attribute }},
        {%- endfor %}
        cast(100 * recency_score + 10 * frequency_score + monetary_score as {{ dbt.type_string() }}) as rfm_score,
        {{ rfm_segment('recency_score', 'frequency_score') }} as rfm_segment,
        recency_days,
        frequency,
        monetary,
        recency_score,
        frequency_score,
        monetary_score,
        {{ policy_version_column() }}
    from scored
)

select * from final
