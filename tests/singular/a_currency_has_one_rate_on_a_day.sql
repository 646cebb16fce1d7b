-- Of two rates for one day nobody knows which is right: whoever keeps the table has to say.
with rates as (
    select * from {{ ref('int_exchange_rates_checked') }}
    where reject_reason is null
),

conflicts as (
    select
        currency,
        valid_from,
        min(rate) as lowest_rate,
        max(rate) as highest_rate
    from rates
    group by currency, valid_from
    having count(*) > 1
),

first_conflict as (
    select
        *,
        row_number() over (order by currency, valid_from) as conflict_number
    from conflicts
)

select 1 as stopped
from first_conflict
where conflict_number = 1 and {{ fail_when(
    'currency is not null',
    "'There are two exchange rates for ' || currency || ' from ' || cast(valid_from as " ~ dbt.type_string() ~ ") || ': '"
    ~ " || cast(lowest_rate as " ~ dbt.type_string() ~ ") || ' and ' || cast(highest_rate as " ~ dbt.type_string() ~ ")"
    ~ " || '. Leave one of them in the raw exchange_rates.'"
) }}
