{% set of_trait = '(partition by outcome, basis, trait)' %}

with customers as (
    select * from {{ ref('int_profile_customers') }}
),

traits as (
    {%- for trait in profile_traits() %}
    select
        basis,
        period_grain,
        period_start,
        '{{ trait }}' as trait,
        {{ trait }} as full_value,
        is_churned,
        is_most_valuable
    from customers
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sized as (
    select
        basis,
        period_grain,
        period_start,
        trait,
        full_value,
        count(*) as customers
    from traits
    group by basis, period_grain, period_start, trait, full_value
),

-- Beyond the twelve most frequent values a list is no profile: the rest is one value.
placed as (
    select
        *,
        row_number() over (partition by basis, trait order by customers desc, full_value asc) as place
    from sized
),

outcomes as (
    {%- for outcome in profile_outcomes() %}
    select
        '{{ outcome.name }}' as outcome,
        basis,
        period_grain,
        period_start,
        trait,
        full_value,
        case when {{ outcome.column }} then 1 else 0 end as hit
    from traits
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        outcomes.outcome,
        outcomes.basis,
        outcomes.period_grain,
        outcomes.period_start,
        outcomes.trait,
        case when placed.place <= 12 then outcomes.full_value else '(other)' end as trait_value,
        count(*) as customers,
        sum(outcomes.hit) as hits
    from outcomes
    inner join placed
        on outcomes.basis = placed.basis
        and outcomes.trait = placed.trait
        and outcomes.full_value = placed.full_value
    group by
        outcomes.outcome,
        outcomes.basis,
        outcomes.period_grain,
        outcomes.period_start,
        outcomes.trait,
        case when placed.place <= 12 then outcomes.full_value else '(other)' end
),

-- A trait with one value compares nothing, and has no row.
against_others as (
    select
        *,
        sum(customers) over {{ of_trait }} as all_customers,
        sum(hits) over {{ of_trait }} as all_hits,
        sum(customers) over {{ of_trait }} - customers as other_customers,
        sum(hits) over {{ of_trait }} - hits as other_hits
    from counted
),

bounded as (
    select
        *,
        {{ safe_divide('hits', 'customers') }} as rate,
        {{ wilson_bound(-1, 'hits', 'customers') }} as lower_95,
        {{ wilson_bound(1, 'hits', 'customers') }} as upper_95,
        {{ safe_divide('other_hits', 'other_customers') }} as other_rate,
        {{ wilson_bound(-1, 'other_hits', 'other_customers') }} as other_lower_95,
        {{ wilson_bound(1, 'other_hits', 'other_customers') }} as other_upper_95,
        -- Too few of either kind to be expected on either side: the test says nothing (Cochran's five).
        least(customers, other_customers) * least(all_hits, all_customers - all_hits) >= 5 * all_customers as is_compared
    from against_others
    where other_customers > 0
),

-- Newcombe (1998), method 10: the interval of a difference out of those of its two rates.
differing as (
    select
        *,
        rate - other_rate as difference,
        {{ as_double('rate - other_rate') }}
        - sqrt(power({{ as_double('rate - lower_95') }}, 2) + power({{ as_double('other_upper_95 - other_rate') }}, 2))
            as difference_lower_95,
        {{ as_double('rate - other_rate') }}
        + sqrt(power({{ as_double('upper_95 - rate') }}, 2) + power({{ as_double('other_rate - other_lower_95') }}, 2))
            as difference_upper_95,
        case
            when is_compared
                then
                    abs({{ as_double('hits') }} * other_customers - {{ as_double('other_hits') }} * customers)
                    / sqrt(
                        {{ as_double('customers') }} * other_customers
                        * all_hits * (all_customers - all_hits) / all_customers
                    )
        end as z
    from bounded
),

tested as (
    select
        *,
        case when is_compared then least(cast({{ two_sided_tail('z') }} as decimal(28, 9)), 1) end as p_value
    from differing
),

-- Holm (1979): the smallest of m chances counts m times, the next m - 1 times, and none less than one before it.
stepped as (
    select
        *,
        count(p_value) over (partition by outcome, basis) as comparisons,
        p_value * (
            count(p_value) over (partition by outcome, basis)
            - row_number() over (partition by outcome, basis order by p_value asc nulls last, trait asc, trait_value asc) + 1
        ) as p_value_step
    from tested
),

adjusted as (
    select
        *,
        case
            when is_compared
                then least(
                    max(p_value_step) over (
                        partition by outcome, basis
                        order by p_value asc nulls last, trait asc, trait_value asc
                        rows between unbounded preceding and current row
                    ), 1
                )
        end as adjusted_p_value
    from stepped
),

final as (
    select
        outcome,
        basis,
        period_grain,
        period_start,
        trait,
        trait_value,
        cast(customers as {{ dbt.type_bigint() }}) as customers,
        cast(hits as {{ dbt.type_bigint() }}) as hits,
        rate,
        lower_95,
        upper_95,
        other_rate,
        cast(difference as decimal(28, 6)) as difference,
        cast(difference_lower_95 as decimal(28, 6)) as difference_lower_95,
        cast(difference_upper_95 as decimal(28, 6)) as difference_upper_95,
        cast(p_value as decimal(28, 6)) as p_value,
        cast(comparisons as {{ dbt.type_bigint() }}) as comparisons,
        cast(adjusted_p_value as decimal(28, 6)) as adjusted_p_value,
        coalesce(adjusted_p_value < 0.05, false) as is_distinct
    from adjusted
)

select * from final
