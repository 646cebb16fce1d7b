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
