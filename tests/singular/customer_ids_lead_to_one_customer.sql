-- An old id that leads to two new ones, or round in a circle, is nobody's.
with id_map as (
    select * from {{ ref('stg_customer_id_map') }}
    where reject_reason is null and old_customer_id <> new_customer_id
),

split as (
    select
        old_customer_id,
        min(new_customer_id) as one_id,
        max(new_customer_id) as other_id
    from id_map
    group by old_customer_id
    having count(distinct new_customer_id) > 1
),

circles as (
    select
        identities.raw_customer_id,
        min(id_map.new_customer_id) as next_customer_id
    from {{ ref('int_customer_identities') }} as identities
    inner join id_map on identities.raw_customer_id = id_map.old_customer_id
    inner join id_map as further on identities.customer_id = further.old_customer_id
    group by identities.raw_customer_id
),

counted as (
    select
        (select count(*) from split) as split_ids,
        (
            select
                min(
                    {{ in_quotes('old_customer_id') }}
                    || ' to ' || {{ in_quotes('one_id') }}
                    || ' and to ' || {{ in_quotes('other_id') }}
                )
            from split
        ) as split_example,
        (select count(*) from circles) as circle_ids,
        (
            select min({{ in_quotes('raw_customer_id') }} || ' to ' || {{ in_quotes('next_customer_id') }}) from circles
        ) as circle_example
)

select 1 as stopped
from counted
where {{ fail_when(
    'split_ids > 0 or circle_ids > 0',
    "'The raw customer_id_map leads ' || case when split_ids > 0 then cast(split_ids as " ~ dbt.type_string() ~ ") || ' ids to several: ' || split_example"
    ~ " else cast(circle_ids as " ~ dbt.type_string() ~ ") || ' ids round in a circle (or along more than " ~ 2 ** identity_steps() ~ " others): ' || circle_example end"
    ~ " || '. Mend the map, or leave rows of it out with the var raw_rejects.'"
) }}
