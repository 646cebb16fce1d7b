{#- The name of a column that is a reserved word on some warehouses: in quotes only there. -#}
{% macro column_name(name) -%}
    {{ adapter.dispatch('column_name', 'retention_ledger')(name) }}
{%- endmacro %}

{% macro default__column_name(name) -%}
    {{ name }}
{%- endmacro %}

{% macro bigquery__column_name(name) -%}
    {{ adapter.quote(name) }}
{%- endmacro %}

{% macro redshift__column_name(name) -%}
    {{ adapter.quote(name) }}
{%- endmacro %}
