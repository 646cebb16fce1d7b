{#- An expression that stops the query with a message when it is evaluated. -#}
{% macro fail_with(message) -%}
    {{ adapter.dispatch('fail_with', 'retention_ledger')(message) }}
{%- endmacro %}

{#- Not every warehouse has a function for it, but each one refuses this cast and quotes the text. -#}
{% macro default__fail_with(message) -%}
    cast({{ message }} as {{ dbt.type_int() }})
{%- endmacro %}

{% macro duckdb__fail_with(message) -%}
    error({{ message }})
{%- endmacro %}
