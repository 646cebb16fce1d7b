with checked as (
    select * from {{ ref('int_orders_checked') }}
    {% if 'orders' in policy('raw_line_level') -%}
    where reject_reason is null
    {%- else -%}
    where order_id is not null and {{ is_a_version('orders') }}
    {%- endif %}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

{% if 'orders' in policy('raw_line_level') %}
-- Lines of one order must agree on whose it is, how it stands and in which currency it is; what they sum to
-- is judged, and converted, once.
newest as (
    select
        order_id,
        min(customer_id) as customer_id,
        min(status) as status,
        min(currency) as currency,
        min(refunded_order_id) as refunded_order_id,
        {%- for attribute in own_attributes('orders') %}
        min({{ attribute }}) as {{ attribute }},
        {%- endfor %}
        case
            when min(customer_id) <> max(customer_id) or min(status) <> max(status) or min(currency) <> max(currency)
                then 'conflicting_lines'
            {%- if negative_orders() == 'refuse' %}
            when {{ is_refused_as_negative('min(status)', 'sum(amount)') }} then 'negative_amount'
            {%- endif %}
        end as reject_reason,
        count(*) as raw_rows,
        count(*) as row_versions,
        cast(null as {{ dbt.type_string() }}) as rival_versions,
        cast(null as decimal(28, 3)) as other_amount,
        cast(sum(amount) as decimal(28, 3)) as amount,
        cast(min(ordered_at) as date) as ordered_on,
        min(ordered_at) as ordered_at
    from checked
    group by order_id
),
{%- else %}
repeated as (
    select
        order_id,
        count(*) as row_versions
    from checked
    group by order_id
    having count(*) > 1
),

-- Nearly every order has one row: only the others have versions to choose from.
single as (
    select checked.*
    from checked
    left join repeated on checked.order_id = repeated.order_id
    where repeated.order_id is null
),

versions as (
    select
        checked.*,
        repeated.row_versions
    from checked
    inner join repeated on checked.order_id = repeated.order_id
),

ranked as (
    select
        order_id,
        customer_id,
        status,
        currency,
        refunded_order_id,
        {%- for attribute in own_attributes('orders') %}
        {{ attribute }},
        {%- endfor %}
        reject_reason,
        amount,
        ordered_on,
        ordered_at,
        updated_at,
        {{ order_version_rank() }} as version_rank,
        row_versions
    from versions
),

-- Versions beside the newest one. What was changed last as well and says something else is a rival: nothing can tell
-- which of the two is newer.
compared as (
    select
        newest.order_id,
        min(
            case
                when
                    {{ is_same('newest.updated_at', 'other.updated_at') }}
                    and {{ order_version_words('newest') }} <> {{ order_version_words('other') }}
                    then {{ order_version_words('newest') }} || ' and ' || {{ order_version_words('other') }}
            end
        ) as rival_versions,
        min(case when newest.amount <> other.amount then other.amount end) as other_amount
    from ranked as newest
    inner join ranked as other on newest.order_id = other.order_id and other.version_rank > 1
    where newest.version_rank = 1
    group by newest.order_id
),

-- The newest row decides about the order, also that it is left out.
newest as (
    select
        order_id,
        customer_id,
        status,
        currency,
        refunded_order_id,
        {%- for attribute in own_attributes('orders') %}
        {{ attribute }},
        {%- endfor %}
        reject_reason,
        cast(1 as {{ dbt.type_bigint() }}) as raw_rows,
        cast(1 as {{ dbt.type_bigint() }}) as row_versions,
        cast(null as {{ dbt.type_string() }}) as rival_versions,
        cast(null as decimal(28, 3)) as other_amount,
        amount,
        ordered_on,
        ordered_at
    from single

    union all

    select
        ranked.order_id,
        ranked.customer_id,
        ranked.status,
        ranked.currency,
        ranked.refunded_order_id,
        {%- for attribute in own_attributes('orders') %}
        ranked.{{ attribute }},
        {%- endfor %}
        ranked.reject_reason,
        cast(1 as {{ dbt.type_bigint() }}) as raw_rows,
        ranked.row_versions,
        compared.rival_versions,
        compared.other_amount,
        ranked.amount,
        ranked.ordered_on,
        ranked.ordered_at
    from ranked
    left join compared on ranked.order_id = compared.order_id
    where ranked.version_rank = 1
),
{%- endif %}

priced as (
    select
        newest.*,
        {{ exchange_rate('newest.currency', 'exchange_rates.rate') }} as exchange_rate
    from newest
    left join exchange_rates
        on newest.currency = exchange_rates.currency and newest.ordered_on = exchange_rates.day
),

resolved as (
    select
        order_id,
        customer_id,
        status,
        currency,
        refunded_order_id,
        {%- for attribute in own_attributes('orders') %}
        {{ attribute }},
        {%- endfor %}
        case
            when reject_reason is not null then reject_reason
            when exchange_rate is null then 'no_exchange_rate'
        end as reject_reason,
        raw_rows,
        row_versions,
        rival_versions,
        other_amount,
        amount as original_amount,
        exchange_rate,
        {{ converted_amount('amount', 'exchange_rate') }} as gross_amount,
        {{ is_refund('status', 'amount') }} as is_refund,
        ordered_on,
        ordered_at
    from priced
)

select * from resolved
