{%- set attributes = customer_attributes() | join(', ') -%}

with movement_cells as (
    select * from {{ ref('int_movement_cells') }}
    where basis = '{{ headline_basis() }}'
),

mrr_cells as (
    select * from {{ ref('int_mrr_cells') }}
),

purchases_daily as (
    select * from {{ ref('int_purchases_daily') }}
),

customers as (
    select
        period_grain,
        period_start,
        {{ attributes }},
        {{ business_flows().customers | join(',\n        ') }}
    from movement_cells
),

-- Over the plans of a customer, what moves from one to another is 0.
recurring_revenue as (
    select
        period_grain,
        period_start,
        {{ attributes }},
        sum(customers_change) as paying_customers_change,
        sum(new_mrr) as new_mrr,
        sum(reactivation_mrr) as reactivation_mrr,
        sum(expansion_mrr) as expansion_mrr,
        sum(contraction_mrr) as contraction_mrr,
        sum(churn_mrr) as churn_mrr
    from mrr_cells
    group by period_grain, period_start, {{ attributes }}
),

purchases_dated as (
    select
        {%- for grain in policy('period_grains') %}
        {{ period_start(grain, 'day') }} as {{ grain }}_start,
        {%- endfor %}
        *
    from purchases_daily
),

purchases as (
    {%- for grain in policy('period_grains') %}
    select
        '{{ grain }}' as period_grain,
        {{ grain }}_start as period_start,
        {{ attributes }},
        sum({{ grain }}_purchasers) as purchasers,
        sum(first_purchases) as first_time_purchasers,
        sum(second_purchases) as second_time_purchasers,
        sum({{ grain }}_repeat_purchasers) as in_period_repeat_purchasers,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds
    from purchases_dated
    group by {{ grain }}_start, {{ attributes }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

happened as (
    {%- for source, measures in business_flows().items() %}
    select
        period_grain,
        {{ attributes }},
        {%- for measure in business_measures() %}
        {{ measure if measure in measures else '0' }} as {{ measure }},
        {%- endfor %}
        period_start
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

flows as (
    select
        period_grain,
        {{ attributes }},
        {%- for measure in business_measures() %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        period_start
    from happened
    group by period_grain, {{ attributes }}, period_start
)

select * from flows
