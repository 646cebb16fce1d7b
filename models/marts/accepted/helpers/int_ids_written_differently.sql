with ids as (
    select
        'customer_id' as id_column,
        'customers' as source_table,
        customer_id as id
    from {{ ref('stg_customers') }}

    union all

    select
        'customer_id' as id_column,
        'orders' as source_table,
        customer_id as id
    from {{ ref('stg_orders') }}

    union all

    select
        'customer_id' as id_column,
        'subscriptions' as source_table,
        customer_id as id
    from {{ ref('stg_subscriptions') }}

    union all

    select
        'order_id' as id_column,
        'orders' as source_table,
        order_id as id
    from {{ ref('stg_orders') }}

    union all

    select
        'order_id' as id_column,
        'refunds' as source_table,
        order_id as id
    from {{ ref('stg_refunds') }}
),

spellings as (
    select
        id_column,
        id,
        {{ folded_id('id') }} as folded_id,
        min(source_table) as source_table,
        count(*) as raw_rows
    from ids
    where id is not null
    group by id_column, id
),

counted as (
    select
        *,
        sum(raw_rows) over (partition by id_column) as all_raw_rows
    from spellings
),

alike as (
    select
        id_column,
        folded_id,
        count(*) as spellings,
        sum(raw_rows) as raw_rows,
        max(all_raw_rows) as all_raw_rows,
        min(id) as id,
        max(id) as other_id,
        min(source_table) as source_table,
        max(source_table) as other_source_table
    from counted
    group by id_column, folded_id
    having count(*) > 1
)

select * from alike
