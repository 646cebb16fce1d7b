-- Where each period starts the day after the one before it has ended, the ends are hardly the first days that are not paid.
with periods as (
    select
        subscription_id,
        ended_on,
        lead(started_on) over (partition by subscription_id, item_id order by started_on) as next_started_on
    from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

gaps as (
    select
        {{ days_between('ended_on', 'next_started_on') }} as gap_days,
        'subscription ' || subscription_id || ' ends on ' || cast(ended_on as {{ dbt.type_string() }}) || ' and goes on on '
        || cast(next_started_on as {{ dbt.type_string() }}) as example
    from periods
    where next_started_on >= ended_on
),

counted as (
    select
        count(*) as gaps,
        count(case when gap_days = 1 then 1 end) as gaps_of_a_day,
        min(case when gap_days = 1 then example end) as first_example,
        max(case when gap_days = 1 then example end) as last_example
    from gaps
)

select 1 as stopped
from counted
where {{ fail_when(
    ('true' if policy('subscription_ends') is none else 'false') ~ ' and gaps_of_a_day >= 3 and gaps_of_a_day * 10 >= gaps * 9',
    "'Of ' || cast(gaps as " ~ dbt.type_string() ~ ") || ' gaps between a period of a subscription and its next one, '"
    ~ " || cast(gaps_of_a_day as " ~ dbt.type_string() ~ ") || ' are of exactly one day, so ended_on is probably the last paid day: '"
    ~ " || first_example || '; ' || last_example"
    ~ " || '. Set the var subscription_ends to inclusive if ended_on is the last paid day, or to exclusive if it is the first day that is not paid.'"
) }}
