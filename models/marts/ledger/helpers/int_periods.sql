with spells as (
    select * from {{ ref('int_customer_spells') }}
),

orders as (
    select * from {{ ref('int_customer_orders') }}
),

mrr_changes as (
    select * from {{ ref('int_mrr_changes') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- Purchases and MRR have periods of their own, whichever bases are built.
beginnings as (
    select
        basis,
        min(started_on) as first_active_on
    from spells
    group by basis

    union all

    select
        'orders' as basis,
        min(first_booked_on) as first_active_on
    from orders

    union all

    select
        'mrr' as basis,
        min(changed_on) as first_active_on
    from mrr_changes
),

{%- if calendar_is_a_table() %}
{%- for grain in spine_grains() %}

{{ grain }}s as (
    select
        start_of_{{ grain }} as period_start,
        end_of_{{ grain }} as period_end,
        lead(end_of_{{ grain }}) over (order by start_of_{{ grain }}) as next_period_end
    from (
        select distinct
            start_of_{{ grain }},
            end_of_{{ grain }}
        from {{ ref('int_calendar_days') }}
    ) as distinct_{{ grain }}s
),
{%- endfor %}

-- The table holds the as-of date: what follows its last period ends later than that.
every_period as (
    {%- for grain in spine_grains() %}
    select
        beginnings.basis,
        '{{ grain }}' as period_grain,
        {{ grain }}s.period_start,
        {{ grain }}s.period_end,
        coalesce({{ grain }}s.next_period_end, {{ add_days(grain ~ 's.period_end', 1) }}) as next_period_end
    from beginnings
    inner join {{ grain }}s on beginnings.first_active_on <= {{ grain }}s.period_end
    where beginnings.basis in ({{ text_list(bases_of_grain(grain) + ['orders', 'mrr']) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- else %}

-- 7,000 weeks are 134 years.
numbers as (
    {{ dbt.generate_series(7000) }}
),

every_period as (
    {%- for grain in spine_grains() %}
    {%- set first_start = period_start(grain, 'beginnings.first_active_on') %}
    select
        beginnings.basis,
        '{{ grain }}' as period_grain,
        {{ add_periods(grain, 'numbers.generated_number - 1', first_start) }} as period_start,
        {{ period_end(grain, add_periods(grain, 'numbers.generated_number - 1', first_start)) }} as period_end,
        {{ period_end(grain, add_periods(grain, 'numbers.generated_number', first_start)) }} as next_period_end
    from beginnings
    cross join numbers
    where beginnings.basis in ({{ text_list(bases_of_grain(grain) + ['orders', 'mrr']) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- endif %}

periods as (
    select
        every_period.basis,
        every_period.period_grain,
        every_period.period_start,
        every_period.period_end,
        case when every_period.period_end <= as_of.as_of_date then 'complete' else 'partial' end as period_status,
        every_period.period_end <= as_of.as_of_date and every_period.next_period_end > as_of.as_of_date
            as is_latest_complete_period,
        every_period.period_grain in ({{ text_list(policy('period_grains')) }}) as is_grain_of_policy
    from every_period
    cross join as_of
    where every_period.period_start <= as_of.as_of_date
)

select * from periods
