with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where
        basis = '{{ lifespan_basis() }}'
        and period_grain = '{{ lifespan_grain() }}'
        and period_status = 'complete'
),

latest as (
    select
        *,
        row_number() over (partition by segment_dimension, segment_value order by period_start desc) as periods_back
    from retention_by_period
),

-- A year of complete periods together, so that a season does not decide; churn per period is then
-- churned / opening, churn per year that times the periods of a year, and the lifespan 1 over it.
yearly as (
    select
        segment_dimension,
        segment_value,
        sum(opening_customers) as opening_customers,
        sum(churned_customers) as churned_customers
    from latest
    where periods_back <= {{ lifespan_periods_per_year() }}
    group by segment_dimension, segment_value
),

lifespans as (
    select
        segment_dimension,
        segment_value,
        {{ safe_divide('churned_customers * ' ~ lifespan_periods_per_year(), 'opening_customers') }} as yearly_churn_rate,
        case
            when opening_customers > 0 and churned_customers > 0
                then least(
                    {{ safe_divide('opening_customers', '(churned_customers * ' ~ lifespan_periods_per_year() ~ ')') }},
                    {{ policy('max_lifespan_years') }}
                )
        end as lifespan_years
    from yearly
)

select * from lifespans
