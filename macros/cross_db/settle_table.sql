{#- What a table needs beside its rows, a post-hook of every model. On PostgreSQL: texts are ordered by their bytes as
    elsewhere, whatever the language of the database, because which of two rows is first must not depend on it; and it
    is counted what is in the table, or the next query is planned for an empty one. -#}
{% macro settle_table(relation) -%}
    {{ adapter.dispatch('settle_table', 'retention_ledger')(relation) }}
{%- endmacro %}

{% macro default__settle_table(relation) -%}{%- endmacro %}

{% macro postgres__settle_table(relation) -%}
    {%- if execute and config.get('materialized') not in ['view', 'ephemeral'] -%}
    {%- set changes = [] -%}
    {%- if model.resource_type != 'seed' -%}
    {%- for row in run_query(
        "select quote_ident(attname) from pg_attribute where attrelid = '" ~ relation ~ "'::regclass and attcollation = '\"default\"'::regcollation"
    ).rows -%}
        {%- do changes.append('alter column ' ~ row[0] ~ ' type text collate "C"') -%}
    {%- endfor -%}
    {%- endif -%}
    {%- if changes -%}
    alter table {{ relation }} {{ changes | join(', ') }};
    {%- endif %}
    analyze {{ relation }}
    {%- endif -%}
{%- endmacro %}

{% macro redshift__settle_table(relation) -%}{%- endmacro %}

{#- Parquet holds no constraints, so what must not be null there is counted. -#}
{% macro spark__settle_table(relation) -%}
    {%- if execute and model.resource_type == 'model' and config.get('materialized') == 'table' and config.get('file_format') == 'parquet' -%}
    {%- set filled = [] -%}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list -%}
        {%- do filled.append(column.name) -%}
    {%- endfor -%}
    {%- if filled -%}
    {%- set counts = run_query('select ' ~ 'count_if(%s is null)' | replace('%s', filled | join(' is null), count_if(')) ~ ' from ' ~ relation).rows[0] -%}
    {%- for column in filled -%}
        {%- if counts[loop.index0] -%}
        {{ exceptions.raise_compiler_error(
            'In ' ~ relation ~ ' the column ' ~ column ~ ' is null in ' ~ counts[loop.index0] ~ ' rows, which the contract of the mart does not allow.'
        ) }}
        {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}
