{#- dbt compares a contract with what a model gives by a query of nulls, cast to the types that the contract names. On Spark
    `double precision` is called `double`, and a query that says otherwise is an error of syntax. -#}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set as_named_there = {} -%}
    {%- for name, column in columns.items() -%}
        {%- do as_named_there.update({name: dict(column, data_type=retention_ledger.column_type(column['data_type']))}) -%}
    {%- endfor -%}
    {{ dbt.default__get_empty_schema_sql(as_named_there) }}
{%- endmacro %}
