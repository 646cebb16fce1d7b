with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

counted as (
    select
        customer_id,
        ordered_on,
        lag(ordered_on) over (partition by customer_id order by ordered_on) as previous_order_on
    from orders
    where {{ is_counted_order('status', 'is_refund') }}
),

customers as (
    select
        customer_id,
        count(*) as orders,
        row_number() over (order by customer_id) as example_rank
    from counted
    group by customer_id
),

-- Several orders on one day are one visit.
gaps as (
    select
        customer_id,
        previous_order_on,
        ordered_on,
        {{ days_between('previous_order_on', 'ordered_on') }} as gap_days,
        row_number() over (order by {{ days_between('previous_order_on', 'ordered_on') }}, customer_id, ordered_on) as gap_rank,
        count(*) over () as all_gaps
    from counted
    where ordered_on > previous_order_on
),

rhythm as (
    select
        max(case when 2 * gap_rank <= all_gaps + 1 then gap_days end) as median_days,
        count(case when gap_days > {{ policy('inactivity_days') }} then 1 end) as long_gaps,
        count(*) as all_gaps,
        {{ three_examples(
            "customer_id || ': ' || " ~ in_words('previous_order_on') ~ " || ' to ' || " ~ in_words('ordered_on'),
            '1 + all_gaps - gap_rank'
        ) }} as examples
    from gaps
),

single as (
    select
        count(case when orders = 1 then 1 end) as single_customers,
        count(*) as all_customers,
        {{ three_examples('customer_id') }} as examples
    from customers
),

findings as (
    select
        'every_customer_has_one_order' as finding,
        'orders' as source_table,
        'customer_id' as column_name,
        case
            when single_customers = all_customers
                then 'every customer has one order: ' || {{ in_words('all_customers') }} || ' of them'
            else
                {{ in_words('single_customers') }} || ' of ' || {{ in_words('all_customers') }}
                || ' customers have one order each'
        end as what,
        examples,
        single_customers as affected_rows,
        all_customers as all_rows
    from single
    where
        all_customers >= {{ finding_threshold('least_customers') }}
        and single_customers >= {{ finding_threshold('share_with_one_order') }} * all_customers

    union all

    select
        'window_is_shorter_than_rhythm' as finding,
        'orders' as source_table,
        'ordered_at' as column_name,
        'the median gap between the orders of a customer is ' || {{ in_words('median_days') }} || ' days, and inactivity_days is '
        || '{{ policy('inactivity_days') }}' as what,
        examples,
        long_gaps as affected_rows,
        all_gaps as all_rows
    from rhythm
    where
        all_gaps >= {{ finding_threshold('least_gaps') }}
        and median_days > {{ policy('inactivity_days') }}
        and {{ ('orders_window' in policy('status_bases')) | lower }}
)

select * from findings
