with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where reject_reason is null
),

subscriptions as (
    select * from {{ ref('int_subscriptions_resolved') }}
    where reject_reason is null
),

alike as (
    select * from {{ ref('int_ids_written_differently') }}
),

held as (
    select
        'orders' as source_table,
        customer_id,
        count(*) as held_rows
    from orders
    group by customer_id

    union all

    select
        'subscriptions' as source_table,
        customer_id,
        count(*) as held_rows
    from subscriptions
    group by customer_id
),

compared as (
    select
        *,
        sum(held_rows) over (partition by source_table) as all_rows,
        count(*) over (partition by source_table) as all_customers
    from held
),

large as (
    select
        *,
        row_number() over (partition by source_table order by held_rows desc, customer_id asc) as example_rank
    from compared
    where
        held_rows >= {{ finding_threshold('least_rows_of_one_id') }}
        and held_rows >= {{ finding_threshold('share_of_one_id') }} * all_rows
        and held_rows * (all_customers - 1) >= {{ finding_threshold('times_the_others') }} * (all_rows - held_rows)
),

spellings as (
    select
        *,
        row_number() over (partition by id_column order by raw_rows desc, folded_id asc) as example_rank
    from alike
),

findings as (
    select
        'one_id_has_many_rows' as finding,
        source_table,
        'customer_id' as column_name,
        max(
            case
                when example_rank = 1
                    then
                        'customer ' || {{ in_quotes('customer_id') }} || ' has ' || {{ in_words('held_rows') }} || ' of '
                        || {{ in_words('all_rows') }} || ' rows (' || {{ percent_in_words('held_rows', 'all_rows') }} || ')'
            end
        ) as what,
        {{ three_examples('customer_id') }} as examples,
        sum(held_rows) as affected_rows,
        max(all_rows) as all_rows
    from large
    group by source_table

    union all

    select
        'ids_are_written_differently' as finding,
        min(source_table) as source_table,
        id_column as column_name,
        {{ in_words('count(*)') }} || ' ids are written in several ways, like '
        || {{ in_quotes('min(case when example_rank = 1 then id end)') }}
        || ' and ' || {{ in_quotes('min(case when example_rank = 1 then other_id end)') }} as what,
        {{ three_examples('id || ' ~ text_literal("' and '") ~ ' || other_id') }} as examples,
        sum(raw_rows) as affected_rows,
        max(all_raw_rows) as all_rows
    from spellings
    group by id_column
)

select * from findings
