-- A price that came long after its start may correct the older one or follow it, and MRR before it depends on which.
with periods as (
    select
        *,
        'subscription ' || subscription_id || ' from ' || cast(started_on as {{ dbt.type_string() }}) || ' had the amount '
        || cast(amount_before as {{ dbt.type_string() }}) || ' and since ' || cast(amount_since_on as {{ dbt.type_string() }})
        || ' ' || cast(monthly_amount as {{ dbt.type_string() }}) as example
    from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

counted as (
    select
        count(*) as all_periods,
        count(amount_before) as late_prices,
        min(case when amount_before is not null then example end) as first_example,
        max(case when amount_before is not null then example end) as last_example
    from periods
)

select 1 as stopped
from counted
where {{ fail_when(
    ('true' if policy('subscription_versions') is none else 'false') ~ ' and late_prices * 100 > all_periods',
    "'Versions of ' || cast(late_prices as " ~ dbt.type_string() ~ ") || ' subscription periods differ in amount, more than a month after the start: '"
    ~ " || first_example || case when late_prices > 1 then '; ' || last_example else '' end"
    ~ " || '. Set the var subscription_versions to changes if each version holds from its updated_at on, or to corrections if the newest one is right from the start on.'"
) }}
