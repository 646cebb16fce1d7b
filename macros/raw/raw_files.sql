{#- Files as raw data: which there are, and what the settings say about them. Each is landed as a relation of its
    own, before anything is built, by the macros of land_files.sql. -#}

{#- The files to read, by name: those of raw tables, and those that a query or an expression names. Of each: the
    raw table whose rejected rows get the lines that cannot be read. -#}
{% macro files_to_read() %}
    {% set owners = {} %}
    {% for table in policy('raw_tables') if raw_place(table) == 'raw_files' %}
        {% do owners.update({table: table}) %}
    {% endfor %}
    {% for table in policy('raw_tables') %}
        {% for name in names_in_braces(table) if reads_as_file(name) and name not in owners %}
            {% do owners.update({name: table}) %}
        {% endfor %}
    {% endfor %}
    {{ return(owners) }}
{% endmacro %}


{#- The paths of a name in raw_files, each of which may be a pattern (a glob). -#}
{% macro raw_file_paths(name) %}
    {% set files = policy('raw_files') %}
    {% set paths = files[name] if files is mapping else files | replace('{name}', name) %}
    {{ return([paths] if paths is string else paths) }}
{% endmacro %}


{#- What raw_file_formats says of a name, with what holds where it says nothing. -#}
{% macro raw_file_format(name) %}
    {% set format = {
        'delimiter': none, 'quote': '"', 'escape': none, 'encoding': none, 'header': true, 'columns': none, 'may_lack': [],
    } %}
    {% do format.update(policy('raw_file_formats').get(name, {})) %}
    {% if format.delimiter == 'tab' or format.delimiter == '\\t' %}
        {% do format.update({'delimiter': '\t'}) %}
    {% endif %}
    {% if format.encoding %}
        {% do format.update({'encoding': raw_file_encodings()[format.encoding | lower]}) %}
    {% endif %}
    {{ return(format) }}
{% endmacro %}


{#- Spellings of the encodings that can be read. -#}
{% macro raw_file_encodings() %}
    {{ return({
        'utf-8': 'utf-8', 'utf8': 'utf-8', 'utf-8-sig': 'utf-8',
        'utf-16': 'utf-16', 'utf16': 'utf-16', 'utf-16-le': 'utf-16-le', 'utf-16le': 'utf-16-le',
        'utf-16-be': 'utf-16-be', 'utf-16be': 'utf-16-be',
        'latin-1': 'latin-1', 'latin1': 'latin-1', 'iso-8859-1': 'latin-1',
        'windows-1252': 'windows-1252', 'cp1252': 'windows-1252',
    }) }}
{% endmacro %}


{#- text, parquet or json, by the ending; none for any other. -#}
{% macro kind_of_file(path) %}
    {% set ending = path | lower %}
    {% if ending.endswith('.parquet') %}
        {{ return('parquet') }}
    {% elif ending.endswith(('.csv', '.tsv', '.txt', '.csv.gz', '.tsv.gz', '.txt.gz')) %}
        {{ return('text') }}
    {% elif ending.endswith(('.json', '.jsonl', '.ndjson', '.json.gz', '.jsonl.gz', '.ndjson.gz')) %}
        {{ return('json') }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}


{#- The relation that holds the rows of a file, and as rows of their own the lines that cannot be read:
    `malformed_line` says which, and is null for all others. -#}
{% macro landed_file(name) %}
    {{ return(adapter.dispatch('landed_file', 'retention_ledger')(name)) }}
{% endmacro %}

{% macro default__landed_file(name) %}
    {{ exceptions.raise_compiler_error(
        'The var `raw_files` works on DuckDB targets only. Load the files into tables and name '
        ~ 'their schema in the var `raw_schema`, or each table in `raw_relations`.'
    ) }}
{% endmacro %}

{% macro duckdb__landed_file(name) %}
    {{ return(api.Relation.create(database=target.database, schema=schema_of_landed_files(), identifier=name)) }}
{% endmacro %}


{% macro spark__landed_file(name) %}
    {{ return(api.Relation.create(schema=schema_of_landed_files(), identifier=name)) }}
{% endmacro %}


{% macro schema_of_landed_files() %}
    {{ return('ledger_files') }}
{% endmacro %}


{#- What a query sees of a file: the rows that could be read, in the file's own columns. -#}
{% macro duckdb__rows_of_landed_file(name) -%}
    select * exclude (malformed_line) from {{ landed_file(name) }} where malformed_line is null
{%- endmacro %}

{% macro spark__rows_of_landed_file(name) -%}
    select * except (malformed_line) from {{ landed_file(name) }}
{%- endmacro %}

{% macro default__rows_of_landed_file(name) -%}
    select * from {{ landed_file(name) }}
{%- endmacro %}


{#- All raw rows of a table: what its place gives, and as rows of their own the lines that could not be read of the
    other files that its query or its expressions name, so that they are rejected and not lost. -#}
{% macro all_raw_rows(table) -%}
    {{ adapter.dispatch('all_raw_rows', 'retention_ledger')(table) }}
{%- endmacro %}

{% macro default__all_raw_rows(table) -%}
    select * from {{ raw_relation(table) }}
{%- endmacro %}

{% macro duckdb__all_raw_rows(table) -%}
    select * from {{ raw_relation(table) }}
    {%- for name, owner in files_to_read().items() if owner == table and not (name == table and raw_place(table) == 'raw_files') %}
    union all by name
    select malformed_line from {{ landed_file(name) }} where malformed_line is not null
    {%- endfor %}
{%- endmacro %}


{#- Whether the raw rows of a table may hold lines that could not be read. -#}
{% macro may_have_malformed_lines(table) %}
    {{ return(table in files_to_read().values()) }}
{% endmacro %}
