with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

subscriptions as (
    select * from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

amounts as (
    select
        'orders' as source_table,
        'amount' as column_name,
        currency,
        original_amount as amount,
        count(*) as amount_rows
    from orders
    where original_amount > 0
    group by currency, original_amount

    union all

    select
        'subscriptions' as source_table,
        'monthly_amount' as column_name,
        currency,
        monthly_amount as amount,
        count(*) as amount_rows
    from subscriptions
    where monthly_amount > 0
    group by currency, monthly_amount
),

ranked as (
    select
        *,
        row_number() over (partition by source_table, currency order by amount_rows desc, amount asc) as example_rank,
        sum(amount_rows) over (partition by source_table) as all_rows
    from amounts
),

currencies as (
    select
        source_table,
        column_name,
        currency,
        sum(amount_rows) as amount_rows,
        max(all_rows) as all_rows,
        {{ three_examples(in_words('cast(amount as ' ~ dbt.type_bigint() ~ ')')) }} as examples
    from ranked
    where currency in ({{ text_list(currencies_with_cents()) }})
    group by source_table, column_name, currency
    having
        sum(amount_rows) >= {{ finding_threshold('least_amounts') }}
        and sum(case when amount = floor(amount) then 0 else 1 end) = 0
        and 2 * sum(case when amount >= {{ finding_threshold('usual_amount_in_cents') }} then amount_rows else 0 end)
        >= sum(amount_rows)
),

largest as (
    select
        *,
        row_number() over (partition by source_table order by amount_rows desc, currency asc) as currency_rank
    from currencies
),

edited as (
    select
        order_id,
        original_amount,
        other_amount,
        row_number() over (order by order_id) as example_rank
    from orders
    where other_amount is not null
),

order_rows as (
    select count(*) as all_rows
    from orders
),

repriced as (
    select
        subscription_id,
        amount_before,
        monthly_amount,
        amount_since_on,
        row_number() over (order by subscription_id, started_on) as example_rank
    from subscriptions
    where amount_before is not null
),

subscription_rows as (
    select count(*) as all_rows
    from subscriptions
),

findings as (
    select
        'amounts_look_like_cents' as finding,
        source_table,
        column_name,
        'all ' || {{ in_words('amount_rows') }} || ' amounts in ' || currency || ' are whole numbers, and at least half of them '
        || '{{ finding_threshold('usual_amount_in_cents') }} or more' as what,
        examples,
        amount_rows as affected_rows,
        all_rows
    from largest
    where currency_rank = 1

    union all

    select
        'order_versions_differ_in_amount' as finding,
        'orders' as source_table,
        'amount' as column_name,
        {{ in_words('count(*)') }} || ' of ' || {{ in_words('max(order_rows.all_rows)') }}
        || ' orders have rows with different amounts' as what,
        {{ three_examples(
            "order_id || ': ' || " ~ in_words('other_amount') ~ " || ' and ' || " ~ in_words('original_amount')
        ) }} as examples,
        count(*) as affected_rows,
        max(order_rows.all_rows) as all_rows
    from edited
    cross join order_rows
    having
        count(*) >= {{ finding_threshold('least_versions') }}
        and count(*) >= {{ finding_threshold('share_of_versions') }} * max(order_rows.all_rows)

    union all

    select
        'subscription_versions_differ_in_amount' as finding,
        'subscriptions' as source_table,
        'monthly_amount' as column_name,
        {{ in_words('count(*)') }}
        || ' subscription periods have versions that differ in amount, more than a month after the start' as what,
        {{ three_examples(
            "subscription_id || ': ' || " ~ in_words('amount_before') ~ " || ', since ' || "
            ~ in_words('amount_since_on') ~ " || ' ' || " ~ in_words('monthly_amount')
        ) }} as examples,
        count(*) as affected_rows,
        max(subscription_rows.all_rows) as all_rows
    from repriced
    cross join subscription_rows
    having count(*) > 0{{ ' and 1 = 0' if policy('subscription_versions') is not none }}
)

select * from findings
