{#- A text as SQL. How a warehouse escapes an apostrophe is asked only where there is one. -#}
{% macro text_literal(text) -%}
    {{ adapter.dispatch('text_literal', 'retention_ledger')(text) }}
{%- endmacro %}

{% macro default__text_literal(text) -%}
    {{ "'" ~ text ~ "'" if "'" not in text else dbt.string_literal(dbt.escape_single_quotes(text)) }}
{%- endmacro %}

{#- A backslash begins an escape there. -#}
{% macro spark__text_literal(text) -%}
    '{{ text | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{% macro snowflake__text_literal(text) -%}
    '{{ text | string | replace("\\", "\\\\") | replace("'", "''") }}'
{%- endmacro %}

{% macro redshift__text_literal(text) -%}
    '{{ text | string | replace("\\", "\\\\") | replace("'", "''") }}'
{%- endmacro %}

{% macro bigquery__text_literal(text) -%}
    '{{ line_ends_escaped(text | string | replace("\\", "\\\\") | replace("'", "\\'")) }}'
{%- endmacro %}

{#- A text in quotes may not go over several lines there. -#}
{% macro line_ends_escaped(text) %}
    {{ return(text | replace('\r', '\\r') | replace('\n', '\\n')) }}
{% endmacro %}


{#- Texts as the inside of an SQL `in (...)`. -#}
{% macro text_list(texts) -%}
    {%- for text in texts -%}
    {{ retention_ledger.text_literal(text) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro text_or_null(text) -%}
    cast({{ retention_ledger.text_literal(text) if text else 'null' }} as {{ dbt.type_string() }})
{%- endmacro %}


{#- The texts of a group as one, in an order (`order by ...`). -#}
{% macro joined_texts(text, between, in_order) -%}
    {{ adapter.dispatch('joined_texts', 'retention_ledger')(text, between, in_order) }}
{%- endmacro %}

{% macro default__joined_texts(text, between, in_order) -%}
    {{ dbt.listagg(text, between, in_order) }}
{%- endmacro %}

{#- dbt's macro leaves the order out; Spark 4 knows one. -#}
{% macro spark__joined_texts(text, between, in_order) -%}
    listagg({{ text }}, {{ between }}) within group ({{ in_order }})
{%- endmacro %}
