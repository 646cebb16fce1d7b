{#- Looks at own raw data before anything is built: is each table there, is it empty, has it the
    columns. Stops with a sentence, so that the last good build stays as it is. -#}
{% macro check_raw_data() %}
    {% if execute %}
        {% do check_var_names() %}
        {% for name in policy_rules() %}
            {% do policy(name) %}
        {% endfor %}
        {% do refuse_other_data() %}
        {% if not reads_demo_seeds() %}
            {% for table in policy('raw_tables') %}
                {% do check_raw_table(table) %}
            {% endfor %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro check_raw_table(table) %}
    {% if policy('raw_files') is not none %}
        {% set place = "the file '" ~ raw_file_path(table) ~ "'" %}
        {% set columns = adapter.dispatch('raw_file_columns', 'retention_ledger')(table) %}
    {% else %}
        {% set relation = source('raw', table) %}
        {% set place = 'the table ' ~ relation %}
        {% do refuse_own_schema(relation) %}
        {% set found = load_relation(relation) %}
        {% if found is none %}
            {% set others = list_relations_without_caching(relation).columns[1].values() | sort %}
            {{ exceptions.raise_compiler_error(
                'There is no table ' ~ relation ~ ' for the raw ' ~ table ~ '. The schema holds: '
                ~ (others | join(', ') or 'nothing') ~ '. The vars raw_database and raw_schema name the place; leave `'
                ~ table ~ '` out of raw_tables if there is none.'
            ) }}
        {% endif %}
        {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {% endif %}
    {% if run_query('select 1 as found_row from ' ~ raw_relation(table) ~ ' limit 1') | length == 0 %}
        {% do refuse_empty_table(table, place) %}
    {% endif %}
    {% do check_raw_columns(table, columns, place) %}
{% endmacro %}


{% macro refuse_empty_table(table, place) %}
    {{ exceptions.raise_compiler_error(
        'There are no rows in ' ~ place ~ ' for the raw ' ~ table ~ '. Is the export complete? Leave `'
        ~ table ~ '` out of the var raw_tables if there are none.'
    ) }}
{% endmacro %}


{#- A mart of the same name would replace the raw table. -#}
{% macro refuse_own_schema(relation) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' %}
        {% if node.schema | lower == relation.schema | lower and node.database | lower == relation.database | lower %}
            {% do refuse_setting(
                'raw_schema', relation.schema,
                'a schema this project does not write to, or it would overwrite your tables'
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- A canonical column must exist, or raw_columns must say where it comes from. An expression that is
    just a name is checked as one; others are the database's to check. -#}
{% macro check_raw_columns(table, columns, place) %}
    {% set present = columns | map('lower') | list %}
    {% set mapped = policy('raw_columns').get(table, {}) %}
    {% for column, need in raw_table_columns()[table].items() %}
        {% set expression = mapped.get(column, column) | string %}
        {% set name = expression.strip('"') | lower %}
        {% set is_name = modules.re.match('^"?[A-Za-z_][A-Za-z0-9_ ]*"?$', expression) and name not in ['null', 'none'] %}
        {% set may_be_absent = need == 'used if present' and column not in mapped %}
        {% if is_name and name not in present and not may_be_absent %}
            {{ exceptions.raise_compiler_error(
                'There is no column `' ~ expression.strip('"') ~ '` in ' ~ place ~ ' for the raw ' ~ table ~ '. It has: '
                ~ columns | join(', ') ~ '. Map it with the var raw_columns: {' ~ table ~ ': {' ~ column
                ~ ': <SQL expression' ~ (', or null if you have none' if need != 'required' else '') ~ '>}}.'
            ) }}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro default__raw_file_columns(table) %}
    {{ return([]) }}
{% endmacro %}

{% macro duckdb__raw_file_columns(table) %}
    {% set path = raw_file_path(table) %}
    {% set pattern = dbt.string_literal(dbt.escape_single_quotes(path)) %}
    {% if run_query('select file from glob(' ~ pattern ~ ') limit 1') | length == 0 %}
        {% set folder = path.rsplit('/', 1)[0] if '/' in path else '.' %}
        {% set others = run_query('select file from glob(' ~ dbt.string_literal(dbt.escape_single_quotes(folder ~ '/*')) ~ ') order by file limit 20') %}
        {{ exceptions.raise_compiler_error(
            "There is no file '" ~ path ~ "' for the raw " ~ table ~ '. Its folder holds: '
            ~ (others.columns[0].values() | join(', ') or 'nothing') ~ '. The var raw_files names the path, with {name} for the table; leave `'
            ~ table ~ '` out of raw_tables if there is none.'
        ) }}
    {% endif %}
    {% if run_query('select filename from read_blob(' ~ pattern ~ ') where size = 0 limit 1') | length > 0 %}
        {% do refuse_empty_table(table, "the file '" ~ path ~ "'") %}
    {% endif %}
    {% set described = run_query('describe select * from ' ~ raw_relation(table)) %}
    {{ return(described.columns[0].values() | list) }}
{% endmacro %}
