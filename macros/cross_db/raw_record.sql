{#- A whole row as one value, cheap to carry, and its JSON text, made only where it is needed. -#}
{% macro raw_record(table_alias) -%}
    {{ adapter.dispatch('raw_record', 'retention_ledger')(table_alias) }}
{%- endmacro %}

{% macro default__raw_record(table_alias) -%}
    {{ table_alias }}
{%- endmacro %}


{% macro record_as_json(record) -%}
    {{ adapter.dispatch('record_as_json', 'retention_ledger')(record) }}
{%- endmacro %}

{% macro default__record_as_json(record) -%}
    cast(to_json({{ record }}) as {{ dbt.type_string() }})
{%- endmacro %}
