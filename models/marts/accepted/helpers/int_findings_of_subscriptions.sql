with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

subscriptions as (
    select * from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

checked as (
    select * from {{ ref('int_subscriptions_checked') }}
    where reject_reason = 'negative_amount'
),

runs as (
    select * from {{ ref('int_paid_runs') }}
),

-- How long a period is paid for, by its dates or by the name of its plan.
priced as (
    select
        subscription_id,
        plan,
        monthly_amount,
        case
            when plan like '%year%' or plan like '%annual%' or plan like '%yrly%' then 'year'
            when plan like '%month%' then 'month'
            when {{ days_between('started_on', 'ended_on') }} between 360 and 371 then 'year'
            when {{ days_between('started_on', 'ended_on') }} between 28 and 31 then 'month'
        end as paid_for
    from subscriptions
    where mrr > 0
),

intervals as (
    select
        count(case when paid_for = 'year' then 1 end) as yearly_periods,
        count(case when paid_for = 'month' then 1 end) as monthly_periods,
        avg(case when paid_for = 'year' then monthly_amount end) as yearly_amount,
        avg(case when paid_for = 'month' then monthly_amount end) as monthly_amount,
        count(*) as all_periods
    from priced
),

yearly as (
    select
        subscription_id,
        plan,
        monthly_amount,
        row_number() over (order by subscription_id, monthly_amount) as example_rank
    from priced
    where paid_for = 'year'
),

yearly_examples as (
    select {{ three_examples("subscription_id || ' ' || plan || ' ' || " ~ in_words('monthly_amount')) }} as examples
    from yearly
),

pauses as (
    select
        customer_id,
        paid_until_on,
        lead(started_on) over (partition by customer_id order by started_on) as next_started_on
    from runs
),

gaps as (
    select
        customer_id,
        paid_until_on,
        next_started_on,
        {{ days_between('paid_until_on', 'next_started_on') }} as gap_days,
        row_number() over (
            order by {{ days_between('paid_until_on', 'next_started_on') }}, customer_id, next_started_on
        ) as example_rank
    from pauses
    where next_started_on is not null and paid_until_on is not null
),

starts as (
    select
        subscriptions.subscription_id,
        subscriptions.started_on,
        as_of.as_of_date,
        row_number() over (order by subscriptions.started_on desc, subscriptions.subscription_id asc) as example_rank
    from subscriptions
    cross join as_of
),

-- A refused amount below 0 that starts with a period of the same customer is a discount on it. An item below 0 that
-- starts while its subscription has no other item lowers nothing.
without_effect as (
    select
        checked.subscription_id,
        checked.amount,
        1 as refused_rows
    from checked
    where
        exists (
            select 1 from subscriptions
            where subscriptions.customer_id = checked.customer_id and subscriptions.started_on = checked.started_on
        )

    union all

    select
        discounts.subscription_id,
        discounts.monthly_amount as amount,
        0 as refused_rows
    from subscriptions as discounts
    where
        discounts.mrr < 0
        and not exists (
            select 1 from subscriptions as items
            where
                items.subscription_id = discounts.subscription_id
                and items.mrr > 0
                and items.started_on <= discounts.started_on
                and (items.ended_on is null or items.ended_on > discounts.started_on)
        )
),

discounts as (
    select
        *,
        row_number() over (order by subscription_id, amount) as example_rank
    from without_effect
),

findings as (
    select
        'yearly_beside_monthly_prices' as finding,
        'subscriptions' as source_table,
        'monthly_amount' as column_name,
        {{ in_words('intervals.yearly_periods') }} || ' periods of a year have a monthly_amount of '
        || {{ in_words('cast(intervals.yearly_amount as decimal(28, 2))') }} || ' on average, and '
        || {{ in_words('intervals.monthly_periods') }} || ' of a month one of '
        || {{ in_words('cast(intervals.monthly_amount as decimal(28, 2))') }} as what,
        yearly_examples.examples,
        intervals.yearly_periods as affected_rows,
        intervals.all_periods as all_rows
    from intervals
    cross join yearly_examples
    where
        intervals.yearly_periods >= {{ finding_threshold('least_periods') }}
        and intervals.monthly_periods >= {{ finding_threshold('least_periods') }}
        and intervals.yearly_amount >= {{ finding_threshold('times_the_monthly_price') }} * intervals.monthly_amount

    union all

    select
        'gaps_of_one_day' as finding,
        'subscriptions' as source_table,
        'ended_on' as column_name,
        {{ in_words('count(case when gap_days = 1 then 1 end)') }} || ' of ' || {{ in_words('count(*)') }}
        || ' gaps between the paid periods of a customer are exactly one day' as what,
        {{ three_examples(
            "customer_id || ': ' || " ~ in_words('paid_until_on') ~ " || ' to ' || " ~ in_words('next_started_on')
        ) }} as examples,
        count(case when gap_days = 1 then 1 end) as affected_rows,
        count(*) as all_rows
    from gaps
    having
        count(case when gap_days = 1 then 1 end) >= {{ finding_threshold('least_one_day_gaps') }}
        and count(case when gap_days = 1 then 1 end) >= {{ finding_threshold('share_of_one_day_gaps') }} * count(*)

    union all

    select
        'discounts_are_refused' as finding,
        'subscriptions' as source_table,
        'monthly_amount' as column_name,
        {{ in_words('count(*)') }} || ' rows with an amount below 0 lower no MRR: they are refused, '
        || 'or items of a subscription without another one' as what,
        {{ three_examples("subscription_id || ' ' || " ~ in_words('cast(amount as decimal(28, 2))')) }} as examples,
        count(*) as affected_rows,
        (select count(*) from subscriptions) + sum(refused_rows) as all_rows
    from discounts
    having count(*) > 0

    union all

    select
        'starts_after_as_of_date' as finding,
        'subscriptions' as source_table,
        'started_on' as column_name,
        {{ in_words('count(case when started_on > as_of_date then 1 end)') }} || ' of ' || {{ in_words('count(*)') }}
        || ' periods start after as_of_date, ' || {{ in_words('max(as_of_date)') }} as what,
        {{ three_examples("subscription_id || ' ' || " ~ in_words('started_on')) }} as examples,
        count(case when started_on > as_of_date then 1 end) as affected_rows,
        count(*) as all_rows
    from starts
    having
        count(case when started_on > as_of_date then 1 end) > 0
        and count(case when started_on > as_of_date then 1 end) >= {{ finding_threshold('share_of_late_starts') }} * count(*)
)

select * from findings
