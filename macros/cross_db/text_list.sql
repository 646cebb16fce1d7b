{#- A text as SQL. How a warehouse escapes an apostrophe is asked only where there is one. -#}
{% macro text_literal(text) -%}
    {{ "'" ~ text ~ "'" if "'" not in text else dbt.string_literal(dbt.escape_single_quotes(text)) }}
{%- endmacro %}


{#- Texts as the inside of an SQL `in (...)`. -#}
{% macro text_list(texts) -%}
    {%- for text in texts -%}
    {{ retention_ledger.text_literal(text) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro text_or_null(text) -%}
    cast({{ retention_ledger.text_literal(text) if text else 'null' }} as {{ dbt.type_string() }})
{%- endmacro %}
