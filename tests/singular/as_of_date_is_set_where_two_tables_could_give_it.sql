-- Orders and subscriptions may reach to different days, and neither can speak for the other.
with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

subscriptions as (
    select
        max(started_on) as last_started_on,
        max(ended_on) as last_ended_on
    from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

days as (
    select
        coalesce(cast(as_of.last_counted_on as {{ dbt.type_string() }}), 'none') as last_counted_on,
        coalesce(cast(subscriptions.last_started_on as {{ dbt.type_string() }}), 'none') as last_started_on,
        coalesce(cast(subscriptions.last_ended_on as {{ dbt.type_string() }}), 'none') as last_ended_on,
        coalesce(
            cast(
                case
                    when subscriptions.last_started_on > as_of.last_counted_on or as_of.last_counted_on is null
                        then subscriptions.last_started_on
                    else as_of.last_counted_on
                end as {{ dbt.type_string() }}
            ),
            'the day of the export'
        ) as proposed_on
    from as_of
    cross join subscriptions
)

select 1 as stopped
from days
where {{ fail_when(
    'true' if policy('as_of_date') is none and 'orders' in policy('raw_tables') and 'subscriptions' in policy('raw_tables') else 'false',
    "'The var as_of_date is not set, and there are orders and subscriptions: the last counted order is of ' || last_counted_on"
    ~ " || ', the last start of a subscription of ' || last_started_on || ', the last end of ' || last_ended_on"
    ~ " || '. Set as_of_date to the last day through which both are complete, perhaps ' || proposed_on"
    ~ " || '. Starts and ends may lie ahead of it.'"
) }}
