{#- Texts as the inside of an SQL `in (...)`. -#}
{% macro text_list(texts) -%}
    {%- for text in texts -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(text)) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro text_or_null(text) -%}
    cast({{ dbt.string_literal(dbt.escape_single_quotes(text)) if text else 'null' }} as {{ dbt.type_string() }})
{%- endmacro %}
