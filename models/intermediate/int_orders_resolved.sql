with checked as (
    select * from {{ ref('int_orders_checked') }}
    where reject_reason is null
),

{% if 'orders' in policy('raw_line_level') %}
-- Lines of one order must agree on whose it is and how it stands; what they sum to is judged once.
resolved as (
    select
        order_id,
        min(customer_id) as customer_id,
        min(status) as status,
        min(currency) as currency,
        case
            when min(customer_id) <> max(customer_id) or min(status) <> max(status) or min(currency) <> max(currency)
                then 'conflicting_lines'
            {%- if policy('reject_negative_amounts') %}
            when sum(amount) < 0 then 'negative_amount'
            {%- endif %}
        end as reject_reason,
        count(*) as raw_rows,
        count(*) as row_versions,
        cast(sum(original_amount) as decimal(18, 2)) as original_amount,
        min(exchange_rate) as exchange_rate,
        cast(sum(amount) as decimal(18, 2)) as gross_amount,
        cast(min(ordered_at) as date) as ordered_on,
        min(ordered_at) as ordered_at
    from checked
    group by order_id
)
{%- else %}
ranked as (
    select
        order_id,
        customer_id,
        status,
        currency,
        original_amount,
        exchange_rate,
        amount,
        ordered_on,
        ordered_at,
        {{ order_version_rank() }} as version_rank,
        count(*) over (partition by order_id) as row_versions
    from checked
),

resolved as (
    select
        order_id,
        customer_id,
        status,
        currency,
        cast(null as {{ dbt.type_string() }}) as reject_reason,
        cast(1 as {{ dbt.type_bigint() }}) as raw_rows,
        row_versions,
        original_amount,
        exchange_rate,
        amount as gross_amount,
        ordered_on,
        ordered_at
    from ranked
    where version_rank = 1
)
{%- endif %}

select * from resolved
