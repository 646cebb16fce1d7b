with spells as (
    select * from {{ ref('int_customer_spells') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

events as (
    select
        basis,
        customer_id,
        1 as start_events,
        0 as churn_events,
        is_first_spell as is_acquired,
        started_on as event_on
    from spells

    union all

    select
        basis,
        customer_id,
        0 as start_events,
        1 as churn_events,
        false as is_acquired,
        ended_on as event_on
    from spells
    where ended_on is not null
),

dated as (
    {%- for grain in policy('period_grains') if bases_of_grain(grain) %}
    select
        events.*,
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'events.event_on') }} as period_start
    from events
    inner join as_of on events.event_on <= as_of.as_of_date
    where events.basis in ({{ text_list(bases_of_grain(grain)) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        basis,
        period_grain,
        customer_id,
        sum(start_events) as start_events,
        sum(churn_events) as churn_events,
        max(case when is_acquired then 1 else 0 end) = 1 as is_acquired,
        period_start,
        min(event_on) as first_event_on,
        max(event_on) as last_event_on,
        min(case when start_events = 1 then event_on end) as first_start_on,
        min(case when churn_events = 1 then event_on end) as first_churn_on
    from dated
    group by basis, period_grain, period_start, customer_id
),

-- Starts and churns alternate, so their numbers and which came first tell opening and closing.
classified as (
    select
        *,
        case
            when churn_events > start_events then 'churned'
            when start_events > churn_events and is_acquired then 'new'
            when start_events > churn_events then 'reactivated'
            when first_start_on < first_churn_on then 'transient'
            else 'interrupted'
        end as movement
    from summed
),

final as (
    select
        basis,
        period_grain,
        period_start,
        customer_id,
        movement,
        is_acquired,
        cast(start_events as {{ dbt.type_bigint() }}) as start_events,
        cast(churn_events as {{ dbt.type_bigint() }}) as churn_events,
        first_event_on,
        last_event_on,
        {{ policy_version_column() }}
    from classified
)

select * from final
