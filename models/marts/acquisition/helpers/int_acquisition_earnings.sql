{% set since_start -%}
(
    partition by months.basis, months.period_grain, months.period_start, months.segment_dimension, months.segment_value, months.acquired_month
    order by months.months_since
    rows between unbounded preceding and current row
)
{%- endset %}

with flows as (
    select * from {{ ref('int_acquisition_flows') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- 1,200 months are a century.
numbers as (
    {{ dbt.generate_series(1200) }}
),

-- Customers won on one day are in the same periods: added up before they are counted in each grain.
days as (
    select
        basis,
        acquisition_channel,
        sum(amount) as amount,
        sum(mrr_change) as mrr_change,
        sum(mrr_days_before) as mrr_days_before,
        acquired_on,
        booked_month
    from flows
    group by basis, acquisition_channel, acquired_on, booked_month
),

in_grains as (
    {%- for grain in policy('period_grains') %}
    select
        basis,
        '{{ grain }}' as period_grain,
        acquisition_channel,
        amount,
        mrr_change,
        mrr_days_before,
        {{ period_start(grain, 'acquired_on') }} as period_start,
        {{ calendar_start('month', 'acquired_on') }} as acquired_month,
        booked_month
    from days
    where basis in ({{ text_list(bases_of_grain(grain) or ['']) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sliced as (
    select
        basis,
        period_grain,
        period_start,
        'all' as segment_dimension,
        'all' as segment_value,
        acquired_month,
        booked_month,
        sum(amount) as amount,
        sum(mrr_change) as mrr_change,
        sum(mrr_days_before) as mrr_days_before
    from in_grains
    group by basis, period_grain, period_start, acquired_month, booked_month
    {%- if has_channels() %}

    union all

    select
        basis,
        period_grain,
        period_start,
        'acquisition_channel' as segment_dimension,
        acquisition_channel as segment_value,
        acquired_month,
        booked_month,
        sum(amount) as amount,
        sum(mrr_change) as mrr_change,
        sum(mrr_days_before) as mrr_days_before
    from in_grains
    group by basis, period_grain, period_start, acquisition_channel, acquired_month, booked_month
    {%- endif %}
),

cohorts as (
    select distinct
        basis,
        period_grain,
        period_start,
        segment_dimension,
        segment_value,
        acquired_month
    from sliced
),

-- Only months that are over.
months as (
    select
        cohorts.*,
        numbers.generated_number - 1 as months_since,
        {{ add_months('numbers.generated_number - 1', 'cohorts.acquired_month') }} as activity_month,
        {{ add_days(add_months('numbers.generated_number', 'cohorts.acquired_month'), -1) }} as month_end
    from cohorts
    cross join as_of
    inner join numbers
        on {{ add_months('numbers.generated_number', 'cohorts.acquired_month') }} <= {{ add_days('as_of.as_of_date', 1) }}
),

cumulated as (
    select
        months.basis,
        months.period_grain,
        months.period_start,
        months.segment_dimension,
        months.segment_value,
        months.months_since,
        months.month_end,
        sum(coalesce(sliced.amount, 0)) over {{ since_start }} as amount,
        sum(coalesce(sliced.mrr_change, 0)) over {{ since_start }} as mrr,
        sum(coalesce(sliced.mrr_days_before, 0)) over {{ since_start }} as mrr_days_before
    from months
    left join sliced
        on months.basis = sliced.basis
        and months.period_grain = sliced.period_grain
        and months.period_start = sliced.period_start
        and months.segment_dimension = sliced.segment_dimension
        and months.segment_value = sliced.segment_value
        and months.acquired_month = sliced.acquired_month
        and months.activity_month = sliced.booked_month
),

cohort_counts as (
    select
        basis,
        period_grain,
        period_start,
        segment_dimension,
        segment_value,
        count(*) as cohorts
    from cohorts
    group by basis, period_grain, period_start, segment_dimension, segment_value
),

-- A period's customers were won in several months: a month since is observed when it is for the last of them.
earnings as (
    select
        cumulated.basis,
        cumulated.period_grain,
        cumulated.period_start,
        cumulated.segment_dimension,
        cumulated.segment_value,
        cast(cumulated.months_since as {{ dbt.type_int() }}) as months_since,
        cast(
            sum({{ earned_times_365('cumulated.amount', 'cumulated.mrr', 'cumulated.mrr_days_before', 'cumulated.month_end') }})
            as decimal(38, 10)
        ) as earned_times_365
    from cumulated
    inner join cohort_counts
        on cumulated.basis = cohort_counts.basis
        and cumulated.period_grain = cohort_counts.period_grain
        and cumulated.period_start = cohort_counts.period_start
        and cumulated.segment_dimension = cohort_counts.segment_dimension
        and cumulated.segment_value = cohort_counts.segment_value
    group by
        cumulated.basis,
        cumulated.period_grain,
        cumulated.period_start,
        cumulated.segment_dimension,
        cumulated.segment_value,
        cumulated.months_since,
        cohort_counts.cohorts
    having count(*) = cohort_counts.cohorts
)

select * from earnings
