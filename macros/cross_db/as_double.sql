{#- A number as a floating-point number of 64 bits. -#}
{% macro as_double(number) -%}
    {{ adapter.dispatch('as_double', 'retention_ledger')(number) }}
{%- endmacro %}

{% macro default__as_double(number) -%}
    cast({{ number }} as double precision)
{%- endmacro %}

{% macro spark__as_double(number) -%}
    cast({{ number }} as double)
{%- endmacro %}
