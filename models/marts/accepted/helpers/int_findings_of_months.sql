with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

orders as (
    select
        *,
        {{ is_counted_order('status', 'is_refund') }} as is_counted
    from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

late as (
    select
        orders.*,
        as_of.last_counted_on,
        row_number() over (order by orders.ordered_on desc, orders.order_id asc) as example_rank
    from orders
    cross join as_of
    where
        not orders.is_counted
        and not orders.is_refund
        and orders.ordered_on > {{ add_days('as_of.last_counted_on', finding_threshold('days_of_open_orders')) }}
),

days as (
    select
        orders.ordered_on,
        as_of.as_of_date,
        count(*) as orders
    from orders
    inner join as_of on orders.ordered_on <= as_of.as_of_date
    where orders.is_counted
    group by orders.ordered_on, as_of.as_of_date
),

months as (
    select
        {{ calendar_start('month', 'ordered_on') }} as month_start,
        sum(orders) as orders
    from days
    group by {{ calendar_start('month', 'ordered_on') }}
),

edges as (
    select
        {{ calendar_start('month', 'min(ordered_on)') }} as first_month,
        {{ calendar_start('month', 'max(as_of_date)') }} as last_month,
        max(as_of_date) as as_of_date,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on,
        sum(orders) as all_orders
    from days
),

-- What comes next to a month, and the same month of another year, so that a season is no finding.
neighbours as (
    select
        edges.first_month,
        edges.last_month,
        edges.as_of_date,
        edges.first_ordered_on,
        edges.last_ordered_on,
        edges.all_orders,
        {{ add_months(1, 'edges.last_month') }} as next_month,
        sum(case when months.month_start = edges.first_month then months.orders else 0 end) as first_orders,
        sum(case when months.month_start = edges.last_month then months.orders else 0 end) as last_orders,
        sum(case when months.month_start = {{ add_months(1, 'edges.first_month') }} then months.orders end)
            as orders_1_later,
        sum(case when months.month_start = {{ add_months(-1, 'edges.last_month') }} then months.orders end)
            as orders_1_before,
        sum(case when months.month_start = {{ add_months(2, 'edges.first_month') }} then months.orders end)
            as orders_2_later,
        sum(case when months.month_start = {{ add_months(-2, 'edges.last_month') }} then months.orders end)
            as orders_2_before,
        sum(case when months.month_start = {{ add_months(12, 'edges.first_month') }} then months.orders end)
            as orders_12_later,
        sum(case when months.month_start = {{ add_months(-12, 'edges.last_month') }} then months.orders end)
            as orders_12_before
    from edges
    cross join months
    group by
        edges.first_month,
        edges.last_month,
        edges.as_of_date,
        edges.first_ordered_on,
        edges.last_ordered_on,
        edges.all_orders
),

compared as (
    select
        *,
        least(orders_1_later, orders_2_later, coalesce(orders_12_later, orders_1_later)) as usual_first_orders,
        least(orders_1_before, orders_2_before, coalesce(orders_12_before, orders_1_before)) as usual_last_orders,
        {{ days_between('last_month', 'as_of_date') }} + 1 as days_of_last_month,
        {{ days_between('last_month', 'next_month') }} as days_of_whole_month
    from neighbours
    where orders_1_later + orders_2_later + orders_1_before + orders_2_before is not null
),

findings as (
    select
        'uncounted_orders_after_the_last_counted' as finding,
        'orders' as source_table,
        'status' as column_name,
        {{ in_words('count(*)') }} || ' orders that do not count come more than '
        || '{{ finding_threshold('days_of_open_orders') }} days after the last counted one, of '
        || {{ in_words('max(last_counted_on)') }} || ', up to ' || {{ in_words('max(ordered_on)') }} as what,
        {{ three_examples("order_id || ' ' || status || ' ' || " ~ in_words('ordered_on')) }} as examples,
        count(*) as affected_rows,
        (select count(*) from orders) as all_rows
    from late
    having count(*) > 0

    union all

    select
        'first_month_is_small' as finding,
        'orders' as source_table,
        'ordered_at' as column_name,
        'the first month has ' || {{ in_words('first_orders') }} || ' orders, from ' || {{ in_words('first_ordered_on') }}
        || ' on, and the next two have ' || {{ in_words('orders_1_later') }} || ' and '
        || {{ in_words('orders_2_later') }} as what,
        {{ in_quotes(in_words('first_month')) }} as examples,
        first_orders as affected_rows,
        all_orders as all_rows
    from compared
    where
        usual_first_orders >= {{ finding_threshold('least_orders_of_a_month') }}
        and first_orders * {{ finding_threshold('small_month') }} < usual_first_orders

    union all

    -- A month that is not over has fewer orders because it has fewer days.
    select
        'last_month_is_small' as finding,
        'orders' as source_table,
        'ordered_at' as column_name,
        'the last month has ' || {{ in_words('last_orders') }} || ' orders on its first '
        || {{ in_words('days_of_last_month') }}
        || ' days, through as_of_date, and the two before have ' || {{ in_words('orders_2_before') }} || ' and '
        || {{ in_words('orders_1_before') }} || '; the last order is of ' || {{ in_words('last_ordered_on') }} as what,
        {{ in_quotes(in_words('last_month')) }} as examples,
        last_orders as affected_rows,
        all_orders as all_rows
    from compared
    where
        days_of_last_month >= {{ finding_threshold('least_days_of_a_month') }}
        and usual_last_orders * days_of_last_month
        >= {{ finding_threshold('least_orders_of_a_month') }} * days_of_whole_month
        and last_orders * {{ finding_threshold('small_month') }} * days_of_whole_month
        < usual_last_orders * days_of_last_month
)

select * from findings
