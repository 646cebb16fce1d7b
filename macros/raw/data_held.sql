{#- Whose data a database holds: the one row of int_data_held. A build of other data over it is refused before
    anything is written, so that nobody's marts are overwritten by the demo, or by another shop. -#}
{% macro refuse_other_data() %}
    {% if execute and data_held_relation() is not none %}
        {% if var('replace_data') is not boolean %}
            {% do refuse_setting('replace_data', var('replace_data'), 'true or false') %}
        {% endif %}
        {% set row = read_data_held() %}
        {% set held = fromjson(row.data) if row else data_of_an_earlier_version() %}
        {% set asked = data_asked_for() %}
        {% if held is not none and not var('replace_data') and not same_data(held, asked) %}
            {{ exceptions.raise_compiler_error(
                'The database ' ~ (target.get('path') or target.database or target.schema) ~ ' holds ' ~ data_in_words(held)
                ~ ', and this build would read ' ~ data_in_words(asked) ~ ' and overwrite it. Build into another database '
                ~ '(`--database FILE`, or the environment variable RETENTION_LEDGER_DB), build with the settings of what it '
                ~ "holds, or replace what it holds (`--replace`, or with dbt --vars 'replace_data: true')."
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}


{#- Before a build, when all that is looked at first is right: whose data the database holds from now on. -#}
{% macro remember_data() %}
    {% if execute and data_held_relation() is not none and flags.WHICH in ['build', 'run', 'seed'] %}
        {% set row = read_data_held() %}
        {% do write_data_held(
            tojson(data_asked_for()), row.settings if row else settings_given(),
            row.last_build if flags.WHICH == 'seed' and row else 'started'
        ) %}
    {% endif %}
{% endmacro %}


{#- After a build: whether it passed, and the settings that its policy was built with, for later commands. -#}
{% macro remember_build(results) %}
    {% set row = read_data_held() if execute and data_held_relation() is not none and flags.WHICH in ['build', 'run'] else none %}
    {% if row %}
        {% set made, broken = [], [] %}
        {% for result in results %}
            {% do made.append(result.node.unique_id) if result.status == 'success' %}
            {% do broken.append(result.node.unique_id) if result.status not in ['success', 'pass', 'warn', 'no-op'] %}
        {% endfor %}
        {% do write_data_held(
            row.data,
            settings_given() if 'model.retention_ledger.policy_settings' in made else row.settings,
            'failed' if broken else 'passed'
        ) %}
    {% endif %}
{% endmacro %}


{% macro data_asked_for() %}
    {% set settings = {} %}
    {% for name in ['raw_files', 'raw_models', 'raw_queries', 'raw_relations', 'raw_schema', 'raw_database', 'attached_databases'] %}
        {% do settings.update({name: var(name, none)}) %}
    {% endfor %}
    {{ return(data_places(settings, policy('raw_tables'))) }}
{% endmacro %}


{#- Per raw table the place it is read from, written the same for the same place. -#}
{% macro data_places(settings, tables) %}
    {% set places = {} %}
    {% for table in tables %}
        {% set place = data_place(settings, table) %}
        {% if place %}
            {% do places.update({table: place}) %}
        {% endif %}
    {% endfor %}
    {{ return(places or {'demo': 'the demo'}) }}
{% endmacro %}

{#- What names the table goes before what is meant for all. -#}
{% macro data_place(settings, table) %}
    {% set own_model = (settings.raw_models or {}).get(table) %}
    {% set own_query = (settings.raw_queries or {}).get(table) %}
    {% set own_relation = (settings.raw_relations or {}).get(table) %}
    {% if own_model %}
        {{ return('the model ' ~ (own_model if own_model is string else own_model | join('.'))) }}
    {% elif own_query %}
        {% set words = own_query.split() %}
        {% for name in modules.re.findall('\\{(\\w+)\\}', own_query) | unique %}
            {% do words.append('[' ~ name ~ ': ' ~ (data_files(settings, name) or table_in_full([name], settings)) ~ ']') %}
        {% endfor %}
        {% for name in attached_databases_in(own_query) %}
            {% do words.append('[' ~ name ~ ': ' ~ place_of_attached(name) ~ ']') %}
        {% endfor %}
        {{ return('the query ' ~ words | join(' ')) }}
    {% elif own_relation %}
        {{ return('the table ' ~ table_in_full(own_relation.split('.'), settings)) }}
    {% elif settings.raw_schema and not data_files(settings, table) %}
        {{ return('the table ' ~ table_in_full([table], settings)) }}
    {% endif %}
    {{ return(data_files(settings, table)) }}
{% endmacro %}

{% macro data_files(settings, name) %}
    {% set files = settings.raw_files %}
    {% set files = (files.get(name) if files is mapping else files) or [] %}
    {% set paths = [] %}
    {% for path in ([files] if files is string else files) %}
        {% do paths.append(absolute_path(path | replace('{name}', name))) %}
    {% endfor %}
    {{ return(paths | sort | join(', ') or none) }}
{% endmacro %}

{#- The file's own database is left out: its name is that of the file, which may be copied. -#}
{% macro table_in_full(parts, settings) %}
    {% set attached = attached_databases() if settings.attached_databases else {} %}
    {% set is_short = parts | length == 1 and settings.raw_database %}
    {% set parts = [settings.raw_schema] + parts if parts | length == 1 and settings.raw_schema else parts %}
    {% if parts | length == 2 and parts[0] | lower in attached and not is_short %}
        {% set parts = [parts[0], default_schema_of(attached[parts[0] | lower].type), parts[1]] %}
    {% elif parts | length == 2 and settings.raw_database %}
        {% set parts = [settings.raw_database] + parts %}
    {% endif %}
    {% if parts | length == 3 and parts[0] | lower in attached %}
        {{ return(parts | join('.') | lower ~ ' of ' ~ place_of_attached(parts[0] | lower)) }}
    {% endif %}
    {% set parts = parts[1:] if parts | length == 3 and parts[0] | lower == (target.database or '') | lower else parts %}
    {{ return(parts | join('.') | lower) }}
{% endmacro %}

{#- Which database an attached one is: a file, or what of a connection string says where it is. -#}
{% macro place_of_attached(name) %}
    {% set database = attached_databases()[name] %}
    {% if database.type != 'postgres' %}
        {{ return(absolute_path(database.path)) }}
    {% elif '://' in database.path %}
        {{ return(modules.re.sub('^([a-z]+://)([^/@]*@)?([^?]*).*$', '\\1\\3', database.path)) }}
    {% endif %}
    {% set parts = [] %}
    {% for part in modules.re.findall("\\b((?:host|hostaddr|port|dbname|service)\\s*=\\s*(?:'[^']*'|[^\\s]+))", database.path) %}
        {% do parts.append(part) %}
    {% endfor %}
    {{ return('PostgreSQL ' ~ parts | join(' ')) }}
{% endmacro %}

{#- A table that only one of the two has is no other data: refunds may come later, from the same place. -#}
{% macro same_data(held, asked) %}
    {% set shared = [] %}
    {% for table in asked if table in held %}
        {% if held[table] != asked[table] %}
            {{ return(false) }}
        {% endif %}
        {% do shared.append(table) %}
    {% endfor %}
    {{ return(shared | length > 0) }}
{% endmacro %}

{% macro data_in_words(places) %}
    {% if 'demo' in places %}
        {{ return('the demo') }}
    {% endif %}
    {% set named = [] %}
    {% for table, place in places.items() %}
        {% do named.append(table ~ ' from ' ~ place | truncate(200)) %}
    {% endfor %}
    {{ return('own data (' ~ named | sort | join('; ') ~ ')') }}
{% endmacro %}


{#- Databases built before there was int_data_held say it in policy_settings; none: there is no build. -#}
{% macro data_of_an_earlier_version() %}
    {% set node = graph.nodes.get('model.retention_ledger.policy_settings') %}
    {% set relation = adapter.get_relation(node.database, node.schema, node.alias) if node else none %}
    {% if relation is none %}
        {{ return(none) }}
    {% endif %}
    {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list %}
    {% if 'setting' not in columns or 'value' not in columns %}
        {{ return(none) }}
    {% endif %}
    {% set settings = {} %}
    {% for row in run_query('select setting, value from ' ~ relation).rows %}
        {% set is_json = not row[1] or row[1] == 'null' or row[1][:1] in ['[', '{'] %}
        {% do settings.update({row[0]: fromjson(row[1] or 'null') if is_json else row[1]}) %}
    {% endfor %}
    {{ return(data_places(settings, settings.raw_tables or raw_table_columns() | list) if settings else none) }}
{% endmacro %}


{#- Not ref(): a project that takes only the generic tests from this package has switched the model off. -#}
{% macro data_held_relation() %}
    {% set node = graph.nodes.get('model.retention_ledger.int_data_held') %}
    {{ return(api.Relation.create(node.database, node.schema, node.alias, type='table') if node else none) }}
{% endmacro %}

{#- The row; none where there is no build, or one of a version that wrote other columns. -#}
{% macro read_data_held() %}
    {% set wanted = data_held_relation() %}
    {% set relation = adapter.get_relation(wanted.database, wanted.schema, wanted.identifier) %}
    {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list if relation else [] %}
    {% if 'data' not in columns or 'settings' not in columns or 'last_build' not in columns %}
        {{ return(none) }}
    {% endif %}
    {% set rows = run_query('select data, settings, last_build from ' ~ relation).rows %}
    {{ return({'data': rows[0][0], 'settings': rows[0][1], 'last_build': rows[0][2]} if rows | length > 0 else none) }}
{% endmacro %}

{% macro write_data_held(data, settings, last_build) %}
    {% set relation = data_held_relation() %}
    {% set relations = {} %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.package_name == 'retention_ledger' %}
        {% do relations.update({node.name: [node.schema, node.alias]}) %}
    {% endfor %}
    {% do adapter.create_schema(relation) %}
    {% do keep_table(relation, empty_select(graph.nodes['model.retention_ledger.int_data_held'].columns)) %}
    {% do adapter.dispatch('replace_rows', 'retention_ledger')(relation, {
        'data': text_or_null(data), 'settings': text_or_null(settings), 'relations': text_or_null(tojson(relations, sort_keys=true)),
        'last_build': text_or_null(last_build),
    }) %}
{% endmacro %}


{#- Puts one row in the place of all. -#}
{% macro default__replace_rows(relation, row) %}
    {% do run_query('delete from ' ~ relation) %}
    {% do run_query('insert into ' ~ relation ~ ' (' ~ row.keys() | join(', ') ~ ') values (' ~ row.values() | join(', ') ~ ')') %}
{% endmacro %}

{#- No row is deleted from files. -#}
{% macro spark__replace_rows(relation, row) %}
    {% do run_query('insert overwrite ' ~ relation ~ ' (' ~ row.keys() | join(', ') ~ ') values (' ~ row.values() | join(', ') ~ ')') %}
{% endmacro %}


{#- The vars of this command as JSON, with paths that mean the same from any folder. -#}
{% macro settings_given() %}
    {% set settings = {} %}
    {% for name, value in (invocation_args_dict.get('vars') or {}).items() if name != 'replace_data' %}
        {% if name == 'raw_files' and value is string %}
            {% do settings.update({name: absolute_path(value)}) %}
        {% elif name == 'raw_files' and value is mapping %}
            {% set files = {} %}
            {% for table, paths in value.items() %}
                {% set absolute = [] %}
                {% for path in ([paths] if paths is string else paths or []) %}
                    {% do absolute.append(absolute_path(path)) %}
                {% endfor %}
                {% do files.update({table: absolute[0] if paths is string else absolute}) %}
            {% endfor %}
            {% do settings.update({name: files}) %}
        {% elif name == 'attached_databases' and value is mapping %}
            {% set databases = {} %}
            {% for each, entry in value.items() %}
                {% do databases.update({each: dict(entry, path=absolute_path(entry.path)) if entry.type != 'postgres' else entry}) %}
            {% endfor %}
            {% do settings.update({name: databases}) %}
        {#- YAML reads 2025-01-31 as a date, which JSON does not know. -#}
        {% elif name.endswith('_date') and value is not none %}
            {% do settings.update({name: value | string}) %}
        {% else %}
            {% do settings.update({name: value}) %}
        {% endif %}
    {% endfor %}
    {{ return(tojson(settings, sort_keys=true)) }}
{% endmacro %}


{#- A path from the root on; other warehouses read no files. -#}
{% macro absolute_path(path) %}
    {{ return(adapter.dispatch('absolute_path', 'retention_ledger')(path)) }}
{% endmacro %}

{% macro default__absolute_path(path) %}
    {{ return(path) }}
{% endmacro %}

{#- No function of DuckDB says which folder it runs in, but the setting allowed_paths (without effect while
    access to files is not limited) completes what is put into it. -#}
{% macro duckdb__absolute_path(path) %}
    {% if '://' in path %}
        {{ return(path) }}
    {% endif %}
    {% set before = run_query("select current_setting('allowed_paths')").rows[0][0] %}
    {% set quoted = [] %}
    {% for allowed in before %}
        {% do quoted.append(text_literal(allowed)) %}
    {% endfor %}
    {% do run_query('set global allowed_paths = [' ~ text_literal(path) ~ ']') %}
    {% set absolute = run_query("select current_setting('allowed_paths')[1]").rows[0][0] %}
    {% do run_query('set global allowed_paths = [' ~ quoted | join(', ') ~ ']') %}
    {{ return(absolute) }}
{% endmacro %}
