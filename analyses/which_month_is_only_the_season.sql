-- Which changes from month to month are only the season? The last twelve complete months, raw and without the season.
-- Where the raw figure moves by a tenth or more and the adjusted one by less than half of that, most of it was the calendar.
with seasonally_adjusted_by_period as (
    select
        *,
        lag(value) over (partition by metric, basis order by period_start) as value_before,
        lag(seasonally_adjusted_value) over (partition by metric, basis order by period_start) as adjusted_before,
        row_number() over (partition by metric, basis order by period_start desc) as months_ago
    from {{ ref('seasonally_adjusted_by_period') }}
    where period_grain = 'month'
),

changed as (
    select
        *,
        {{ safe_divide('value - value_before', 'value_before') }} as change,
        {{ safe_divide('seasonally_adjusted_value - adjusted_before', 'adjusted_before') }} as adjusted_change
    from seasonally_adjusted_by_period
),

final as (
    select
        metric,
        basis,
        period_start,
        cast(value as decimal(18, 3)) as value,
        cast(seasonal_index as decimal(18, 3)) as seasonal_index,
        cast(seasonally_adjusted_value as decimal(18, 3)) as adjusted,
        cast(change as decimal(18, 3)) as change,
        cast(adjusted_change as decimal(18, 3)) as adjusted_change,
        is_seasonal and abs(change) >= 0.1 and abs(adjusted_change) < 0.5 * abs(change) as is_mostly_the_season
    from changed
    where is_seasonal and months_ago <= 12
)

select * from final
order by metric asc, basis asc, period_start asc
