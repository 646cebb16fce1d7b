with retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where
        basis in ({{ text_list(acquisition_bases()) }})
        and segment_dimension in ('all'{{ ", 'acquisition_channel'" if has_channels() }})
),

spells as (
    select * from {{ ref('int_customer_spells') }}
    where basis in ({{ text_list(acquisition_bases()) }})
),

marketing_spend as (
    select * from {{ ref('int_marketing_spend') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

beginnings as (
    select
        basis,
        {{ calendar_start('month', 'min(started_on)') }} as first_month
    from spells
    group by basis
),

-- Money may be booked once a month, on any day of it: what is known is known by whole months. Nobody was won before the
-- first customer was, and nothing is asked for after the last day that is looked at.
coverage as (
    select
        beginnings.basis,
        case
            when min(marketing_spend.spent_on) < {{ add_months(1, 'beginnings.first_month') }}
                then {{ date_literal('0001-01-01') }}
            else {{ calendar_start('month', 'min(marketing_spend.spent_on)') }}
        end as covered_from,
        case
            when
                {{ calendar_start('month', 'max(marketing_spend.spent_on)') }}
                = {{ calendar_start('month', 'as_of.as_of_date') }}
                then {{ date_literal('9999-12-31') }}
            else {{ add_days(add_months(1, calendar_start('month', 'max(marketing_spend.spent_on)')), -1) }}
        end as covered_until
    from beginnings
    cross join as_of
    cross join marketing_spend
    group by beginnings.basis, beginnings.first_month, as_of.as_of_date
),

spend_in_grains as (
    {%- for grain in policy('period_grains') %}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'spent_on') }} as period_start,
        acquisition_channel,
        amount
    from marketing_spend
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

spend as (
    select
        period_grain,
        period_start,
        'all' as segment_dimension,
        'all' as segment_value,
        sum(amount) as amount
    from spend_in_grains
    group by period_grain, period_start
    {%- if has_channels() %}

    union all

    select
        period_grain,
        period_start,
        'acquisition_channel' as segment_dimension,
        acquisition_channel as segment_value,
        sum(amount) as amount
    from spend_in_grains
    group by period_grain, period_start, acquisition_channel
    {%- endif %}
),

-- A shop spends before it has customers, and on channels that bring none. Periods of spend that are not known are earlier ones.
known_periods as (
    select distinct
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period
    from retention_by_period
    where segment_dimension = 'all'
),

spend_periods as (
    {%- for grain in policy('period_grains') %}
    select distinct
        beginnings.basis,
        '{{ grain }}' as period_grain,
        spend.period_start,
        {{ period_end(grain, 'spend.period_start') }} as period_end
    from beginnings
    cross join spend
    where
        spend.period_grain = '{{ grain }}'
        and beginnings.basis in ({{ text_list(bases_of_grain(grain) or ['']) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

periods as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period
    from known_periods

    union all

    select
        spend_periods.basis,
        spend_periods.period_grain,
        spend_periods.period_start,
        spend_periods.period_end,
        case when spend_periods.period_end <= as_of.as_of_date then 'complete' else 'partial' end as period_status,
        false as is_latest_complete_period
    from spend_periods
    cross join as_of
    left join known_periods
        on spend_periods.basis = known_periods.basis
        and spend_periods.period_grain = known_periods.period_grain
        and spend_periods.period_start = known_periods.period_start
    where known_periods.basis is null
),

slices as (
    select
        basis,
        segment_dimension,
        segment_value
    from retention_by_period

    union distinct

    select
        beginnings.basis,
        spend.segment_dimension,
        spend.segment_value
    from beginnings
    cross join spend
),

joined as (
    select
        periods.basis,
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.period_status,
        periods.is_latest_complete_period,
        slices.segment_dimension,
        slices.segment_value,
        case
            when
                coverage.covered_from is null
                or periods.period_end < coverage.covered_from
                or periods.period_start > coverage.covered_until
                then 'none'
            when periods.period_start >= coverage.covered_from and periods.period_end <= coverage.covered_until
                then 'complete'
            else 'partial'
        end as spend_coverage,
        coalesce(spend.amount, 0) as amount,
        cast(coalesce(retention_by_period.acquired_customers, 0) as {{ dbt.type_bigint() }}) as acquired_customers
    from periods
    inner join slices on periods.basis = slices.basis
    left join coverage on periods.basis = coverage.basis
    left join spend
        on periods.period_grain = spend.period_grain
        and periods.period_start = spend.period_start
        and slices.segment_dimension = spend.segment_dimension
        and slices.segment_value = spend.segment_value
    left join retention_by_period
        on periods.basis = retention_by_period.basis
        and periods.period_grain = retention_by_period.period_grain
        and periods.period_start = retention_by_period.period_start
        and slices.segment_dimension = retention_by_period.segment_dimension
        and slices.segment_value = retention_by_period.segment_value
),

final as (
    select
        basis,
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        spend_coverage,
        acquired_customers,
        cast(case when spend_coverage = 'complete' then amount end as decimal(28, 2)) as acquisition_spend
    from joined
)

select * from final
