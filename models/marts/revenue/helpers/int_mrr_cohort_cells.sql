with changes as (
    select * from {{ ref('int_mrr_levels') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

levels as (
    select
        *,
        min(changed_on) over (partition by customer_id) as first_paid_on
    from changes
),

dated as (
    select
        *,
        {{ cohort_period('first_paid_on') }} as cohort_month,
        {{ cohort_period('changed_on') }} as activity_month
    from levels
),

-- One row per cohort, period of a change and combination of segments.
cells as (
    select
        'mrr' as basis,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        count(case when levels.changed_on = levels.first_paid_on then 1 end) as acquired_customers,
        sum(case when levels.changed_on = levels.first_paid_on then levels.mrr else 0 end) as starting_mrr,
        sum(case when levels.mrr = levels.mrr_change then 1 when levels.mrr = 0 then -1 else 0 end) as customers_change,
        sum(levels.mrr_change) as mrr_change,
        levels.cohort_month,
        levels.activity_month
    from dated as levels
    inner join customers on levels.customer_id = customers.customer_id
    group by
        {{ customer_attributes() | join(', ') }},
        levels.cohort_month,
        levels.activity_month
)

select * from cells
