with indices as (
    select * from {{ ref('int_seasonal_indices') }}
),

final as (
    select
        metric,
        basis,
        period_grain,
        cast(season_position as {{ dbt.type_int() }}) as season_position,
        cast(ratios as {{ dbt.type_bigint() }}) as ratios,
        cast(complete_cycles as {{ dbt.type_bigint() }}) as complete_cycles,
        cast(mean_ratio as decimal(28, 6)) as mean_ratio,
        cast(f_value as decimal(28, 6)) as f_value,
        cast(seasonal_index as decimal(28, 6)) as seasonal_index,
        is_seasonal,
        {{ policy_version_column() }}
    from indices
)

select * from final
