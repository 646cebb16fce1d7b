{% set in_order = '(partition by metric, basis, period_grain order by period_start)' %}

with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where segment_dimension = 'all' and period_status = 'complete'
),

repeat_purchase_by_period as (
    select * from {{ ref('repeat_purchase_by_period') }}
    where segment_dimension = 'all' and period_status = 'complete'
),

mrr_by_period as (
    select * from {{ ref('mrr_by_period') }}
    where segment_dimension = 'all' and period_status = 'complete'
),

series as (
    {%- for mart, metrics in seasonal_metrics().items() %}
    {%- set outer_loop = loop %}
    {%- for metric in metrics %}
    select
        '{{ metric }}' as metric,
        {{ "basis" if mart == 'retention_by_period' else "'mrr'" if mart == 'mrr_by_period' else "'orders'" }} as basis,
        period_grain,
        period_start,
        cast({{ metric }} as decimal(28, 6)) as value
    from {{ mart }}
    where period_grain in ('month', 'week')
    {{ 'union all' if not (outer_loop.last and loop.last) }}
    {%- endfor %}
    {%- endfor %}
),

-- A season has 12 months or 52 weeks. Its centred moving average takes the half of both ends, so that each month (week)
-- of the year has the same weight in it.
averaged as (
    {%- for grain, season in seasons().items() %}
    {%- set around_it -%}
    (
            partition by metric, basis, period_grain
            order by period_start
            rows between {{ season // 2 }} preceding and {{ season // 2 }} following
        )
    {%- endset %}
    select
        *,
        {{ season }} as periods_of_season,
        sum(value) over {{ around_it }} as sum_around,
        count(value) over {{ around_it }} as periods_around,
        lag(value, {{ season // 2 }}) over {{ in_order }} as first_value_around,
        lead(value, {{ season // 2 }}) over {{ in_order }} as last_value_around
    from series
    where period_grain = '{{ grain }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Twice the sum without half of each end; null where a period of the season is missing or has no value.
doubled as (
    select
        *,
        case
            when periods_around = periods_of_season + 1
                then 2 * sum_around - first_value_around - last_value_around
        end as double_sum
    from averaged
),

final as (
    select
        metric,
        basis,
        period_grain,
        period_start,
        {{ season_position('period_grain', 'period_start') }} as season_position,
        value,
        {{ safe_divide('double_sum', '(2 * periods_of_season)') }} as trend,
        case when double_sum > 0 then {{ safe_divide('value * 2 * periods_of_season', 'double_sum') }} end as ratio_to_trend
    from doubled
)

select * from final
