{#- The var attached_databases: what may stand in it. No sentence here repeats a value, which may hold a password. -#}
{% macro check_attached_databases(name, value) %}
    {% if value is not mapping %}
        {% do refuse_attached(name, 'a mapping like {shop: {path: shop.sqlite}}') %}
    {% endif %}
    {% for database, entry in value.items() %}
        {% set setting = name ~ '.' ~ database %}
        {% if database is not string or not modules.re.fullmatch('[a-z][a-z0-9_]*', database) or database in names_no_database_may_have() %}
            {% do refuse_attached(
                setting, 'called otherwise: a name is lower-case letters, digits and _, and not one of ' ~ names_no_database_may_have() | join(', ')
            ) %}
        {% elif entry is not mapping or entry | reject('in', ['path', 'type']) | list %}
            {% do refuse_attached(setting, 'a mapping with path and type, like {path: shop.sqlite, type: sqlite}') %}
        {% elif (entry.type or 'duckdb') not in ['duckdb', 'sqlite', 'postgres'] %}
            {% do refuse_attached(setting ~ '.type', 'duckdb, sqlite or postgres') %}
        {% elif entry.path and entry.path is not string or not entry.path and entry.type != 'postgres' %}
            {% do refuse_attached(setting ~ '.path', 'the path of a database file') %}
        {% elif modules.re.search('(?is)password\\s*=|://.*:.*@', entry.path or '') %}
            {% do refuse_attached(
                setting ~ '.path',
                'without a password, because settings are kept in the built database. PostgreSQL finds the password in the environment '
                ~ 'variable PGPASSWORD, in ~/.pgpass, or by `service=NAME` in ~/.pg_service.conf: leave it out here'
            ) %}
        {% elif entry.type != 'postgres' and '://' in entry.path %}
            {% do refuse_attached(setting ~ '.path', 'the path of a database file; a connection string needs type: postgres') %}
        {% endif %}
    {% endfor %}
    {% for setting in ['raw_columns', 'raw_rejects', 'raw_deleted'] %}
        {% set tables = var(setting) if var(setting) is mapping else {} %}
        {% for table, entries in tables.items() %}
            {% for sql in (entries.values() if entries is mapping else [entries]) if attached_databases_in(sql) %}
                {% do refuse_setting(
                    setting ~ '.' ~ table, sql,
                    'without `' ~ attached_databases_in(sql)[0] ~ '.`: attached databases are open only while raw tables are copied, and only '
                    ~ 'raw_relations, raw_schema and raw_queries read them; join in raw_queries'
                ) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{#- Names that DuckDB has itself, that of the built database, and those of schemas that are made in any build. -#}
{% macro names_no_database_may_have() %}
    {{ return(['main', 'temp', 'system', 'pg_catalog', 'information_schema', (target.database or '') | lower, schema_of_landed_files(), schema_of_copies()]) }}
{% endmacro %}


{% macro refuse_attached(name, wanted) %}
    {{ exceptions.raise_compiler_error(
        'The policy var `' ~ name ~ '` must be ' ~ wanted ~ '. Set it under `vars` in dbt_project.yml or with --vars.'
    ) }}
{% endmacro %}
