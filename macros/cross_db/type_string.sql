{#- dbt's own macro gives TEXT, which is 256 bytes there, and a cast cuts off what is longer. Where this package is
    installed in another project, that project's `dispatch` must name it before dbt (docs/warehouses.md). -#}
{% macro redshift__type_string() -%}
    varchar(65535)
{%- endmacro %}
