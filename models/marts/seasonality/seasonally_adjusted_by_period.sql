with ratios as (
    select * from {{ ref('int_seasonal_ratios') }}
),

indices as (
    select * from {{ ref('int_seasonal_indices') }}
),

final as (
    select
        ratios.metric,
        ratios.basis,
        ratios.period_grain,
        ratios.period_start,
        cast(ratios.season_position as {{ dbt.type_int() }}) as season_position,
        ratios.value,
        ratios.trend,
        ratios.ratio_to_trend,
        cast(indices.seasonal_index as decimal(28, 6)) as seasonal_index,
        {{ safe_divide('ratios.value', 'indices.seasonal_index') }} as seasonally_adjusted_value,
        indices.is_seasonal,
        {{ policy_version_column() }}
    from ratios
    inner join indices
        on ratios.metric = indices.metric
        and ratios.basis = indices.basis
        and ratios.period_grain = indices.period_grain
        and ratios.season_position = indices.season_position
    where ratios.value is not null
)

select * from final
