with signals as (
    select * from {{ ref('int_risk_signals') }}
),

risk_state as (
    select * from {{ ref('int_risk_state') }}
),

fitted as (
    select * from {{ ref('risk_fit') }}
),

features as (
    select
        0 as feature_order,
        'intercept' as signal,
        'intercept' as kind,
        cast(null as {{ dbt.type_string() }}) as main_reason
    {%- for reason, signal in risk_signals().items() %}

    union all

    select
        {{ loop.index }} as feature_order,
        '{{ signal.column }}' as signal,
        'signal' as kind,
        '{{ reason }}' as main_reason
    {%- endfor %}
    {%- for measure in risk_measures() %}

    union all

    select
        {{ loop.index + risk_signals() | length }} as feature_order,
        '{{ measure }}' as signal,
        'measure' as kind,
        cast(null as {{ dbt.type_string() }}) as main_reason
    {%- endfor %}
),

counted as (
    {%- for signal in risk_signals().values() %}
    select
        '{{ signal.column }}' as signal,
        count(case when is_today and {{ signal.column }} then 1 end) as customers,
        count(case when has_left is not null and {{ signal.column }} then 1 end) as snapshots,
        count(case when has_left and {{ signal.column }} then 1 end) as left_snapshots,
        count({{ signal.column }}) > 0 as is_known
    from signals
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        features.signal,
        features.kind,
        features.main_reason,
        case
            when risk_state.risk_note is not null then risk_state.risk_note
            when features.kind = 'signal' and not counted.is_known then 'There is no raw table that would tell.'
            when fitted.weight is null then 'It did not occur, or always, while the label is complete.'
        end as note,
        cast(features.feature_order as {{ dbt.type_bigint() }}) as feature_order,
        cast(case when counted.is_known then counted.customers end as {{ dbt.type_bigint() }}) as customers,
        cast(case when counted.is_known then counted.snapshots end as {{ dbt.type_bigint() }}) as snapshots,
        {{ safe_divide('counted.left_snapshots', 'counted.snapshots') }} as left_share,
        cast(fitted.weight as decimal(28, 6)) as weight,
        cast(fitted.standard_error as decimal(28, 6)) as standard_error,
        cast(exp(fitted.weight) as decimal(28, 6)) as odds_ratio,
        cast(exp(fitted.weight - 1.959964 * fitted.standard_error) as decimal(28, 6)) as odds_ratio_lower_95,
        cast(exp(fitted.weight + 1.959964 * fitted.standard_error) as decimal(28, 6)) as odds_ratio_upper_95,
        {{ policy_version_column() }}
    from features
    cross join risk_state
    left join counted on features.signal = counted.signal
    left join fitted
        on features.signal = fitted.feature
        and risk_state.risk_note is null
)

select * from final
