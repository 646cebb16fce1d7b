{#- A value as a type, null where it cannot be one. (dbt's macro for Spark stops there; one of its name here would stand for it.) -#}
{% macro cast_or_null(value, type) -%}
    {{ adapter.dispatch('cast_or_null', 'retention_ledger')(value, type) }}
{%- endmacro %}

{% macro default__cast_or_null(value, type) -%}
    {{ dbt.safe_cast(value, type) }}
{%- endmacro %}

{% macro spark__cast_or_null(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}

{% macro redshift__cast_or_null(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}
