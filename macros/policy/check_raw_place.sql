{#- Settings that say where raw data is: what may stand in them. -#}
{% macro check_raw_place(name, value) %}
    {% if name == 'raw_files' and value is string %}
        {% set read_by_it = [] %}
        {% for table in policy('raw_tables') if raw_place(table) == name %}
            {% do read_by_it.append(table) %}
        {% endfor %}
        {% if value == '' %}
            {% do refuse_setting(name, value, 'a text') %}
        {% elif '{name}' not in value and read_by_it | length > 1 %}
            {% do refuse_setting(name, value, 'a path with {name} in it, because raw_tables lists several tables') %}
        {% endif %}
        {% do check_raw_path(name, value) %}
    {% elif value is not mapping %}
        {% do refuse_setting(name, value, 'a mapping like ' ~ {
            'raw_files': '{orders: shop/orders.csv}, or a path like shop/{name}.csv', 'raw_file_formats': '{orders: {delimiter: ";"}}',
            'raw_models': '{orders: stg_orders}', 'raw_relations': '{orders: analytics.fct_orders}',
            'raw_queries': '{orders: select * from landing.sales}',
        }[name]) %}
    {% endif %}
    {% for table, entry in (value if value is mapping else {}).items() %}
        {% do check_raw_name(name, table) %}
        {% if name == 'raw_files' %}
            {% for path in ([entry] if entry is string or entry is not sequence or not entry else entry) %}
                {% do check_raw_path(name ~ '.' ~ table, path) %}
            {% endfor %}
        {% elif name == 'raw_file_formats' %}
            {% do check_raw_file_format(name ~ '.' ~ table, entry) %}
        {% elif name == 'raw_models' %}
            {% if not (entry is string and entry) and (entry is mapping or entry is not sequence or entry | select('string') | list | length != 2 or entry | length != 2) %}
                {% do refuse_setting(name ~ '.' ~ table, entry, 'the name of a model, or [package, model]') %}
            {% endif %}
        {% elif name == 'raw_relations' %}
            {% if entry is not string or not modules.re.fullmatch('[^.]+(\\.[^.]+){0,2}', entry) %}
                {% do refuse_setting(name ~ '.' ~ table, entry, 'the name of a table: table, schema.table or database.schema.table') %}
            {% elif '.' not in entry and not var('raw_schema') %}
                {% do refuse_setting(name ~ '.' ~ table, entry, 'a name with its schema, schema.table, because raw_schema is not set') %}
            {% endif %}
        {% elif name == 'raw_queries' %}
            {% if entry is not string or not modules.re.match('\\s*(--[^\\n]*\\s+)*(select|with|from|values|\\()', entry | lower) %}
                {% do refuse_setting(name ~ '.' ~ table, entry, 'a SELECT') %}
            {% endif %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- One place for each table. Files may be named that are no raw table, for a query or an expression to read. -#}
{% macro check_raw_name(name, table) %}
    {% set of_files = name in ['raw_files', 'raw_file_formats'] %}
    {% set in_braces = [] %}
    {% for raw_table in raw_table_columns() if of_files %}
        {% do in_braces.extend(names_in_braces(raw_table)) %}
    {% endfor %}
    {% if table not in raw_table_columns() and table not in in_braces %}
        {% do refuse_setting(
            name, table,
            'a mapping whose keys are among: ' ~ raw_table_columns() | join(', ')
            ~ (', and the names in braces that raw_queries and raw_columns use' if of_files else '')
        ) %}
    {% endif %}
    {% for other in ['raw_models', 'raw_relations', 'raw_queries', 'raw_files'] if name != other and name != 'raw_file_formats' %}
        {% set may_be_both = name in ['raw_queries', 'raw_files'] and other in ['raw_queries', 'raw_files'] %}
        {% if var(other) is mapping and table in var(other) and not may_be_both %}
            {% do refuse_setting(name ~ '.' ~ table, var(name)[table], 'left out where ' ~ other ~ ' names the table too: name one place') %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro check_raw_path(name, path) %}
    {% if path is not string or not path %}
        {% do refuse_setting(name, path, 'a path, or a list of paths') %}
    {% elif not kind_of_file(path) %}
        {{ exceptions.raise_compiler_error(
            "The var `raw_files` gives '" ~ path ~ "'; files must end in .csv, .tsv or .txt, .json, .jsonl or .ndjson (each of them also with "
            ~ '.gz after it), or .parquet.'
        ) }}
    {% endif %}
{% endmacro %}


{% macro check_raw_file_format(name, format) %}
    {% set known = ['delimiter', 'quote', 'escape', 'encoding', 'header', 'columns', 'may_lack'] %}
    {% if format is not mapping %}
        {% do refuse_setting(name, format, 'a mapping like {delimiter: ";", encoding: windows-1252}') %}
    {% endif %}
    {% for entry, value in format.items() %}
        {% if entry not in known %}
            {% do refuse_setting(name, entry, 'a mapping whose keys are among: ' ~ known | join(', ')) %}
        {% elif entry == 'delimiter' and value not in ['tab', '\\t'] and (value is not string or value | length != 1 or value in '"\r\n\\') %}
            {% do refuse_setting(name ~ '.delimiter', value, 'one character like ";", or tab') %}
        {% elif entry == 'quote' and value is not none and (value is not string or value | length > 1 or value in [' ', '\\', '\n', '\r', '\t']) %}
            {% do refuse_setting(name ~ '.quote', value, 'one character, or null where nothing is quoted') %}
        {% elif entry == 'escape' and value not in ['\\', none, format.get('quote', '"')] %}
            {% do refuse_setting(name ~ '.escape', value, 'a backslash, or left out where a quote is doubled') %}
        {% elif entry == 'encoding' and (value is not string or value | lower not in raw_file_encodings()) %}
            {% do refuse_setting(name ~ '.encoding', value, 'one of: ' ~ raw_file_encodings().values() | unique | join(', ')) %}
        {% elif entry == 'header' and value is not boolean %}
            {% do refuse_setting(name ~ '.header', value, 'true or false') %}
        {% elif entry == 'header' and not value and not format.get('columns') %}
            {% do refuse_setting(name ~ '.header', value, 'true, or set together with columns, the names of all columns') %}
        {% elif entry in ['columns', 'may_lack'] %}
            {% do check_policy_list(name ~ '.' ~ entry, value, {'may_be_empty': entry == 'may_lack'}) %}
        {% endif %}
    {% endfor %}
    {% if format.get('quote', '"') and format.get('quote', '"') == format.get('delimiter') %}
        {% do refuse_setting(name ~ '.delimiter', format.delimiter, 'another character than the quote') %}
    {% endif %}
{% endmacro %}
