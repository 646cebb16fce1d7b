-- Without an accepted subscription that is paid for, every mart of them would be empty, and silently so.
with subscriptions as (
    select count(*) as accepted_rows
    from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null and mrr > 0
)

select 1 as stopped
from subscriptions
where {{ fail_when(
    ('true' if 'subscriptions' in policy('raw_tables') else 'false') ~ ' and accepted_rows = 0',
    "'No subscription with an amount above 0 was accepted, so there is nothing to count. Mend the data, or leave `subscriptions` out of the var raw_tables.'"
) }}
