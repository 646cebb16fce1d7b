{#- Other databases to read from: SQLite, PostgreSQL, another DuckDB file. They are open, for reading only, while the raw
    tables in them are copied, all in one transaction, before anything is built. So one build reads one state of them,
    and whoever opens the built database later (for its staging views, to predict, to look at the raw tables) needs
    no other one. A table is copied when its base model is to be built, and else left as it is. -#}

{#- By name: type and path of each, as the var attached_databases says. -#}
{% macro attached_databases() %}
    {% set found = {} %}
    {% for name, entry in (var('attached_databases') or {}).items() %}
        {% do found.update({name: {'path': entry.path or '', 'type': entry.type or type_of_database_file(entry.path)}}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro type_of_database_file(path) %}
    {{ return('sqlite' if (path | lower).endswith(('.sqlite', '.sqlite3')) else 'duckdb') }}
{% endmacro %}


{#- The schema of a table that is named without one. (sources.yml says the same.) -#}
{% macro default_schema_of(type) %}
    {{ return('public' if type == 'postgres' else 'main') }}
{% endmacro %}


{#- The attached databases that an SQL text reads: their names with a point after them. -#}
{% macro attached_databases_in(sql) %}
    {% set found = [] %}
    {% for name in var('attached_databases') or {} if modules.re.search('(?i)(^|[^\\w.])"?' ~ name ~ '"?\\s*\\.', sql | string) %}
        {% do found.append(name) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#- Whether a raw table is read from a copy, because it stands in an attached database or its query reads one. -#}
{% macro is_copied(table) %}
    {% set place = raw_place(table) %}
    {% if not var('attached_databases') %}
        {{ return(false) }}
    {% elif place == 'raw_queries' %}
        {{ return(attached_databases_in(var('raw_queries')[table]) | length > 0) }}
    {% endif %}
    {{ return(place in ['raw_relations', 'raw_schema'] and attached_database_of(table) is not none) }}
{% endmacro %}


{#- The attached database that raw_relations, raw_schema and raw_database name for a table; none: it is the one that is
    built. (sources.yml decides the same.) -#}
{% macro attached_database_of(table) %}
    {% set parts = ((var('raw_relations') or {}).get(table) or table).split('.') %}
    {% if parts | length == 1 and var('raw_schema') and not var('raw_database') %}
        {% set parts = [var('raw_schema')] + parts %}
    {% endif %}
    {% set first = (parts[0] if parts | length > 1 else var('raw_database') or '') | lower %}
    {% set named = first if first in var('attached_databases') or parts | length != 2 else (var('raw_database') or '') | lower %}
    {{ return(named if named in var('attached_databases') else none) }}
{% endmacro %}


{% macro schema_of_copies() %}
    {{ return('ledger_copies') }}
{% endmacro %}

{% macro copied_table(table) %}
    {{ return(adapter.dispatch('copied_table', 'retention_ledger')(table)) }}
{% endmacro %}

{% macro default__copied_table(table) %}
    {{ exceptions.raise_compiler_error(
        'The var `attached_databases` works on DuckDB targets only. Load the tables into the database that is built and name '
        ~ 'them in the var `raw_relations`, or their schema in `raw_schema`.'
    ) }}
{% endmacro %}

{% macro duckdb__copied_table(table) %}
    {{ return(api.Relation.create(database=target.database, schema=schema_of_copies(), identifier=table)) }}
{% endmacro %}


{#- The raw tables whose base models this command builds. -#}
{% macro raw_tables_to_build() %}
    {% set found = [] %}
    {% for table in policy('raw_tables') if flags.WHICH in ['build', 'run'] and 'model.retention_ledger.base_' ~ table in selected_resources %}
        {% do found.append(table) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#- Opens them, and adds what is wrong to the problems. -#}
{% macro default__attach_databases(problems) %}
    {% do copied_table('any') %}
{% endmacro %}

{% macro duckdb__attach_databases(problems) %}
    {% set own_schemas = [schema_of_landed_files(), schema_of_copies()] %}
    {% for node in graph.nodes.values() %}
        {% do own_schemas.append(node.schema | lower) %}
    {% endfor %}
    {% for row in rows_of_query('select lower(schema_name) from duckdb_schemas() where database_name = current_database()') %}
        {% do own_schemas.append(row[0]) %}
    {% endfor %}
    {% for name, database in attached_databases().items() %}
        {% set is_file = database.type != 'postgres' %}
        {% if name in own_schemas %}
            {% do problems.append(
                'The attached database `' ~ name ~ '` has the name of a schema of the database that is built, and nobody could tell '
                ~ name ~ '.orders in the two apart. Give it another name in the var attached_databases.'
            ) %}
        {% elif is_file and not files_called(database.path) %}
            {% set folder = database.path.rsplit('/', 1)[0] if '/' in database.path else '.' %}
            {% set others = rows_of_query('select file from glob(' ~ text_literal(folder ~ '/*') ~ ') order by file limit 20') | map('first') %}
            {% do problems.append(
                "There is no file '" ~ database.path ~ "' for the attached database `" ~ name ~ '`. Its folder holds: '
                ~ (others | join(', ') or 'nothing') ~ '. The var attached_databases: {' ~ name ~ ': {path: ...}} names the path.'
            ) %}
        {% elif is_file and absolute_path(database.path) == absolute_path(target.get('path') or '') %}
            {% do problems.append(
                "The attached database `" ~ name ~ "` is the file that is built, '" ~ database.path ~ "'. Its own tables need no attachment: "
                ~ 'name them in the var raw_relations as schema.table; or build into another file (`--database FILE`).'
            ) %}
        {% else %}
            {% do attach_database(name, database, problems) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro attach_database(name, database, problems) %}
    {% set extension = {'sqlite': 'sqlite_scanner', 'postgres': 'postgres_scanner'}.get(database.type) %}
    {% if extension and not rows_of_query('select 1 from duckdb_extensions() where installed and extension_name = ' ~ text_literal(extension)) %}
        {% set version = rows_of_query('select version()')[0][0] %}
        {% do problems.append(
            'The attached database `' ~ name ~ '` is of the type ' ~ database.type ~ ', which DuckDB ' ~ version ~ ' reads with its extension '
            ~ extension ~ '. That is a download of its own and is not installed here. Where there is a network, fetch it once: '
            ~ 'python -c "import duckdb; duckdb.sql(\'install ' ~ database.type ~ '\')" (it comes into ~/.duckdb/extensions/' ~ version
            ~ ', a folder that may be copied to a machine without one). Or export the tables to Parquet or CSV and name these in the var raw_files.'
        ) %}
    {% else %}
        {% if extension %}
            {% do run_query('load ' ~ extension) %}
        {% endif %}
        {#- SQLite lets a column hold what its type does not; as text nothing of it stops a build. -#}
        {% if database.type == 'sqlite' %}
            {% do run_query('set global sqlite_all_varchar = true') %}
        {% endif %}
        {% do run_query('attach ' ~ text_literal(database.path) ~ ' as "' ~ name ~ '" (type ' ~ database.type ~ ', read_only)') %}
    {% endif %}
{% endmacro %}


{#- A table that a query names and an attached database does not have; what follows from or join is a table. -#}
{% macro check_tables_of_query(table, problems) %}
    {% for name in attached_databases_in(var('raw_queries')[table]) %}
        {% set there = {} %}
        {% for row in rows_of_query(
            'select table_schema, table_name from information_schema.tables where table_catalog = ' ~ text_literal(name)
            ~ " and table_schema not in ('information_schema', 'pg_catalog') order by 1, 2"
        ) %}
            {% do there.update({(row[0] ~ '.' ~ row[1]) | lower: row[1] if row[0] == default_schema_of(attached_databases()[name].type) else row[0] ~ '.' ~ row[1]}) %}
        {% endfor %}
        {% for schema, identifier in modules.re.findall('(?i)\\b(?:from|join)\\s+' ~ name ~ '\\.(?:(\\w+)\\.)?(\\w+)', var('raw_queries')[table]) %}
            {% set place = (schema or default_schema_of(attached_databases()[name].type)) ~ '.' ~ identifier %}
            {% if place | lower not in there %}
                {% do problems.append(
                    'There is no table ' ~ name ~ '.' ~ (schema ~ '.' if schema else '') ~ identifier ~ ', which the query in raw_queries for the raw '
                    ~ table ~ ' reads. The attached database `' ~ name ~ '` holds: ' ~ (there.values() | join(', ') or 'nothing') ~ '.'
                ) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{#- The file of exactly this name. -#}
{% macro files_called(path) %}
    {% set pattern = modules.re.sub('([\\[*?])', '[\\1]', path) %}
    {{ return(rows_of_query('select file from glob(' ~ text_literal(pattern) ~ ')') | map('first') | list) }}
{% endmacro %}


{#- Copies the raw tables in one transaction, closes the other databases, and removes copies that nobody reads now. -#}
{% macro default__copy_attached(tables) %}
{% endmacro %}

{% macro duckdb__copy_attached(tables) %}
    {% set copied = tables | select('in', tables_that_are_copied()) | list %}
    {% if copied %}
        {% call statement('begin_copies', auto_begin=true) %}
            create schema if not exists {{ copied_table('any').without_identifier() }}
        {% endcall %}
        {% for table in copied %}
            {% do run_query('create or replace table ' ~ copied_table(table) ~ ' as select * from ' ~ raw_origin(table, true) ~ ' as raw_rows') %}
        {% endfor %}
        {% do adapter.commit() %}
        {% for name in attached_databases() %}
            {% do run_query('detach database "' ~ name ~ '"') %}
        {% endfor %}
    {% endif %}
    {% for row in rows_of_query(
        'select table_name from duckdb_tables() where database_name = current_database() and schema_name = ' ~ text_literal(schema_of_copies())
    ) if row[0] in tables and row[0] not in copied %}
        {% do run_query('drop table ' ~ copied_table(row[0])) %}
    {% endfor %}
{% endmacro %}

{% macro tables_that_are_copied() %}
    {% set found = [] %}
    {% for table in policy('raw_tables') if is_copied(table) %}
        {% do found.append(table) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
