{#- On DuckDB the schemas stand under their own names (marts, staging, ...): one file, one project.
    Other targets keep dbt's rule, which prefixes the target's schema. -#}
{% macro duckdb__generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
