{#- What the expectations about raw tables look at: each table in a few hundred facts, counted where the rows are.
    Facts and not rows go to Python, so that a million orders stay in the warehouse, and any warehouse will do. -#}
{% macro landing_facts() %}
    {% set tables = {} %}
    {% for table in policy('raw_tables') %}
        {% set base, staged = relation_of('base_' ~ table), relation_of('stg_' ~ table) %}
        {% if base is not none and staged is not none %}
            {% do tables.update({table: facts_of_query(delivered_facts(table, base)) + facts_of_query(staged_facts(table, staged))}) %}
        {% endif %}
    {% endfor %}
    {% do say_facts({
        'tables': tables,
        'as_of_date': policy('as_of_date'),
        'limits': policy('expectations'),
        'loads': read_loads(),
    }) %}
{% endmacro %}


{#- Per raw table: its key, the columns whose values are a short list, its day and its amount as staging reads them. -#}
{% macro landing_columns() %}
    {{ return({
        'orders': {'key': 'order_id', 'lists': ['status', 'currency'], 'day': 'ordered_on', 'amount': 'amount'},
        'customers': {'key': 'customer_id', 'lists': ['country', 'acquisition_channel', 'customer_segment'], 'day': 'cast(signed_up_at as date)'},
        'refunds': {'key': 'refund_id', 'lists': [], 'day': 'refunded_on', 'amount': 'amount'},
        'subscriptions': {'key': 'subscription_id', 'lists': ['plan', 'state', 'currency', 'billing_interval'], 'day': 'started_on', 'amount': 'amount'},
        'exchange_rates': {'key': 'currency', 'lists': ['currency'], 'day': 'valid_from', 'amount': 'rate'},
        'marketing_spend': {'key': 'spend_id', 'lists': ['acquisition_channel', 'currency'], 'day': 'spent_on', 'amount': 'amount'},
        'support_tickets': {'key': 'ticket_id', 'lists': ['topic'], 'day': 'opened_on'},
        'feedback': {'key': 'feedback_id', 'lists': ['nps_score'], 'day': 'given_on'},
        'customer_id_map': {'key': 'old_customer_id', 'lists': []},
        'calendar': {'key': 'calendar_date', 'lists': []},
    }) }}
{% endmacro %}


{#- Of the rows as delivered: how many, how many values in each column and in the key, and the values of the short
    lists, the most frequent ones first: a list longer than 100 is none. -#}
{% macro delivered_facts(table, relation) -%}
    {%- set named = landing_columns()[table] -%}
    {%- set columns = raw_table_columns()[table] | list -%}
    {%- set amounts = columns_by_kind()['amounts'] -%}
with delivered as (
    select
        {%- for column in columns %}
        {{ clean_text(column, table ~ '.' ~ column, is_amount=column in amounts) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
),

facts as (
    select {{ fact('rows', 'null', 'null', 'count(*)') }} from delivered
    union all
    select {{ fact('ids', text_literal(named['key']), 'null', 'count(distinct ' ~ named['key'] ~ ')') }} from delivered
    {%- for column in columns %}
    union all
    select {{ fact('filled', text_literal(column), 'null', 'count(' ~ column ~ ')') }} from delivered
    {%- endfor %}
    {%- for column in named['lists'] %}
    union all
    select {{ fact('value', text_literal(column), 'listed', 'number') }}
    from (
        select
            listed,
            number,
            row_number() over (order by number desc, listed) as place
        from (
            select {{ lower_case(column) }} as listed, count(*) as number
            from delivered
            where {{ column }} is not null
            group by {{ lower_case(column) }}
        ) as values_of_{{ column }}
    ) as places_of_{{ column }}
    where place <= 101
    {%- endfor %}
)

select * from facts
{%- endmacro %}


{#- Of the rows as staging reads them: how many it refuses for which reason; how many there are on each day; the
    quartiles of the amounts, and their median by month. -#}
{% macro staged_facts(table, relation) -%}
    {%- set named = landing_columns()[table] -%}
    {%- set amount = named.get('amount') -%}
with staged as (
    select
        {{ 'reject_reason' if named.get('day') else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as reject_reason,
        {{ named.get('day') or 'cast(null as date)' }} as landed_on,
        {{ as_double(amount or 'null') }} as amount
    from {{ relation }}
),

ranked as (
    select
        amount,
        landed_month,
        row_number() over (order by amount) as place,
        count(*) over () as places,
        row_number() over (partition by landed_month order by amount) as place_in_month,
        count(*) over (partition by landed_month) as places_in_month
    from (
        select amount, cast({{ dbt.date_trunc('month', 'landed_on') }} as date) as landed_month
        from staged
        where reject_reason is null and amount is not null
    ) as amounts
),

facts as (
    select {{ fact('refused', 'null', 'reject_reason', 'count(*)') }}
    from staged
    where reject_reason is not null
    group by reject_reason
    union all
    select {{ fact('day', 'null', 'landed_on', 'count(*)') }}
    from staged
    where reject_reason is null and landed_on is not null
    group by landed_on
    {%- if amount %}
    {%- for percent in [25, 50, 75] %}
    union all
    select {{ fact('quantile', text_literal(amount), "'" ~ percent ~ "'", 'min(case when 100 * place >= ' ~ percent ~ ' * places then amount end)') }}
    from ranked
    {%- endfor %}
    union all
    select {{ fact('median of month', text_literal(amount), 'landed_month', 'min(case when 2 * place_in_month >= places_in_month then amount end)') }}
    from ranked
    where landed_month is not null
    group by landed_month
    {%- endif %}
)

select * from facts
{%- endmacro %}

