{% set customer_spells = '(partition by basis, customer_id order by started_on)' %}

{%- set grains = policy('period_grains') | select('in', grains_of_bases(built_bases())) | list -%}

with spells as (
    select * from {{ ref('int_customer_spells') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- Starts and ends of a customer's spells take turns, so the spells beside a spell tell the events beside an event.
neighbours as (
    select
        *,
        lag(ended_on) over {{ customer_spells }} as previous_ended_on,
        lead(started_on) over {{ customer_spells }} as next_started_on
    from spells
),

events as (
    select
        basis,
        customer_id,
        1 as start_events,
        0 as churn_events,
        is_first_spell as is_acquired,
        previous_ended_on as previous_event_on,
        started_on as event_on,
        ended_on as next_event_on
    from neighbours

    union all

    select
        basis,
        customer_id,
        0 as start_events,
        1 as churn_events,
        false as is_acquired,
        started_on as previous_event_on,
        ended_on as event_on,
        next_started_on as next_event_on
    from neighbours
    where ended_on is not null
),

placed as (
    select
        {%- for grain in grains %}
        {{ period_start(grain, 'events.event_on') }} as start_of_{{ grain }},
        {{ next_period_start(grain, 'events.event_on') }} as start_of_next_{{ grain }},
        {%- endfor %}
        events.*
    from events
    inner join as_of on events.event_on <= as_of.as_of_date
),

compared as (
    select
        {%- for grain in grains %}
        coalesce(previous_event_on < start_of_{{ grain }}, true)
        and coalesce(next_event_on >= start_of_next_{{ grain }}, true) as is_only_event_of_{{ grain }},
        {%- endfor %}
        *
    from placed
),

-- Most periods of a customer have one event, which is all there is to say of them. Several are added up.
single as (
    {%- for grain in grains %}
    select
        basis,
        '{{ grain }}' as period_grain,
        customer_id,
        start_events,
        churn_events,
        is_acquired,
        start_of_{{ grain }} as period_start,
        event_on as first_event_on,
        event_on as last_event_on,
        false as starts_first
    from compared
    where is_only_event_of_{{ grain }} and basis in ({{ text_list(bases_of_grain(grain)) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

dated as (
    {%- for grain in grains %}
    select
        basis,
        '{{ grain }}' as period_grain,
        customer_id,
        start_events,
        churn_events,
        is_acquired,
        start_of_{{ grain }} as period_start,
        event_on
    from compared
    where not is_only_event_of_{{ grain }} and basis in ({{ text_list(bases_of_grain(grain)) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

several as (
    select
        basis,
        period_grain,
        customer_id,
        cast(sum(start_events) as {{ dbt.type_int() }}) as start_events,
        cast(sum(churn_events) as {{ dbt.type_int() }}) as churn_events,
        max(case when is_acquired then 1 else 0 end) = 1 as is_acquired,
        period_start,
        min(event_on) as first_event_on,
        max(event_on) as last_event_on,
        min(case when start_events = 1 then event_on end) < min(case when churn_events = 1 then event_on end) as starts_first
    from dated
    group by basis, period_grain, customer_id, period_start
),

summed as (
    select * from single
    union all
    select * from several
),

-- Starts and churns alternate, so their numbers and which came first tell opening and closing.
classified as (
    select
        *,
        case
            when churn_events > start_events then 'churned'
            when start_events > churn_events and is_acquired then 'new'
            when start_events > churn_events then 'reactivated'
            when starts_first then 'transient'
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
