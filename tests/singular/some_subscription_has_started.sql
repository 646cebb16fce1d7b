-- The same where all of them start after as_of_date.
with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

subscriptions as (
    select min(started_on) as first_started_on
    from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
)

select 1 as stopped
from subscriptions
cross join as_of
where {{ fail_when(
    'subscriptions.first_started_on > as_of.as_of_date',
    "'The first accepted subscription starts on ' || cast(subscriptions.first_started_on as " ~ dbt.type_string() ~ ") || ', after as_of_date '"
    ~ " || cast(as_of.as_of_date as " ~ dbt.type_string() ~ ") || ': set the var as_of_date to a later day.'"
) }}
