{#- A number as a floating-point number of 64 bits. -#}
{% macro as_double(number) -%}
    cast({{ number }} as {{ double_type() }})
{%- endmacro %}


{% macro double_type() -%}
    {{ adapter.dispatch('double_type', 'retention_ledger')() }}
{%- endmacro %}

{% macro default__double_type() -%}
    double precision
{%- endmacro %}

{% macro spark__double_type() -%}
    double
{%- endmacro %}

{% macro bigquery__double_type() -%}
    float64
{%- endmacro %}
