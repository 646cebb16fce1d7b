with stg_refunds as (
    select * from {{ ref('stg_refunds') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

checked as (
    select
        stg_refunds.refund_id,
        stg_refunds.order_id,
        case
            when stg_refunds.reject_reason is not null then stg_refunds.reject_reason
            when orders.reject_reason in (
                {{ text_list(left_out_reasons('orders') + ['customer_left_out']) }}
            ) then 'order_left_out'
            when orders.order_id is null or orders.reject_reason is not null then 'unknown_order'
            when
                stg_refunds.amount_signs is not null
                and not {{ signs_agree('stg_refunds.amount_signs', 'orders.currency') }}
                then 'currency_sign_disagrees'
            when stg_refunds.refunded_on < orders.ordered_on then 'before_its_order'
        end as reject_reason,
        case when stg_refunds.reject_reason in ({{ text_list(left_out_reasons('refunds')) }}) then stg_refunds.reject_reason end
            as left_out_reason,
        stg_refunds.raw_record,
        stg_refunds.amount as original_amount,
        case when orders.reject_reason is null then {{ converted_amount('stg_refunds.amount', 'orders.exchange_rate') }} end
            as amount,
        orders.exchange_rate,
        stg_refunds.refunded_on,
        stg_refunds.refunded_at,
        stg_refunds.updated_at
    from stg_refunds
    left join orders on stg_refunds.order_id = orders.order_id
),

{% if 'refunds' in policy('raw_line_level') -%}
-- Lines of one refund are added up: none replaces another. What they sum to is judged, and converted, once:
-- each line has what it adds to the rounded sum of those before it.
summed as (
    select
        *,
        sum(original_amount) over (partition by refund_id, order_id, reject_reason) as refund_amount,
        sum(original_amount) over (
            partition by refund_id, order_id, reject_reason
            order by refunded_at, original_amount, {{ record_as_json('raw_record') }}
            rows between unbounded preceding and current row
        ) as amount_so_far
    from checked
),

decided as (
    select
        refund_id,
        order_id,
        case
            when reject_reason is not null then reject_reason
            {%- if policy('reject_negative_amounts') %}
            when refund_amount < 0 then 'negative_amount'
            {%- endif %}
        end as reject_reason,
        cast(null as {{ dbt.type_string() }}) as rival_versions,
        raw_record,
        original_amount,
        case
            when amount is not null
                then (
                    {{ converted_amount('amount_so_far', 'exchange_rate') }}
                    - {{ converted_amount('(amount_so_far - original_amount)', 'exchange_rate') }}
                )
        end as amount,
        refunded_on
    from summed
),
{%- else -%}
versions as (
    select
        *,
        refund_id is not null and {{ is_a_version('refunds') }} as is_version
    from checked
),

ranked as (
    select
        *,
        {{ refund_version_rank(record_as_json('raw_record')) }} as version_rank
    from versions
),

-- What was changed last as well and says something else: nothing can tell which of the two is newer.
rivals as (
    select
        newest.refund_id,
        min({{ refund_version_words('newest') }} || ' and ' || {{ refund_version_words('other') }}) as rival_versions
    from ranked as newest
    inner join ranked as other
        on newest.refund_id = other.refund_id
        and other.version_rank > 1
        and {{ is_same('newest.updated_at', 'other.updated_at') }}
    where
        newest.version_rank = 1
        and newest.is_version
        and other.is_version
        and {{ refund_version_words('newest') }} <> {{ refund_version_words('other') }}
    group by newest.refund_id
),

-- The newest row decides about the refund, also that it is left out.
decided as (
    select
        ranked.refund_id,
        ranked.order_id,
        case
            when ranked.reject_reason is not null then ranked.reject_reason
            when ranked.version_rank > 1 then 'duplicate_refund_id'
        end as reject_reason,
        case when ranked.version_rank = 1 and ranked.is_version then rivals.rival_versions end as rival_versions,
        ranked.raw_record,
        ranked.original_amount,
        ranked.amount,
        ranked.refunded_on
    from ranked
    left join rivals on ranked.refund_id = rivals.refund_id
),
{%- endif %}

resolved as (
    select
        decided.refund_id,
        decided.order_id,
        case
            when decided.reject_reason is not null then decided.reject_reason
            when decided.refunded_on > as_of.as_of_date then 'after_as_of_date'
        end as reject_reason,
        decided.rival_versions,
        {{ record_as_json('decided.raw_record') }} as raw_row,
        decided.original_amount,
        decided.amount,
        decided.refunded_on
    from decided
    cross join as_of
)

select * from resolved
