-- Without a counted order on or before as_of_date every mart of orders would be empty, and silently so.
with as_of as (
    select * from {{ ref('int_as_of_date') }}
),

orders as (
    select
        min(ordered_on) as first_ordered_on,
        min(case when {{ is_counted_order('status', 'is_refund') }} then ordered_on end) as first_counted_on
    from {{ ref('int_orders_resolved') }}
    where reject_reason is null
)

select 1 as stopped
from orders
cross join as_of
where {{ fail_when(
    ('true' if 'orders' in policy('raw_tables') else 'false')
    ~ ' and (orders.first_counted_on is null or orders.first_ordered_on > as_of.as_of_date)',
    "case when orders.first_ordered_on is null then 'No order was accepted, so there is nothing to count.' "
    ~ "when orders.first_counted_on is null then 'No accepted order has a status that counts, so there is nothing to count: "
    ~ "see the var counted_order_statuses.' else "
    ~ "'The first accepted order is dated ' || cast(orders.first_ordered_on as " ~ dbt.type_string() ~ ") || ', after as_of_date '"
    ~ " || cast(as_of.as_of_date as " ~ dbt.type_string() ~ ") || ': set the var as_of_date to a later day.' end"
) }}
