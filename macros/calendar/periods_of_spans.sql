{#- CTEs that turn `spans` (basis, first_active_on, as_of_date) into `periods`: every period of the grains
    from the one of the first day to the one with as_of_date. `bases` maps a grain to the bases it is
    built for. 7,000 weeks are 134 years. -#}
{% macro periods_of_spans(bases) %}
numbers as (
    {{ dbt.generate_series(7000) }}
),

every_period as (
    {%- for grain, grain_bases in bases.items() %}
    {%- set first_start = period_start(grain, 'spans.first_active_on') %}
    select
        spans.basis,
        '{{ grain }}' as period_grain,
        {{ add_periods(grain, 'numbers.generated_number - 1', first_start) }} as period_start,
        {{ period_end(grain, add_periods(grain, 'numbers.generated_number - 1', first_start)) }} as period_end,
        {{ period_end(grain, add_periods(grain, 'numbers.generated_number', first_start)) }} as next_period_end,
        spans.as_of_date
    from spans
    cross join numbers
    where spans.basis in ({{ text_list(grain_bases) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

periods as (
    select
        basis,
        period_grain,
        case when period_end <= as_of_date then 'complete' else 'partial' end as period_status,
        period_end <= as_of_date and next_period_end > as_of_date as is_latest_complete_period,
        period_start,
        period_end
    from every_period
    where period_start <= as_of_date
)
{% endmacro %}


{#- grain -> bases, for the grains of the policy. -#}
{% macro bases_by_grain() %}
    {% set bases = {} %}
    {% for grain in policy('period_grains') if bases_of_grain(grain) %}
        {% do bases.update({grain: bases_of_grain(grain)}) %}
    {% endfor %}
    {{ return(bases) }}
{% endmacro %}
