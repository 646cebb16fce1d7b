{#- A table whose columns dbt promises and whose rows come from elsewhere (`retention-ledger predict`, or a
    hook): the contract makes it, empty, where it is missing or has other columns; else it stays as it is,
    with `--full-refresh` too. The model's SQL is `rows_come_from_elsewhere()`. -#}
{% materialization kept, default %}
    {% set target_relation = this.incorporate(type='table') %}
    {{ run_hooks(pre_hooks) }}
    {% do get_assert_columns_equivalent(sql) %}
    {% set made = keep_table(target_relation, sql) %}
    {% call noop_statement('main', 'CREATED' if made else 'KEPT') %}
        {{ sql }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {% do persist_docs(target_relation, model) %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Makes the table of an empty select where there is none with these columns; says whether it did. -#}
{% macro keep_table(relation, empty_select) %}
    {% set existing = adapter.get_relation(relation.database, relation.schema, relation.identifier) %}
    {% if existing is not none and existing.is_table %}
        {% set wanted = adapter.get_column_schema_from_query(empty_select) %}
        {% set found = adapter.get_column_schema_from_query('select * from ' ~ existing ~ ' where 1 = 0') %}
        {% if names_and_types(wanted) == names_and_types(found) %}
            {{ return(false) }}
        {% endif %}
    {% endif %}
    {% if existing is not none %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {% do run_query('create table ' ~ relation ~ ' as ' ~ empty_select) %}
    {% do adapter.cache_added(relation) %}
    {{ return(true) }}
{% endmacro %}


{% macro names_and_types(columns) %}
    {% set described = [] %}
    {% for column in columns %}
        {% do described.append(column.name | lower ~ ' ' ~ column.data_type | lower) %}
    {% endfor %}
    {{ return(described | sort) }}
{% endmacro %}


{#- The columns of the model's contract without a row. -#}
{% macro rows_come_from_elsewhere() %}
    {{- empty_select(model.columns) -}}
{% endmacro %}

{% macro empty_select(columns) -%}
    select
    {%- for column in columns.values() %}
        cast(null as {{ retention_ledger.column_type(column.data_type) }}) as {{ column.name }}{{ ',' if not loop.last }}
    {%- else %}
        1 as no_column
    {%- endfor %}
    from (select 1 as nothing) as nothing
    where 1 = 0
{%- endmacro %}

{% macro column_type(data_type) %}
    {{ return(double_type() if data_type == 'double precision' else api.Column.translate_type(data_type)) }}
{% endmacro %}
