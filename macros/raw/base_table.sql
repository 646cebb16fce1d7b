{#- One row per raw row, in canonical columns and otherwise as it came: the whole model of
    base_<table>. Adds raw_reject_reason (a line that could not be read, or the var raw_rejects) and raw_record
    (the whole raw row).
    A table that is not in raw_tables has no rows.

    Columns that are used if present stand as nulls in an outer query: a name that the raw table does not
    know is looked up there, one that it knows is its own. So no model needs to look at the table first. -#}
{% macro base_table(table) %}
    {%- set maybe_absent = absent_columns(table) -%}
    {%- if table in policy('raw_tables') -%}
with whole_raw_row as (
    {{ all_raw_rows(table) }}
)

select
        {%- for column in raw_table_columns()[table] %}
    raw_rows.canonical_{{ column }} as {{ column }},
        {%- endfor %}
    raw_rows.raw_reject_reason,
    raw_rows.raw_record
from {% if maybe_absent -%}
    (select {% for column in maybe_absent %}cast(null as {{ dbt.type_string() }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}) as absent_columns
cross join lateral {% endif -%}
    (
        select
            {%- for column in raw_table_columns()[table] %}
            {{ raw_column_expression(table, column) }} as canonical_{{ column }},
            {%- endfor %}
            {{ raw_reject_reason(table) }} as raw_reject_reason,
            {{ raw_record('whole_raw_row') }} as raw_record
        from whole_raw_row
    ) as raw_rows
    {%- else -%}
select
        {%- for column in raw_table_columns()[table] %}
    cast(null as {{ dbt.type_string() }}) as {{ column }},
        {%- endfor %}
    cast(null as {{ dbt.type_string() }}) as raw_reject_reason,
    cast(null as {{ dbt.type_string() }}) as raw_record
from (select 1 as nothing) as nothing
where 1 = 0
    {%- endif -%}
{% endmacro %}


{#- The columns of a table that need not exist and that the var raw_columns says nothing about. -#}
{% macro absent_columns(table) %}
    {% set names = [] %}
    {% set may_be_absent = adapter.dispatch('columns_may_be_absent', 'retention_ledger')() %}
    {% for column, need in raw_table_columns()[table].items() if may_be_absent %}
        {% if need == 'used if present' and column not in policy('raw_columns').get(table, {}) %}
            {% do names.append(column) %}
        {% endif %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}


{#- What in raw_columns says that there is no such column: nothing, or SQL for nothing. -#}
{% macro is_no_column(expression) %}
    {{ return(expression is none or expression | string | lower | trim == 'null') }}
{% endmacro %}

{% macro is_mapped_to_null(table, column) %}
    {% set columns = policy('raw_columns').get(table, {}) %}
    {{ return(column in columns and is_no_column(columns[column])) }}
{% endmacro %}


{#- The SQL of one canonical column. Data that knows no status counts every order. -#}
{% macro raw_column_expression(table, column) %}
    {% set expression = policy('raw_columns').get(table, {}).get(column, column) %}
    {% if is_no_column(expression) %}
        {% if column == 'status' %}
            {{ return(text_list([policy('counted_order_statuses')[0]])) }}
        {% endif %}
        {{ return('cast(null as ' ~ dbt.type_string() ~ ')') }}
    {% endif %}
    {{ return(with_named_tables(expression, table)) }}
{% endmacro %}


{#- A line of a file that could not be read, or the first of the user's own rules that a raw row meets; a row that
    is deleted meets one too. -#}
{% macro raw_reject_reason(table) -%}
    {%- set rules = policy('raw_rejects').get(table, {}) -%}
    {%- set deleted = policy('raw_deleted').get(table) -%}
    {%- if rules or deleted or may_have_malformed_lines(table) -%}
    case
        {%- if may_have_malformed_lines(table) %}
        when malformed_line is not null then 'malformed_row'
        {%- endif %}
        {%- for reason, condition in rules.items() %}
        when {{ with_named_tables(condition, table) }} then {{ text_literal(reason) }}
        {%- endfor %}
        {%- if deleted %}
        when {{ with_named_tables(deleted, table) }} then 'deleted'
        {%- endif %}
    end
    {%- else -%}
    cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}

{#- Whether a name that the table does not know can be looked up in an outer query. -#}
{% macro default__columns_may_be_absent() %}
    {{ return(true) }}
{% endmacro %}

{#- No LATERAL there: the var raw_columns must map to null what the table lacks, or the query stops and names it. -#}
{% macro bigquery__columns_may_be_absent() %}
    {{ return(false) }}
{% endmacro %}

{% macro redshift__columns_may_be_absent() %}
    {{ return(false) }}
{% endmacro %}
