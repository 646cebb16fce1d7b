with rates as (
    select * from {{ ref('int_exchange_rates_checked') }}
    where reject_reason is null
),

-- Imported always, read only where there are rates: a ref must not come and go.
orders as ( -- noqa: ST03
    select * from {{ ref('stg_orders') }}
    where currency <> {{ reporting_currency() }} and reject_reason is null
),

subscriptions as ( -- noqa: ST03
    select * from {{ ref('stg_subscriptions') }}
    where currency <> {{ reporting_currency() }} and reject_reason is null
),

marketing_spend as ( -- noqa: ST03
    select * from {{ ref('stg_marketing_spend') }}
    where currency <> {{ reporting_currency() }} and reject_reason is null
),

intervals as (
    select
        currency,
        rate,
        valid_from,
        lead(valid_from) over (partition by currency order by valid_from, rate) as next_valid_from
    from rates
),

-- The few currencies and days that occur, so that no order is compared with every rate.
days as (
    {% if 'exchange_rates' in policy('raw_tables') -%}
    select
        currency,
        ordered_on as day
    from orders

    union distinct

    select
        currency,
        started_on as day
    from subscriptions

    union distinct

    select
        currency,
        spent_on as day
    from marketing_spend
    {%- else -%}
    select
        currency,
        valid_from as day
    from rates
    {%- endif %}
),

final as (
    select
        days.currency,
        days.day,
        intervals.rate
    from days
    inner join intervals
        on days.currency = intervals.currency
        and days.day >= intervals.valid_from
        and (intervals.next_valid_from is null or days.day < intervals.next_valid_from)
)

select * from final
