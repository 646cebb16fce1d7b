with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where
        period_grain = 'year'
        and is_latest_complete_period
        and segment_dimension = 'all'
        and retained_customers > 0
),

order_revenue as (
    select * from {{ ref('repeat_purchase_by_period') }}
    where period_grain = 'year' and segment_dimension = 'all'
),

retained_revenue as (
    select * from {{ ref('int_retained_revenue') }}
),

mrr_by_period as (
    select * from {{ ref('mrr_by_period') }}
    where period_grain = 'year' and segment_dimension = 'all'
),

-- Subscribers pay MRR for each day of the year; those who were kept pay on what they pay at its close.
years as (
    select
        retention_by_period.basis,
        retention_by_period.period_start,
        retention_by_period.period_end,
        retention_by_period.opening_customers,
        retention_by_period.retained_customers,
        cast(
            case
                when retention_by_period.basis = 'subscriptions'
                    then {{ exact_quotient('12 * mrr_by_period.mrr_days', '365') }}
                else order_revenue.net_revenue
            end as decimal(28, 2)
        ) as revenue,
        cast(
            case
                when retention_by_period.basis = 'subscriptions'
                    then 12 * (
                        mrr_by_period.opening_mrr + mrr_by_period.expansion_mrr - mrr_by_period.contraction_mrr
                        - mrr_by_period.churn_mrr
                    )
                else retained_revenue.retained_revenue
            end as decimal(28, 2)
        ) as retained_revenue
    from retention_by_period
    left join order_revenue on retention_by_period.period_start = order_revenue.period_start
    left join mrr_by_period on retention_by_period.period_start = mrr_by_period.period_start
    left join retained_revenue
        on retention_by_period.basis = retained_revenue.basis
        and retention_by_period.period_start = retained_revenue.period_start
),

-- More customers than there were cannot be kept.
improvements as (
    select
        *,
        'one_point' as improvement,
        least(opening_customers, retained_customers + 0.01 * opening_customers) as improved_customers
    from years

    union all

    select
        *,
        'five_points' as improvement,
        least(opening_customers, retained_customers + 0.05 * opening_customers) as improved_customers
    from years

    union all

    select
        *,
        'five_percent' as improvement,
        least(opening_customers, 1.05 * retained_customers) as improved_customers
    from years
),

-- A customer who stays with the same chance every year stays opening / lost years. Kept as a fraction, whole numbers over
-- whole numbers; where nobody is lost, or hardly anybody, it is as long as the policy lets it be.
lives as (
    select
        *,
        case
            when {{ is_life_cut('retained_customers') }} then {{ policy('max_lifespan_years') }}
            else opening_customers
        end as life_numerator,
        case when {{ is_life_cut('retained_customers') }} then 1 else opening_customers - retained_customers end
            as life_denominator,
        case
            when {{ is_life_cut('improved_customers') }} then {{ policy('max_lifespan_years') }}
            else opening_customers
        end as improved_numerator,
        case when {{ is_life_cut('improved_customers') }} then 1 else opening_customers - improved_customers end
            as improved_denominator
    from improvements
),

final as (
    select
        basis,
        period_start,
        period_end,
        improvement,
        opening_customers,
        retained_customers,
        {{ safe_divide('retained_customers', 'opening_customers') }} as retention_rate,
        {{ safe_divide('improved_customers', 'opening_customers') }} as improved_retention_rate,
        revenue,
        {{ safe_divide('retained_revenue', 'retained_customers') }} as revenue_per_retained_customer,
        cast({{ gross_margin() }} as decimal(18, 6)) as gross_margin_rate,
        {{ safe_divide('life_numerator', 'life_denominator') }} as expected_life_years,
        {{ safe_divide('improved_numerator', 'improved_denominator') }} as improved_life_years,
        cast(improved_customers - retained_customers as decimal(28, 2)) as kept_customers,
        cast(
            {{ safe_divide('retained_revenue * (improved_customers - retained_customers)', 'retained_customers') }}
            as decimal(28, 2)
        ) as kept_revenue,
        cast(
            {{ safe_divide(
                gross_margin() ~ ' * retained_revenue * (improved_customers - retained_customers)', 'retained_customers'
            ) }} as decimal(28, 2)
        ) as kept_profit,
        {{ safe_divide(
            gross_margin() ~ ' * retained_revenue * (improved_customers - retained_customers)',
            '(' ~ gross_margin() ~ ' * revenue * retained_customers)'
        ) }} as relative_profit_change,
        {{ safe_divide(
            gross_margin() ~ ' * retained_revenue * life_numerator', '(retained_customers * life_denominator)'
        ) }} as lifetime_value,
        {{ safe_divide(
            gross_margin() ~ ' * retained_revenue * improved_numerator', '(retained_customers * improved_denominator)'
        ) }} as improved_lifetime_value,
        {{ safe_divide(
            'improved_numerator * life_denominator - life_numerator * improved_denominator',
            '(life_numerator * improved_denominator)'
        ) }} as relative_lifetime_value_change,
        {{ policy_version_column() }}
    from lives
)

select * from final
