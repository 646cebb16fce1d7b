{#- A whole row as one value, cheap to carry, and its JSON text, made only where it is needed. -#}
{% macro raw_record(table_alias) -%}
    {{ adapter.dispatch('raw_record', 'retention_ledger')(table_alias) }}
{%- endmacro %}

{% macro default__raw_record(table_alias) -%}
    {{ table_alias }}
{%- endmacro %}

{#- A row without a type of its own cannot be a column. -#}
{% macro postgres__raw_record(table_alias) -%}
    cast(row_to_json({{ table_alias }}) as text)
{%- endmacro %}


{% macro record_as_json(record) -%}
    {{ adapter.dispatch('record_as_json', 'retention_ledger')(record) }}
{%- endmacro %}

{% macro default__record_as_json(record) -%}
    cast(to_json({{ record }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro postgres__record_as_json(record) -%}
    {{ record }}
{%- endmacro %}


{#- A file's rows carry a column that says which of them are lines that could not be read (see landed_file): of
    such a line the record is what stands there, and of any other row it is left out. Within a JSON text a quote
    is never followed by a colon unless it ends a key. -#}
{% macro duckdb__record_as_json(record) -%}
    {%- set json = 'cast(to_json(' ~ record ~ ') as varchar)' -%}
    {%- if not var('raw_files') -%}
        {{ json }}
    {%- else -%}
        replace(regexp_replace({{ json }}, '^.*,"malformed_line":(\{.*\})\}$', '\1'), ',"malformed_line":null}', '}')
    {%- endif -%}
{%- endmacro %}
