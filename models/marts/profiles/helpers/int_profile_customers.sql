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

support_tickets as (
    select * from {{ ref('int_support_tickets') }}
),

feedback as (
    select * from {{ ref('int_feedback') }}
    where nps_score is not null
),

-- The last year, quarter and month that are over by as_of_date.
latest_periods as (
    {%- for grain in profile_grains() %}
    select
        '{{ grain }}' as period_grain,
        {{ loop.index }} as place,
        {{ add_periods(grain, -1, period_start(grain, add_days('as_of_date', 1))) }} as period_start,
        {{ add_days(period_start(grain, add_days('as_of_date', 1)), -1) }} as period_end
    from {{ ref('int_as_of_date') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

opening_of_each as (
    select
        spells.basis,
        spells.customer_id,
        spells.started_on,
        latest_periods.*,
        rank() over (partition by spells.basis order by latest_periods.place) as place_of_basis
    from spells
    inner join latest_periods
        on spells.started_on < latest_periods.period_start
        and (spells.ended_on is null or spells.ended_on >= latest_periods.period_start)
),

-- The year; where nobody was a customer before it, the quarter; and a young shop has its month.
opening as (
    select
        basis,
        customer_id,
        {{ tenure_band('started_on', 'period_start') }} as tenure_band,
        period_grain,
        period_start,
        period_end
    from opening_of_each
    where place_of_basis = 1
),

periods as (
    select distinct
        period_grain,
        period_start,
        period_end
    from opening
),

closing as (
    select
        spells.basis,
        spells.customer_id,
        periods.period_grain
    from spells
    inner join periods
        on spells.started_on <= periods.period_end
        and (spells.ended_on is null or spells.ended_on > periods.period_end)
),

-- What was known on the day before the period, and what the period brought.
ordered as (
    select
        orders.customer_id,
        periods.period_grain,
        {%- for attribute in own_attributes('orders') %}
        max(case when orders.order_number = 1 and orders.ordered_on < periods.period_start then orders.{{ attribute }} end)
            as first_{{ attribute }},
        {%- endfor %}
        count(case when orders.ordered_on < periods.period_start then 1 end) as orders_before,
        sum(case when orders.ordered_on < periods.period_start then orders.gross_amount end) as revenue_before,
        sum(case when orders.ordered_on between periods.period_start and periods.period_end then orders.gross_amount else 0 end)
            as gross_revenue
    from orders
    cross join periods
    group by orders.customer_id, periods.period_grain
),

refunded as (
    select
        refunds.customer_id,
        periods.period_grain,
        count(case when refunds.refunded_on < periods.period_start then 1 end) as refunds_before,
        sum(case when refunds.refunded_on between periods.period_start and periods.period_end then refunds.amount else 0 end)
            as refunds
    from refunds
    cross join periods
    group by refunds.customer_id, periods.period_grain
),

-- MRR of each day of the period, the first plan of all, and the largest on the day before the period.
paid as (
    select
        subscription_periods.customer_id,
        periods.period_grain,
        sum(
            subscription_periods.mrr * greatest({{ days_between(
                'greatest(subscription_periods.started_on, periods.period_start)',
                'least(coalesce(subscription_periods.active_until_on, ' ~ add_days('periods.period_end', 1) ~ '), '
                ~ add_days('periods.period_end', 1) ~ ')'
            ) }}, 0)
        ) as mrr_days
    from subscription_periods
    cross join periods
    where subscription_periods.is_paid
    group by subscription_periods.customer_id, periods.period_grain
),

first_plans as (
    select
        customer_id,
        plan as first_plan,
        started_on as first_started_on,
        row_number() over (partition by customer_id order by started_on asc, mrr desc, plan asc, subscription_id asc) as place
    from subscription_periods
    where is_active
),

plans as (
    select
        subscription_periods.customer_id,
        periods.period_grain,
        subscription_periods.plan,
        row_number() over (
            partition by subscription_periods.customer_id, periods.period_grain
            order by subscription_periods.mrr desc, subscription_periods.plan asc, subscription_periods.subscription_id asc
        ) as place
    from subscription_periods
    cross join periods
    where
        subscription_periods.is_active
        and subscription_periods.started_on < periods.period_start
        and (subscription_periods.active_until_on is null or subscription_periods.active_until_on >= periods.period_start)
),

-- The worst that was known of the service: a complaint, a ticket that was open, a ticket.
serviced as (
    select
        support_tickets.customer_id,
        periods.period_grain,
        max(
            case
                when support_tickets.is_complaint then 3
                when support_tickets.resolved_on is null or support_tickets.resolved_on >= periods.period_start then 2
                else 1
            end
        ) as worst
    from support_tickets
    inner join periods on support_tickets.opened_on < periods.period_start
    group by support_tickets.customer_id, periods.period_grain
),

recommended as (
    select
        feedback.customer_id,
        periods.period_grain,
        feedback.nps_score,
        row_number() over (
            partition by feedback.customer_id, periods.period_grain
            order by feedback.given_on desc, feedback.feedback_id desc
        ) as place
    from feedback
    inner join periods on feedback.given_on < periods.period_start
),

joined as (
    select
        opening.basis,
        opening.customer_id,
        {%- for attribute in customer_attributes() %}
        customers.{{ attribute }},
        {%- endfor %}
        opening.tenure_band,
        case when first_plans.first_started_on < opening.period_start then first_plans.first_plan else '(none)' end as first_plan,
        coalesce(plans.plan, '(none)') as plan,
        {%- for attribute in own_attributes('orders') %}
        coalesce(cast(ordered.first_{{ attribute }} as {{ dbt.type_string() }}), '(none)') as first_{{ attribute }},
        {%- endfor %}
        coalesce(ordered.orders_before, 0) as orders_before,
        case when ordered.orders_before > 0 then {{ safe_divide('ordered.revenue_before', 'ordered.orders_before') }} end
            as order_value_before,
        case when refunded.refunds_before > 0 then 'yes' else 'no' end as has_refund,
        case serviced.worst when 3 then 'complaint' when 2 then 'open ticket' when 1 then 'ticket' else 'none' end as service,
        case
            when recommended.nps_score >= 9 then 'promoter'
            when recommended.nps_score >= 7 then 'passive'
            when recommended.nps_score >= 0 then 'detractor'
            else 'not asked'
        end as nps_band,
        closing.customer_id is null as is_churned,
        -- A year has 365.25 days: 12 / 365.25 is 48 / 1461, and no cent is lost on the way.
        cast(
            case
                when opening.basis = 'subscriptions' then {{ safe_divide('coalesce(paid.mrr_days, 0) * 48', '1461') }}
                else coalesce(ordered.gross_revenue, 0) - coalesce(refunded.refunds, 0)
            end as decimal(28, 2)
        ) as revenue,
        opening.period_grain,
        opening.period_start
    from opening
    inner join customers on opening.customer_id = customers.customer_id
    left join closing
        on opening.basis = closing.basis
        and opening.customer_id = closing.customer_id
        and opening.period_grain = closing.period_grain
    left join ordered on opening.customer_id = ordered.customer_id and opening.period_grain = ordered.period_grain
    left join refunded on opening.customer_id = refunded.customer_id and opening.period_grain = refunded.period_grain
    left join paid on opening.customer_id = paid.customer_id and opening.period_grain = paid.period_grain
    left join first_plans on opening.customer_id = first_plans.customer_id and first_plans.place = 1
    left join plans
        on opening.customer_id = plans.customer_id
        and opening.period_grain = plans.period_grain
        and plans.place = 1
    left join serviced on opening.customer_id = serviced.customer_id and opening.period_grain = serviced.period_grain
    left join recommended
        on opening.customer_id = recommended.customer_id
        and opening.period_grain = recommended.period_grain
        and recommended.place = 1
),

-- Customers with the same order value are in the same quarter; those with the same revenue are in the top tenth together,
-- where all of them fit, or not.
ranked as (
    select
        *,
        count(*) over (partition by basis) as customers,
        count(order_value_before) over (partition by basis) as ordering_customers,
        rank() over (partition by basis order by order_value_before asc nulls last) as place_by_order_value,
        rank() over (partition by basis order by revenue desc)
        + count(*) over (partition by basis, revenue) - 1 as customers_to_revenue
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
        first_plan,
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
        service,
        nps_band,
        revenue,
        is_churned,
        revenue > 0 and customers_to_revenue <= ceil(customers / 10.0) as is_most_valuable,
        period_grain,
        period_start
    from ranked
)

select * from final
