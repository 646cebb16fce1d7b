with spells as (
    select * from {{ ref('int_customer_spells') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

numbers as (
    {{ dbt.generate_series(7000) }}
),

spans as (
    select
        spells.basis,
        as_of.as_of_date,
        min(spells.started_on) as first_active_on
    from spells
    cross join as_of
    group by spells.basis, as_of.as_of_date
),

-- Every period from the basis's first to the one with as_of_date; 7,000 weeks are 134 years.
periods as (
    {%- for grain in policy('period_grains') if bases_of_grain(grain) %}
    select
        spans.basis,
        '{{ grain }}' as period_grain,
        {{ add_periods(grain, 'numbers.generated_number - 1', period_start(grain, 'spans.first_active_on')) }}
            as period_start,
        {{ period_end(grain, add_periods(grain, 'numbers.generated_number - 1', period_start(grain, 'spans.first_active_on'))) }}
            as period_end,
        {{ period_end(grain, add_periods(grain, 'numbers.generated_number', period_start(grain, 'spans.first_active_on'))) }}
            as next_period_end,
        spans.as_of_date
    from spans
    cross join numbers
    where spans.basis in ({{ text_list(bases_of_grain(grain)) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

marked as (
    select
        basis,
        period_grain,
        case when period_end <= as_of_date then 'complete' else 'partial' end as period_status,
        period_end <= as_of_date and next_period_end > as_of_date as is_latest_complete_period,
        period_start,
        period_end
    from periods
    where period_start <= as_of_date
)

select * from marked
