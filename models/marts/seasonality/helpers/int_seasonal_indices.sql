{% set of_series = '(partition by positions.metric, positions.basis, positions.period_grain)' %}

with ratios as (
    select * from {{ ref('int_seasonal_ratios') }}
),

-- Floats, because means are no decimals; the ratios are decimals, so that what repeats repeats exactly.
observed as (
    select
        metric,
        basis,
        period_grain,
        season_position,
        {{ as_double('ratio_to_trend') }} as ratio
    from ratios
    where ratio_to_trend is not null
),

means as (
    select
        metric,
        basis,
        period_grain,
        season_position,
        count(*) as ratios,
        avg(ratio) as mean_ratio
    from observed
    group by metric, basis, period_grain, season_position
),

-- Every position of every series, also those of which no ratio is known.
positions as (
    select
        metric,
        basis,
        period_grain,
        season_position,
        count(*) as periods
    from ratios
    group by metric, basis, period_grain, season_position
),

counted as (
    select
        positions.metric,
        positions.basis,
        positions.period_grain,
        positions.season_position,
        means.mean_ratio,
        coalesce(means.ratios, 0) as ratios,
        sum(means.ratios) over {{ of_series }} as ratios_of_series,
        count(*) over {{ of_series }} as positions_of_series,
        min(coalesce(means.ratios, 0)) over {{ of_series }} as least_ratios,
        sum(means.mean_ratio) over {{ of_series }} as sum_of_means,
        sum(means.ratios * means.mean_ratio) over {{ of_series }} as sum_of_ratios
    from positions
    left join means
        on positions.metric = means.metric
        and positions.basis = means.basis
        and positions.period_grain = means.period_grain
        and positions.season_position = means.season_position
),

-- A series of less than a year lacks positions, and has seen no cycle.
cycled as (
    select
        *,
        case
            when positions_of_series = {{ season_length('period_grain') }} then least_ratios
            else 0
        end as complete_cycles,
        {{ season_length('period_grain') }} - 1 as degrees_between,
        ratios_of_series - {{ season_length('period_grain') }} as degrees_within
    from counted
),

between_positions as (
    select
        metric,
        basis,
        period_grain,
        sum(ratios * power(mean_ratio - sum_of_ratios / ratios_of_series, 2)) as squares_between
    from cycled
    where ratios > 0
    group by metric, basis, period_grain
),

within_positions as (
    select
        observed.metric,
        observed.basis,
        observed.period_grain,
        sum(power(observed.ratio - means.mean_ratio, 2)) as squares_within
    from observed
    inner join means
        on observed.metric = means.metric
        and observed.basis = means.basis
        and observed.period_grain = means.period_grain
        and observed.season_position = means.season_position
    group by observed.metric, observed.basis, observed.period_grain
),

-- Twelve decimals: what is left of a float beyond them is not a difference between the years.
tested as (
    select
        cycled.*,
        cycled.complete_cycles >= {{ policy('seasonal_cycles') }} as has_cycles,
        cast(between_positions.squares_between as decimal(28, 12)) as squares_between,
        cast(within_positions.squares_within as decimal(28, 12)) as squares_within
    from cycled
    left join between_positions
        on cycled.metric = between_positions.metric
        and cycled.basis = between_positions.basis
        and cycled.period_grain = between_positions.period_grain
    left join within_positions
        on cycled.metric = within_positions.metric
        and cycled.basis = within_positions.basis
        and cycled.period_grain = within_positions.period_grain
),

rated as (
    select
        *,
        case
            when has_cycles and squares_within > 0
                then cast(
                    {{ as_double('squares_between') }} * degrees_within
                    / ({{ as_double('squares_within') }} * degrees_between) as decimal(28, 6)
                )
        end as f_value,
        case
            when has_cycles then cast(mean_ratio * positions_of_series / nullif(sum_of_means, 0) as decimal(28, 6))
        end as mean_ratio_normalised
    from tested
),

judged as (
    select
        *,
        case
            when not has_cycles then null
            when squares_within > 0 then f_value >= 7
            else coalesce(squares_between > 0, false)
        end as is_seasonal
    from rated
),

final as (
    select
        metric,
        basis,
        period_grain,
        season_position,
        ratios,
        complete_cycles,
        mean_ratio_normalised as mean_ratio,
        f_value,
        case when is_seasonal then mean_ratio_normalised when has_cycles then 1 end as seasonal_index,
        is_seasonal
    from judged
)

select * from final
