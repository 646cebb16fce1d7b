{#- Looks at own raw data before anything is built: is each table there, is it empty, has it the columns, can
    the files be read. Stops with all that is wrong at once, so that the last good build stays as it is. (The
    models of a host project do not exist yet: what they lack is said when their turn comes.) -#}
{% macro check_raw_data() %}
    {% if execute %}
        {% do check_var_names() %}
        {% do check_policy() %}
        {% do check_calendar() %}
        {% if var('attached_databases') %}
            {% do copied_table('any') %}
        {% endif %}
        {% do refuse_other_data() %}
        {% set problems, unread = [], [] %}
        {% if files_to_read() %}
            {% do adapter.dispatch('land_files', 'retention_ledger')(problems, unread) %}
        {% endif %}
        {% set to_build = raw_tables_to_build() %}
        {% set copied, before = tables_that_are_copied(), problems | length %}
        {% if copied | select('in', to_build) | list %}
            {% do adapter.dispatch('attach_databases', 'retention_ledger')(problems) %}
        {% endif %}
        {% set are_open = before == problems | length %}
        {% for table in policy('raw_tables') if raw_place(table) not in ['demo', 'raw_models'] and table not in unread %}
            {% if table not in copied or table in to_build and are_open %}
                {% do check_raw_table(table, problems) %}
            {% endif %}
        {% endfor %}
        {% if problems %}
            {{ exceptions.raise_compiler_error(problems | unique | join('\n\n')) }}
        {% endif %}
        {% do adapter.dispatch('copy_attached', 'retention_ledger')(to_build) %}
    {% endif %}
{% endmacro %}


{#- A table that nothing looks into, or nothing to look into: the figures would be by another calendar than meant. -#}
{% macro check_calendar() %}
    {% if policy('calendar') == 'table' and 'calendar' not in policy('raw_tables') %}
        {% do refuse_setting('calendar', 'table', 'common while raw_tables has no `calendar`, a table of days to look periods up in') %}
    {% elif policy('calendar') == 'common' and 'calendar' in policy('raw_tables') %}
        {% do refuse_setting('calendar', 'common', 'table while raw_tables has `calendar`; without it periods are those of the common calendar') %}
    {% endif %}
{% endmacro %}


{#- What a query gives is known only once all the files that it names could be read. -#}
{% macro check_raw_table(table, problems) %}
    {% set place = raw_place(table) %}
    {% if place == 'raw_files' %}
        {% do check_landed_file(table, problems) %}
    {% elif place == 'raw_queries' %}
        {% do check_tables_of_query(table, problems) %}
        {% if not problems %}
            {% set rows = run_query('select * from ' ~ raw_origin(table, true) ~ ' as raw_query limit 1') %}
            {% do check_raw_columns(table, rows.column_names, 'the query in raw_queries', problems) %}
            {% if not rows.rows %}
                {% do problems.append(no_rows_sentence(table, 'what the query in raw_queries gives')) %}
            {% endif %}
        {% endif %}
    {% else %}
        {% do check_own_table(table, problems) %}
    {% endif %}
{% endmacro %}


{% macro check_landed_file(table, problems) %}
    {% set columns = [] %}
    {% for column in adapter.get_columns_in_relation(landed_file(table)) if column.name != 'malformed_line' %}
        {% do columns.append(column.name) %}
    {% endfor %}
    {% do check_raw_columns(table, columns, place_of_file(files_of_paths(table, [])), problems) %}
{% endmacro %}


{% macro check_own_table(table, problems) %}
    {% set relation = source('retention_ledger_' ~ table, table) %}
    {% set setting = raw_place(table) %}
    {% do refuse_own_table(relation, setting) %}
    {% if load_relation(relation) is none %}
        {% set others = list_relations_without_caching(relation).columns[1].values() | sort %}
        {% do problems.append(
            'There is no table ' ~ relation ~ ' for the raw ' ~ table ~ '. The schema holds: ' ~ (others | join(', ') or 'nothing') ~ '. '
            ~ ('The vars raw_database and raw_schema name the place' if setting == 'raw_schema' else 'The var raw_relations names the table')
            ~ '; leave `' ~ table ~ '` out of raw_tables if there is none.'
        ) %}
    {% elif run_query('select 1 as found_row from ' ~ relation ~ ' limit 1') | length == 0 %}
        {% do problems.append(no_rows_sentence(table, 'the table ' ~ relation)) %}
    {% else %}
        {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
        {% do check_raw_columns(table, columns, 'the table ' ~ relation, problems) %}
    {% endif %}
{% endmacro %}


{#- The same for a model of the host project, just before base_<table> is built on it. (An ephemeral model is no
    relation that could be looked at.) -#}
{% macro check_raw_model(table) %}
    {% if execute and raw_place(table) == 'raw_models' and table in policy('raw_tables') %}
        {% set relation = raw_model(table) %}
        {% if load_relation(relation) is not none %}
            {% set place = 'the model ' ~ relation %}
            {% set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
            {% set problems = [] %}
            {% if run_query('select 1 as found_row from ' ~ relation ~ ' limit 1') | length == 0 %}
                {% do problems.append(no_rows_sentence(table, place)) %}
            {% endif %}
            {% do check_raw_columns(table, columns, place, problems) %}
            {% if problems %}
                {{ exceptions.raise_compiler_error(problems | join('\n\n')) }}
            {% endif %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro no_rows_sentence(table, place) %}
    {{ return(
        'There are no rows in ' ~ place ~ ' for the raw ' ~ table ~ '. Is the export complete? Leave `'
        ~ table ~ '` out of the var raw_tables if there are none.'
    ) }}
{% endmacro %}


{#- A model of this package that stands where the raw table stands would replace it. -#}
{% macro refuse_own_table(relation, setting) %}
    {% set place = [(relation.database or '') | lower, relation.schema | lower, relation.identifier | lower] %}
    {% set wanted = 'a schema this project does not write to, or it would overwrite your tables' if setting == 'raw_schema'
        else 'a table this project does not write, or it would overwrite yours' %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] and node.package_name == 'retention_ledger' %}
        {% if [(node.database or '') | lower, node.schema | lower, node.alias | lower] == place %}
            {% do refuse_setting(setting, relation.schema if setting == 'raw_schema' else relation.schema ~ '.' ~ relation.identifier, wanted) %}
        {% endif %}
    {% endfor %}
    {% if relation.schema | lower == schema_of_landed_files() %}
        {% do refuse_setting(setting, relation.schema, wanted) %}
    {% endif %}
{% endmacro %}


{#- A canonical column must exist, or raw_columns must say where it comes from. An expression that is
    just a name is checked as one; others are the database's to check. -#}
{% macro check_raw_columns(table, columns, place, problems) %}
    {% set present = columns | map('lower') | list %}
    {% set mapped = policy('raw_columns').get(table, {}) %}
    {% for column, need in raw_table_columns()[table].items() %}
        {% set expression = mapped.get(column, column) | string %}
        {% set name = expression.strip('"') | lower %}
        {% set is_name = modules.re.match('^"?[^\\W\\d][\\w ]*"?$', expression) and name not in ['null', 'none'] %}
        {% set may_be_absent = need == 'used if present' and column not in mapped %}
        {% if is_name and name not in present and not may_be_absent %}
            {% do problems.append(
                'There is no column `' ~ expression.strip('"') ~ '` in ' ~ place ~ ' for the raw ' ~ table ~ '. It has: '
                ~ columns | join(', ') ~ '. Map it with the var raw_columns: {' ~ table ~ ': {' ~ column
                ~ ': <SQL expression' ~ (', or null if you have none' if need != 'required' else '') ~ '>}}.'
            ) %}
        {% elif is_name and ' ' in expression and not expression.startswith('"') and name in present %}
            {% do problems.append(
                'The var raw_columns maps ' ~ table ~ '.' ~ column ~ ' to ' ~ expression ~ ', a column whose name has a space. Put it in quotes: '
                ~ "'\"" ~ expression ~ "\"'."
            ) %}
        {% endif %}
    {% endfor %}
    {% if table == 'subscriptions' %}
        {% set amounts = [] %}
        {% for column in ['monthly_amount', 'price'] if mapped.get(column, column) | string | lower | trim not in ['null', 'none'] %}
            {% if column in mapped or column in present %}
                {% do amounts.append(column) %}
            {% endif %}
        {% endfor %}
        {% if not amounts %}
            {% do problems.append(
                'There is no column `monthly_amount` in ' ~ place ~ ' for the raw subscriptions, and no `price` either. It has: '
                ~ columns | join(', ') ~ '. Map one of them with the var raw_columns: {subscriptions: {monthly_amount: <SQL expression>}} for what is paid a month, '
                ~ 'or {subscriptions: {price: <column>, billing_interval: <column>}} for what is paid each interval.'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
