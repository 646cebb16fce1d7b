{#- A condition for `where` that is never true: it stops the query with a message instead. Goes where a
    failing test should say a sentence. The CASE keeps the message from being made too early. -#}
{% macro fail_when(condition, message) -%}
    case when {{ condition }} then {{ adapter.dispatch('fail_with', 'retention_ledger')(message) }} is null else false end
{%- endmacro %}

{#- Not every warehouse has a function for it, but each one refuses this cast and quotes the text. -#}
{% macro default__fail_with(message) -%}
    cast({{ message }} as {{ dbt.type_int() }})
{%- endmacro %}

{% macro duckdb__fail_with(message) -%}
    error({{ message }})
{%- endmacro %}

{#- A cast of a constant would be made when the query is planned, also in a branch that it never comes to. -#}
{% macro postgres__fail_with(message) -%}
    cast({{ message }} || left(cast(random() as text), 0) as integer)
{%- endmacro %}

{% macro bigquery__fail_with(message) -%}
    error({{ message }})
{%- endmacro %}

{% macro spark__fail_with(message) -%}
    raise_error({{ message }})
{%- endmacro %}
