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

{% macro snowflake__raw_record(table_alias) -%}
    object_construct_keep_null(*)
{%- endmacro %}

{#- A row as a whole is no value there: of a raw table it is the canonical columns, as texts. -#}
{% macro redshift__raw_record(table_alias) -%}
    {%- set table = model.name | replace('base_', '') -%}
    {%- set parts = [] -%}
    {%- for column in raw_table_columns().get(table, {}) -%}
        {%- do parts.append("'" ~ column ~ "', " ~ "cast(" ~ raw_column_expression(table, column) ~ " as " ~ dbt.type_string() ~ ")") -%}
    {%- endfor -%}
    json_serialize(object({{ parts | join(', ') }}))
{%- endmacro %}

{#- Each table of a build is written, so the text is made once. -#}
{% macro spark__raw_record(table_alias) -%}
    {%- set json = "to_json(struct(" ~ table_alias ~ ".*), map('ignoreNullFields', 'false'))" -%}
    {{ 'replace(' ~ json ~ ', \',"malformed_line":null}\', \'}\')' if var('raw_files') else json }}
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

{% macro bigquery__record_as_json(record) -%}
    to_json_string({{ record }})
{%- endmacro %}

{% macro redshift__record_as_json(record) -%}
    {{ record }}
{%- endmacro %}

{% macro spark__record_as_json(record) -%}
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
