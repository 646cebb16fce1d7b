with spells as (
    select * from {{ ref('int_customer_spells') }}
    where basis = '{{ lifespan_basis() }}'
),

customers as (
    select * from {{ ref('int_customers') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- The last 365 days, whatever the grains are, so that a season does not decide. A spell of which no end is known
-- is active through as_of_date.
last_year as (
    select
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        greatest({{ days_between(
            'greatest(spells.started_on, ' ~ add_days('as_of.as_of_date', -364) ~ ')',
            'coalesce(spells.ended_on, ' ~ add_days('as_of.as_of_date', 1) ~ ')'
        ) }}, 0) as active_days,
        case when spells.ended_on > {{ add_days('as_of.as_of_date', -365) }} then 1 else 0 end as churn_events
    from spells
    inner join customers on spells.customer_id = customers.customer_id
    cross join as_of
),

sliced as (
    select
        {{ slice_columns() }},
        cast(sum(active_days) as {{ dbt.type_bigint() }}) as active_days,
        cast(sum(churn_events) as {{ dbt.type_bigint() }}) as churn_events
    from last_year
    group by {{ slice_sets([]) }}
),

-- Days that customers were active, for each time that one stopped; null and not endless where nobody did.
lifespans as (
    select
        segment_dimension,
        segment_value,
        active_days,
        churn_events,
        case
            when active_days > 0 and churn_events > 0
                then least({{ exact_quotient('active_days', 'churn_events') }}, {{ 365 * policy('max_lifespan_years') }})
        end as lifespan_days,
        case
            when active_days > 0 and churn_events > 0
                then least({{ safe_divide('active_days', '365 * churn_events') }}, {{ policy('max_lifespan_years') }})
        end as lifespan_years
    from sliced
)

select * from lifespans
