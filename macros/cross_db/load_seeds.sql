{#- The demo's seeds on Spark, where dbt-spark stops at an apostrophe and at a text without a length. Of dbt's own names, so
    they count where this project is the one that is built. -#}
{% macro spark__create_csv_table(model, agate_table) %}
    {% set columns = [] %}
    {% for name in agate_table.column_names %}
        {% do columns.append(adapter.quote(name) ~ ' ' ~ dbt.type_string()) %}
    {% endfor %}
    {% set sql = 'create table ' ~ this ~ ' (' ~ columns | join(', ') ~ ') ' ~ file_format_clause() %}
    {% do run_query(sql) %}
    {{ return(sql) }}
{% endmacro %}

{% macro spark__load_csv_rows(model, agate_table) %}
    {% for chunk in agate_table.rows | batch(2000) %}
        {% set rows = [] %}
        {% for row in chunk %}
            {% set cells = [] %}
            {% for cell in row %}
                {% do cells.append('null' if cell is none else "'" ~ cell | string | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") %}
            {% endfor %}
            {% do rows.append('(' ~ cells | join(', ') ~ ')') %}
        {% endfor %}
        {% do run_query('insert into ' ~ this ~ ' values ' ~ rows | join(', ')) %}
    {% endfor %}
    {{ return('insert into ' ~ this ~ ' values ...') }}
{% endmacro %}
