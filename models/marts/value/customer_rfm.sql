{%- set worst_first = {'recency_days': 'desc', 'frequency': 'asc', 'monetary': 'asc'} -%}

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
        cast({{ dbt.datediff('customers.last_order_on', 'as_of.as_of_date', 'day') }} as {{ dbt.type_bigint() }}) as recency_days,
        customers.lifetime_orders as frequency,
        customers.lifetime_net_revenue as monetary
    from customers
    cross join as_of
),

-- Values are ranked, not customers: there are few of them, and equal ones cannot part.
{%- for measure, direction in worst_first.items() %}
{{ measure }}_values as (
    select
        {{ measure }},
        count(*) as customers
    from measured
    group by {{ measure }}
),

{{ measure }}_ranks as (
    select
        {{ measure }},
        sum(customers) over (order by {{ measure }} {{ direction }} rows between unbounded preceding and current row)
            - customers as worse_customers,
        sum(customers) over () as all_customers
    from {{ measure }}_values
),
{% endfor %}
scored as (
    select
        measured.*,
        {%- for measure in worst_first %}
        cast({{ quintile_score(measure ~ '_ranks.worse_customers', measure ~ '_ranks.all_customers') }} as {{ dbt.type_bigint() }})
            as {{ measure | replace('_days', '') }}_score{{ ',' if not loop.last }}
        {%- endfor %}
    from measured
    {%- for measure in worst_first %}
    inner join {{ measure }}_ranks on measured.{{ measure }} = {{ measure }}_ranks.{{ measure }}
    {%- endfor %}
),

final as (
    select
        customer_id,
        country,
        acquisition_channel,
        customer_segment,
        cast(recency_score as {{ dbt.type_string() }})
        || cast(frequency_score as {{ dbt.type_string() }})
        || cast(monetary_score as {{ dbt.type_string() }}) as rfm_score,
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
