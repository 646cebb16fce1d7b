{%- set dates = written_columns()['dates'] %}
{%- set columns = written_columns()['optional'] %}
with unreadable as (
    select
        source_table,
        column_name,
        raw_value,
        count(*) as unread_rows,
        row_number() over (partition by source_table, column_name order by count(*) desc, raw_value asc) as example_rank
    from {{ ref('int_unreadable_values') }}
    where column_name in ('signed_up_at', 'cancel_requested_on')
    group by source_table, column_name, raw_value
),
{% for table in tables_with_findings() %}
{{ table }} as (
    select * from {{ ref('base_' ~ table) }}
    where raw_reject_reason is null
),

{{ table }}_counted as (
    select
        {%- for column in columns if column.table == table %}
        count({{ clean_text(column.name, table ~ '.' ~ column.name) }}) as {{ column.name }},
        {%- endfor %}
        count(*) as all_rows
    from {{ table }}
),
{% endfor %}
filled as (
    {%- for column in columns %}
    select
        '{{ column.table }}' as source_table,
        '{{ column.name }}' as column_name,
        all_rows,
        {{ column.name }} as filled_rows,
        {{ is_mapped_to_null(column.table, column.name) | lower }} as is_left_out
    from {{ column.table }}_counted
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
),

-- Only dates in digits with the year last can be read in two ways; those with the year first are left out early.
written as (
    {%- for column in dates %}
    select
        '{{ column.table }}' as source_table,
        '{{ column.name }}' as column_name,
        {{ order_of_day_is_given(column.table ~ '.' ~ column.name) | lower }} as is_given,
        {{ clean_text(column.name, column.table ~ '.' ~ column.name) }} as raw_value
    from {{ column.table }}
    where cast({{ column.name }} as {{ dbt.type_string() }}) not like '____-%'
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
),

shaped as (
    select
        *,
        {{ date_shape('raw_value') }} as shape
    from written
    where not is_given
),

numbered as (
    select
        *,
        {{ date_number('raw_value', 'shape', 1) }} as first_number,
        {{ date_number('raw_value', 'shape', 2) }} as second_number
    from shaped
    where shape not like 'Y%'
),

readings as (
    select
        source_table,
        column_name,
        raw_value,
        case
            when first_number > 12 or second_number > 12 then 'decided'
            when first_number <> second_number then 'either'
        end as reading
    from numbered
),

ambiguous as (
    select
        source_table,
        column_name,
        count(case when reading = 'decided' then 1 end) as decided,
        count(case when reading = 'either' then 1 end) as either,
        count(*) as all_rows,
        min(case when reading = 'either' then raw_value end) as value,
        max(case when reading = 'either' then raw_value end) as other_value
    from readings
    group by source_table, column_name
),

findings as (
    select
        'dates_cannot_be_read' as finding,
        unreadable.source_table,
        unreadable.column_name,
        {{ in_words('sum(unreadable.unread_rows)') }} || ' of ' || {{ in_words('max(filled.filled_rows)') }}
        || ' dates in ' || unreadable.column_name || ' cannot be read' as what,
        {{ three_examples('raw_value') }} as examples,
        sum(unreadable.unread_rows) as affected_rows,
        max(filled.filled_rows) as all_rows
    from unreadable
    inner join filled
        on unreadable.source_table = filled.source_table and unreadable.column_name = filled.column_name
    group by unreadable.source_table, unreadable.column_name

    union all

    select
        'day_and_month_could_be_swapped' as finding,
        source_table,
        column_name,
        {{ in_words('either') }} || ' dates in ' || column_name
        || ' can be read with the day or the month first, and no other date decides it' as what,
        {{ in_quotes('value') }}
        || case when other_value <> value then ', ' || {{ in_quotes('other_value') }} else '' end as examples,
        either as affected_rows,
        all_rows
    from ambiguous
    where either > 0 and decided = 0

    union all

    select
        'column_has_no_values' as finding,
        source_table,
        column_name,
        column_name || ' is empty in all ' || {{ in_words('all_rows') }} || ' rows' as what,
        cast(null as {{ dbt.type_string() }}) as examples,
        all_rows as affected_rows,
        all_rows
    from filled
    where
        filled_rows = 0
        and all_rows >= {{ finding_threshold('least_rows_of_a_column') }}
        and not is_left_out
)

select * from findings
