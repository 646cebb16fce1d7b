{% set customer_to_date -%}
(
    partition by customer_id
    order by seen_on
    rows between unbounded preceding and current row
)
{%- endset %}

with changes as (
    select * from {{ ref('int_mrr_levels') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

-- What a customer pays on a day, beside what the customer paid twelve months before: each change counts twice.
paired as (
    select
        customer_id,
        mrr_change as now_change,
        0 as then_change,
        changed_on as seen_on
    from changes

    union all

    select
        customer_id,
        0 as now_change,
        mrr_change as then_change,
        {{ a_year_later('changed_on') }} as seen_on
    from changes
),

by_day as (
    select
        paired.customer_id,
        paired.seen_on,
        sum(paired.now_change) as now_change,
        sum(paired.then_change) as then_change
    from paired
    inner join as_of on paired.seen_on <= as_of.as_of_date
    group by paired.customer_id, paired.seen_on
),

levels as (
    select
        customer_id,
        seen_on,
        sum(now_change) over {{ customer_to_date }} as now_mrr,
        sum(then_change) over {{ customer_to_date }} as then_mrr
    from by_day
),

-- Of those who paid then: what they pay now, and what of the old amount is still there.
compared as (
    select
        customer_id,
        seen_on,
        then_mrr,
        case when then_mrr > 0 then now_mrr else 0 end as retained_mrr,
        least(then_mrr, now_mrr) as kept_mrr,
        case when then_mrr > 0 then 1 else 0 end as then_customers,
        case when then_mrr > 0 and now_mrr = 0 then 1 else 0 end as lost_customers
    from levels
),

-- Changes of these levels can be added up over customers and days.
final as (
    select
        {%- for level in trailing_levels() %}
        {{ level }} - coalesce(lag({{ level }}) over (partition by customer_id order by seen_on), 0) as {{ level }},
        {%- endfor %}
        customer_id,
        seen_on
    from compared
)

select * from final
