with spells as (
    select * from {{ ref('int_customer_spells') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
    where is_counted
),

subscription_periods as (
    select * from {{ ref('subscription_periods') }}
),

-- The last year that is over by as_of_date.
years as (
    select
        {{ add_periods('year', -1, period_start('year', add_days('as_of_date', 1))) }} as year_start,
        {{ add_days(period_start('year', add_days('as_of_date', 1)), -1) }} as year_end
    from {{ ref('int_as_of_date') }}
),

opening as (
    select
        spells.basis,
        spells.customer_id,
        years.year_start,
        {{ tenure_band('spells.started_on', 'years.year_start') }} as tenure_band
    from spells
    cross join years
    where
        spells.started_on < years.year_start
        and (spells.ended_on is null or spells.ended_on >= years.year_start)
),

closing as (
    select
        spells.basis,
        spells.customer_id
    from spells
    cross join years
    where spells.started_on <= years.year_end and (spells.ended_on is null or spells.ended_on > years.year_end)
),

-- What was known on the day before the year, and what the year brought.
ordered as (
    select
        orders.customer_id,
        {%- for attribute in own_attributes('orders') %}
        max(case when orders.order_number = 1 and orders.ordered_on < years.year_start then orders.{{ attribute }} end)
            as first_{{ attribute }},
        {%- endfor %}
        count(case when orders.ordered_on < years.year_start then 1 end) as orders_before,
        sum(case when orders.ordered_on < years.year_start then orders.gross_amount end) as revenue_before,
        sum(case when orders.ordered_on between years.year_start and years.year_end then orders.gross_amount else 0 end)
            as gross_revenue
    from orders
    cross join years
    group by orders.customer_id
),

refunded as (
    select
        refunds.customer_id,
        count(case when refunds.refunded_on < years.year_start then 1 end) as refunds_before,
        sum(case when refunds.refunded_on between years.year_start and years.year_end then refunds.amount else 0 end)
            as refunds
    from refunds
    cross join years
    group by refunds.customer_id
),

-- MRR on each day of the year, and the largest plan on the day before it.
paid as (
    select
        subscription_periods.customer_id,
        sum(
            subscription_periods.mrr * greatest({{ days_between(
                'greatest(subscription_periods.started_on, years.year_start)',
                'least(coalesce(subscription_periods.active_until_on, ' ~ add_days('years.year_end', 1) ~ '), '
                ~ add_days('years.year_end', 1) ~ ')'
            ) }}, 0)
        ) as mrr_days
    from subscription_periods
    cross join years
    where subscription_periods.is_paid
    group by subscription_periods.customer_id
),

plans as (
    select
        subscription_periods.customer_id,
        subscription_periods.plan,
        row_number() over (
            partition by subscription_periods.customer_id
            order by subscription_periods.mrr desc, subscription_periods.plan asc, subscription_periods.subscription_id asc
        ) as place
    from subscription_periods
    cross join years
    where
        subscription_periods.is_active
        and subscription_periods.started_on < years.year_start
        and (subscription_periods.active_until_on is null or subscription_periods.active_until_on >= years.year_start)
),

joined as (
    select
        opening.basis,
        opening.customer_id,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        opening.tenure_band,
        coalesce(plans.plan, '(none)') as plan,
        {%- for attribute in own_attributes('orders') %}
        coalesce(cast(ordered.first_{{ attribute }} as {{ dbt.type_string() }}), '(none)') as first_{{ attribute }},
        {%- endfor %}
        coalesce(ordered.orders_before, 0) as orders_before,
        case when ordered.orders_before > 0 then {{ safe_divide('ordered.revenue_before', 'ordered.orders_before') }} end
            as order_value_before,
        case when refunded.refunds_before > 0 then 'yes' else 'no' end as has_refund,
        closing.customer_id is null as is_churned,
        cast(
            coalesce(ordered.gross_revenue, 0) - coalesce(refunded.refunds, 0)
            + coalesce(paid.mrr_days, 0) * 12 / 365.25 as decimal(28, 2)
        ) as revenue,
        opening.year_start
    from opening
    inner join customers on opening.customer_id = customers.customer_id
    left join closing on opening.basis = closing.basis and opening.customer_id = closing.customer_id
    left join ordered on opening.customer_id = ordered.customer_id
    left join refunded on opening.customer_id = refunded.customer_id
    left join paid on opening.customer_id = paid.customer_id
    left join plans on opening.customer_id = plans.customer_id and plans.place = 1
),

-- Customers with the same order value are in the same quarter; those with the same revenue are in the top tenth together,
-- where all of them fit, or not.
ranked as (
    select
        *,
        count(*) over (partition by basis) as customers,
        count(order_value_before) over (partition by basis) as ordering_customers,
        rank() over (partition by basis order by order_value_before asc nulls last) as place_by_order_value,
        count(*) over (
            partition by basis
            order by revenue desc
            range between unbounded preceding and current row
        ) as customers_to_revenue
    from joined
),

final as (
    select
        basis,
        customer_id,
        {%- for attribute in customer_attributes() %}
        {{ attribute }},
        {%- endfor %}
        tenure_band,
        plan,
        {%- for attribute in own_attributes('orders') %}
        first_{{ attribute }},
        {%- endfor %}
        case
            when orders_before = 0 then '(no orders)'
            when order_value_before is null then '(unknown)'
            when place_by_order_value <= 0.25 * ordering_customers then '1st quarter (lowest)'
            when place_by_order_value <= 0.5 * ordering_customers then '2nd quarter'
            when place_by_order_value <= 0.75 * ordering_customers then '3rd quarter'
            else '4th quarter (highest)'
        end as order_value_band,
        case
            when orders_before = 0 then '0'
            when orders_before = 1 then '1'
            when orders_before = 2 then '2'
            when orders_before <= 5 then '3 to 5'
            when orders_before <= 10 then '6 to 10'
            else '11 or more'
        end as orders_band,
        has_refund,
        revenue,
        is_churned,
        revenue > 0 and customers_to_revenue <= ceil(customers / 10.0) as is_most_valuable,
        year_start
    from ranked
)

select * from final
