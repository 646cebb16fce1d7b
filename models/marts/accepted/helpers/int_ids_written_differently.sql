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

folded as (
    select
        id_column,
        source_table,
        id,
        {{ folded_id('id') }} as folded_id
    from ids
    where id is not null
),

counted as (
    select
        id_column,
        count(*) as all_raw_rows
    from folded
    group by id_column
),

-- Of two spellings that fold to one at most one is folded already: nearly all ids are out at once.
unfolded as (
    select distinct
        id_column,
        folded_id
    from folded
    where id <> folded_id
),

spellings as (
    select
        folded.id_column,
        folded.id,
        folded.folded_id,
        min(folded.source_table) as source_table,
        count(*) as raw_rows
    from folded
    inner join unfolded
        on folded.id_column = unfolded.id_column and folded.folded_id = unfolded.folded_id
    group by folded.id_column, folded.id, folded.folded_id
),

alike as (
    select
        spellings.id_column,
        spellings.folded_id,
        count(*) as spellings,
        sum(spellings.raw_rows) as raw_rows,
        max(counted.all_raw_rows) as all_raw_rows,
        min(spellings.id) as id,
        max(spellings.id) as other_id,
        min(spellings.source_table) as source_table,
        max(spellings.source_table) as other_source_table
    from spellings
    inner join counted on spellings.id_column = counted.id_column
    group by spellings.id_column, spellings.folded_id
    having count(*) > 1
)

select * from alike
