with spells as (
    select * from {{ ref('int_customer_spells') }}
    where basis in ({{ text_list(acquisition_bases()) }})
),

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
    where is_counted
),

mrr_levels as (
    select * from {{ ref('int_mrr_levels') }}
),

acquired as (
    select
        basis,
        customer_id,
        count(case when ended_on is null then 1 end) = 0 as has_left,
        min(started_on) as acquired_on
    from spells
    group by basis, customer_id
),

-- What is paid for each day goes on until it changes: from the day of the change, that is the change times the days since.
booked as (
    select
        '{{ lifespan_basis() }}' as basis,
        customer_id,
        {{ order_money('gross_amount') }} as amount,
        0 as mrr_change,
        0 as mrr_days_before,
        ordered_on as booked_on
    from orders

    union all

    select
        '{{ lifespan_basis() }}' as basis,
        customer_id,
        {{ order_money('-amount') }} as amount,
        0 as mrr_change,
        0 as mrr_days_before,
        refunded_on as booked_on
    from refunds

    union all

    select
        'subscriptions' as basis,
        customer_id,
        0 as amount,
        mrr_change,
        mrr_change * {{ day_number('changed_on') }} as mrr_days_before,
        changed_on as booked_on
    from mrr_levels
),

-- What was booked before the customer was won counts in the first month. Who has earned nothing has a row, too.
flows as (
    select
        acquired.basis,
        acquired.customer_id,
        customers.acquisition_channel,
        acquired.has_left,
        cast(coalesce(booked.amount, 0) as decimal(28, 2)) as amount,
        cast(coalesce(booked.mrr_change, 0) as decimal(28, 10)) as mrr_change,
        cast(coalesce(booked.mrr_days_before, 0) as decimal(38, 10)) as mrr_days_before,
        acquired.acquired_on,
        case
            when booked.booked_on > acquired.acquired_on then {{ calendar_start('month', 'booked.booked_on') }}
            else {{ calendar_start('month', 'acquired.acquired_on') }}
        end as booked_month
    from acquired
    inner join customers on acquired.customer_id = customers.customer_id
    left join booked
        on acquired.basis = booked.basis and acquired.customer_id = booked.customer_id
)

select * from flows
