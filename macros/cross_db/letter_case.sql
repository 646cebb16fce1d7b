{#- A text in lower or upper case, in the letters of every language. -#}
{% macro lower_case(text) -%}
    {{ adapter.dispatch('letter_case', 'retention_ledger')('lower', text) }}
{%- endmacro %}

{% macro upper_case(text) -%}
    {{ adapter.dispatch('letter_case', 'retention_ledger')('upper', text) }}
{%- endmacro %}


{% macro default__letter_case(function, text) -%}
    {{ function }}({{ text }})
{%- endmacro %}

{#- Texts are ordered by their bytes (see settle_table); of such a text PostgreSQL changes the case of ASCII only. -#}
{% macro postgres__letter_case(function, text) -%}
    ({{ function }}({{ text }} collate "default") collate "C")
{%- endmacro %}

{% macro redshift__letter_case(function, text) -%}
    {{ default__letter_case(function, text) }}
{%- endmacro %}
