{#- Makes the files of the settings readable as relations, before anything is built. A model cannot look at a file
    while it is compiled; what must be known of a file (its encoding, its delimiter, its columns, whether each line
    is whole) is found out here, once. What is wrong is added to the list of problems, and the name of what could not be read to that of the unread. -#}
{% macro default__land_files(problems, unread) %}
    {% do landed_file('any') %}
{% endmacro %}

{% macro duckdb__land_files(problems, unread) %}
    {% do run_query('create schema if not exists ' ~ landed_file('any').without_identifier()) %}
    {% for name in files_to_read() %}
        {% set before = problems | length %}
        {% set files = files_of_paths(name, problems) %}
        {% set kind = kind_of_file(raw_file_paths(name)[0]) %}
        {% if not files %}
        {% elif kind == 'parquet' %}
            {% do land_parquet(name, files, problems) %}
        {% elif kind == 'json' %}
            {% do land_parts(name, files, duckdb__part_of_json, problems) %}
        {% else %}
            {% do land_parts(name, files, duckdb__part_of_text, problems) %}
        {% endif %}
        {% if files and before == problems | length and not rows_of_query('from ' ~ landed_file(name) ~ ' limit 1') %}
            {% do problems.append(no_rows_sentence(name, place_of_file(files))) %}
        {% endif %}
        {% if before < problems | length %}
            {% do unread.append(name) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- Spark reads Parquet, from any place that it knows (a folder, a pattern, s3a://...). Several paths are one pattern there. -#}
{% macro spark__land_files(problems, unread) %}
    {% do adapter.create_schema(landed_file('any')) %}
    {% for name in files_to_read() %}
        {% set paths, others = raw_file_paths(name), [] %}
        {% for path in paths if kind_of_file(path) != 'parquet' %}
            {% do others.append(path) %}
        {% endfor %}
        {% if others %}
            {% do problems.append(
                "The file '" ~ others[0] ~ "' for the raw " ~ name ~ ' is no Parquet, and on Spark the var raw_files reads Parquet only. Export it as '
                ~ 'Parquet, or load it into a table and name that in the var raw_relations.'
            ) %}
            {% do unread.append(name) %}
        {% else %}
            {% set path = paths[0] if paths | length == 1 else '{' ~ paths | join(',') ~ '}' %}
            {% do run_query(
                'create or replace view ' ~ landed_file(name) ~ ' as select *, cast(null as string) as malformed_line from parquet.`' ~ path ~ '`'
            ) %}
            {% if not rows_of_query('select 1 as found_row from ' ~ landed_file(name) ~ ' limit 1') %}
                {% do problems.append(no_rows_sentence(name, place_of_file(paths))) %}
                {% do unread.append(name) %}
            {% endif %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- The files behind the paths of a name, in order. -#}
{% macro files_of_paths(name, problems) %}
    {{ return(adapter.dispatch('files_of_paths', 'retention_ledger')(name, problems)) }}
{% endmacro %}

{#- Elsewhere no query lists a folder: the paths as they are written. -#}
{% macro default__files_of_paths(name, problems) %}
    {{ return(raw_file_paths(name)) }}
{% endmacro %}

{% macro duckdb__files_of_paths(name, problems) %}
    {% set found = [] %}
    {% for path in raw_file_paths(name) %}
        {% set files = rows_of_query('select file from glob(' ~ text_literal(path) ~ ') order by file') | map('first') | list %}
        {% if not files %}
            {% set folder = path.rsplit('/', 1)[0] if '/' in path else '.' %}
            {% set others = rows_of_query('select file from glob(' ~ text_literal(folder ~ '/*') ~ ') order by file limit 20') | map('first') %}
            {% do problems.append(
                "There is no file '" ~ path ~ "' for the raw " ~ name ~ '. Its folder holds: '
                ~ (others | join(', ') or 'nothing') ~ '. The var raw_files names the path, with {name} for the table; leave `'
                ~ name ~ '` out of raw_tables if there is none.'
            ) %}
        {% endif %}
        {% for file in files if file not in found %}
            {% do found.append(file) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{% macro land_parquet(name, files, problems) %}
    {% set before = problems | length %}
    {% set columns = {} %}
    {% for file in files %}
        {% set size = rows_of_query('select size from read_blob(' ~ text_literal(file) ~ ')')[0][0] %}
        {% if size == 0 %}
            {% do problems.append(no_rows_sentence(name, place_of_file([file]))) %}
        {% elif size < 1000000000 and rows_of_query('select decode(content[1:4], ' ~ text_literal('replace') ~ ') from read_blob(' ~ text_literal(file) ~ ')')[0][0] != 'PAR1' %}
            {% do problems.append(wrong_ending_sentence(name, file, 'is no Parquet file')) %}
        {% else %}
            {% do columns.update({file: rows_of_query('describe select * from read_parquet(' ~ text_literal(file) ~ ')') | map('first') | list}) %}
        {% endif %}
    {% endfor %}
    {% do check_columns_of_files(name, columns, problems) %}
    {% if before == problems | length %}
        {% do replace_landed_file(
            name, 'view',
            'select *, cast(null as json) as malformed_line from read_parquet([' ~ text_list(files) ~ '], union_by_name = true)'
        ) %}
    {% endif %}
{% endmacro %}


{#- One relation of several files: a view that reads them, or a table where a file holds what only the slow
    way of reading can tell apart. -#}
{% macro land_parts(name, files, part_of_file, problems) %}
    {% set before = problems | length %}
    {% set selects, columns, slow = [], {}, [] %}
    {% do run_query('create schema if not exists ' ~ landed_file('any').without_identifier()) %}
    {% for file in files %}
        {% set part = part_of_file(name, file, loop.index, problems) %}
        {% if part %}
            {% do selects.append(part.sql) %}
            {% do columns.update({file: part.columns}) %}
            {% do slow.append(part.text_table) if part.text_table %}
        {% endif %}
    {% endfor %}
    {% do check_columns_of_files(name, columns, problems) %}
    {% if before == problems | length %}
        {% do replace_landed_file(name, 'table' if slow else 'view', selects | join('\nunion all by name\n')) %}
    {% endif %}
    {% for text_table in slow %}
        {% do run_query('drop table if exists ' ~ text_table) %}
    {% endfor %}
{% endmacro %}


{#- A view cannot replace a table in one step, nor a table a view. -#}
{% macro replace_landed_file(name, type, sql) %}
    {% set relation = landed_file(name) %}
    {% set other = 'view' if type == 'table' else 'table' %}
    {% set found = rows_of_query(
        'select 1 from information_schema.tables where lower(table_schema) = ' ~ text_literal(relation.schema | lower)
        ~ ' and lower(table_catalog) = ' ~ text_literal(relation.database | lower) ~ ' and lower(table_name) = ' ~ text_literal(name | lower)
        ~ ' and table_type = ' ~ text_literal('VIEW' if other == 'view' else 'BASE TABLE')
    ) %}
    {% if found %}
        {% do run_query('drop ' ~ other ~ ' ' ~ relation) %}
    {% endif %}
    {% do run_query('create or replace ' ~ type ~ ' ' ~ relation ~ ' as ' ~ sql) %}
{% endmacro %}


{#- Names must be there and be different, or nobody knows which column is meant; and each file of several must
    have the columns of the others, or its rows would have no value and no one would know. -#}
{% macro check_columns_of_files(name, columns, problems) %}
    {% set all_columns = {} %}
    {% for file, names in columns.items() %}
        {% for column in names %}
            {% do all_columns.setdefault(column | lower, column) %}
        {% endfor %}
    {% endfor %}
    {% set may_lack = raw_file_format(name).may_lack | map('lower') | list %}
    {% for file, names in columns.items() %}
        {% set present = names | map('lower') | list %}
        {% set twice = [] %}
        {% for column in names if present.count(column | lower) > 1 %}
            {% do twice.append(column) %}
        {% endfor %}
        {% set lacking = [] %}
        {% for key, column in all_columns.items() if key not in present and key not in may_lack %}
            {% do lacking.append(column) %}
        {% endfor %}
        {% if names | map('trim') | select('equalto', '') | list %}
            {% do problems.append(
                "The header of the file '" ~ file ~ "' for the raw " ~ name ~ ' has a column without a name. It reads: '
                ~ names | join(' | ') ~ '. Name it in the file, or name all columns in the var raw_file_formats: {'
                ~ name ~ ': {columns: [...]}}.'
            ) %}
        {% elif twice %}
            {% do problems.append(
                "The header of the file '" ~ file ~ "' for the raw " ~ name ~ ' has the column `' ~ twice[0]
                ~ '` more than once (letter case does not count). It reads: ' ~ names | join(' | ')
                ~ '. Rename one in the file, or name all columns in the var raw_file_formats: {' ~ name ~ ': {columns: [...]}}.'
            ) %}
        {% elif 'malformed_line' in present %}
            {% do problems.append(
                "The file '" ~ file ~ "' for the raw " ~ name ~ ' has a column `malformed_line`, a name that this project needs. Rename it.'
            ) %}
        {% elif lacking %}
            {% do problems.append(
                "The file '" ~ file ~ "' for the raw " ~ name ~ ' lacks the column `' ~ lacking | join('`, `')
                ~ '` that another of its files has. If that is right, say so in the var raw_file_formats: {'
                ~ name ~ ': {may_lack: [' ~ lacking | join(', ') ~ ']}}.'
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro place_of_file(files) %}
    {{ return("the file '" ~ files[0] ~ "'" ~ (' and ' ~ (files | length - 1) ~ ' more' if files | length > 1 else '')) }}
{% endmacro %}


{% macro wrong_ending_sentence(name, file, is_what) %}
    {{ return(
        "The file '" ~ file ~ "' for the raw " ~ name ~ ' ' ~ is_what ~ ', whatever its name ends in. Export it again, or name '
        ~ 'another file in the var raw_files.'
    ) }}
{% endmacro %}


{% macro rows_of_query(sql) %}
    {{ return(run_query(sql).rows) }}
{% endmacro %}
