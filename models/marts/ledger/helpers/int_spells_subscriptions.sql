with runs as (
    select * from {{ ref('int_paid_runs') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

edges as (
    select
        customer_id,
        started_on,
        active_until_on,
        is_continued,
        lag(is_continued) over (partition by customer_id order by started_on) as continues_a_run
    from runs
),

-- Only the edges are left, so the row after a start is the end of its spell.
paired as (
    select
        *,
        lead(active_until_on) over (partition by customer_id order by started_on) as next_active_until_on
    from edges
    where not coalesce(continues_a_run, false) or not is_continued
),

-- A spell that starts after as_of_date has not happened yet; an end after it is known and has not either.
spells as (
    select
        paired.customer_id,
        paired.continues_a_run is null as is_first_spell,
        paired.started_on,
        case when paired.is_continued then paired.next_active_until_on else paired.active_until_on end as lapses_on,
        as_of.as_of_date
    from paired
    inner join as_of on paired.started_on <= as_of.as_of_date
    where not coalesce(paired.continues_a_run, false)
),

final as (
    select
        customer_id,
        is_first_spell,
        started_on,
        case when lapses_on <= as_of_date then lapses_on end as ended_on,
        lapses_on
    from spells
)

select * from final
