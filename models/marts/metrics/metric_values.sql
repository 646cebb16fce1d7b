{% set slice -%}
(
    partition by metric, basis, period_grain, segment_dimension, segment_value
    order by period_start
)
{%- endset %}

with measured as (
    select * from {{ ref('int_metrics_measured') }}
),

-- Every slice has every period, so a fixed number of rows back is a fixed time back.
compared as (
    select
        *,
        lag(value) over {{ slice }} as previous_value,
        case period_grain
            when 'week' then {{ in_the_week_a_year_before('value', 'period_start', slice) }}
            when 'month' then lag(value, 12) over {{ slice }}
            when 'quarter' then lag(value, 4) over {{ slice }}
            when 'year' then lag(value, 1) over {{ slice }}
        end as previous_year_value
    from measured
),

-- A partial period is not compared: its counts are still growing. A share of customers has an interval.
final as (
    select
        metric,
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        segment_dimension,
        segment_value,
        numerator,
        denominator,
        value,
        previous_value,
        cast(case when period_status = 'complete' then value - previous_value end as decimal(28, 6)) as change,
        case
            when period_status = 'complete' then {{ safe_divide('value - previous_value', 'abs(previous_value)') }}
        end
            as relative_change,
        previous_year_value,
        cast(case when period_status = 'complete' then value - previous_year_value end as decimal(28, 6))
            as change_year_over_year,
        label,
        unit,
        direction,
        is_latest_complete_period,
        case
            when period_status = 'complete'
                then {{ safe_divide('value - previous_year_value', 'abs(previous_year_value)') }}
        end
            as relative_year_over_year_change,
        case when is_proportion and value between 0 and 1 then {{ wilson_bound(-1, 'numerator', 'denominator') }} end
            as lower_95,
        case when is_proportion and value between 0 and 1 then {{ wilson_bound(1, 'numerator', 'denominator') }} end
            as upper_95,
        {{ policy_version_column() }}
    from compared
)

select * from final
