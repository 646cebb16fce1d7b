{#- What a unit test of a model compares: dbt looks at rows as texts. On PostgreSQL a decimal is written with as many
    decimals as it was computed with, `0.1` here and `0.100000` there: both sides are written without zeros at the end. -#}
{% macro postgres__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {%- set decimals = adapter.get_column_schema_from_query(get_empty_subquery_sql(main_sql))
        | selectattr('dtype', 'equalto', 'DECIMAL') | map(attribute='quoted') | list -%}
    {%- set columns = [] -%}
    {%- for name in expected_column_names -%}
        {%- do columns.append('trim_scale(' ~ name ~ ') as ' ~ name if name in decimals else name) -%}
    {%- endfor -%}
    {{ dbt.default__get_unit_test_sql(main_sql, expected_fixture_sql, columns) }}
{%- endmacro %}

{#- The texts of its rows are in the order of bytes, as those of the tables are (settle_table). -#}
{% macro postgres__safe_cast(field, type) -%}
    cast({{ field }} as {{ type }}){{ ' collate "C"' if type in ['text', 'character varying'] }}
{%- endmacro %}
