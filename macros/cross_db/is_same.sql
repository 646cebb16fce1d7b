{#- Whether two values are the same, null and null too. In a join, it is the whole condition of one column. -#}
{% macro is_same(one, other) -%}
    {{ adapter.dispatch('is_same', 'retention_ledger')(one, other) }}
{%- endmacro %}

{% macro default__is_same(one, other) -%}
    {{ one }} is not distinct from {{ other }}
{%- endmacro %}

{% macro redshift__is_same(one, other) -%}
    ({{ one }} = {{ other }} or ({{ one }} is null and {{ other }} is null))
{%- endmacro %}
