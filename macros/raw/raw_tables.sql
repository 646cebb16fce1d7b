{#- The canonical raw tables and their columns. `required` columns must exist or be mapped by the var
    raw_columns; `optional` ones too, but `null` will do for them; those that are `used if present` may
    simply be absent. -#}
{% macro raw_table_columns() %}
    {% set tables = {
        'customers': {
            'customer_id': 'required', 'email': 'optional', 'signed_up_at': 'optional',
            'country': 'optional', 'acquisition_channel': 'optional', 'customer_segment': 'optional',
            'updated_at': 'used if present',
        },
        'orders': {
            'order_id': 'required', 'customer_id': 'required', 'ordered_at': 'required',
            'status': 'optional', 'amount': 'optional', 'currency': 'used if present', 'updated_at': 'optional',
            'refunded_order_id': 'used if present', 'email': 'used if present',
        },
        'refunds': {
            'refund_id': 'required', 'order_id': 'required', 'refunded_at': 'required',
            'amount': 'required', 'updated_at': 'used if present',
        },
        'subscriptions': {
            'subscription_id': 'required', 'customer_id': 'required', 'plan': 'optional',
            'started_on': 'required', 'ended_on': 'required', 'monthly_amount': 'used if present',
            'price': 'used if present', 'quantity': 'used if present',
            'billing_interval': 'used if present', 'billing_interval_count': 'used if present',
            'discount_amount': 'used if present', 'discount_percent': 'used if present',
            'item_id': 'used if present', 'state': 'used if present',
            'currency': 'used if present', 'cancel_requested_on': 'optional', 'cancel_reason': 'optional',
            'updated_at': 'used if present',
        },
        'exchange_rates': {
            'currency': 'required', 'valid_from': 'required', 'rate': 'required',
        },
        'marketing_spend': {
            'spend_id': 'used if present', 'spent_on': 'required', 'acquisition_channel': 'required',
            'amount': 'required', 'currency': 'used if present', 'updated_at': 'used if present',
        },
        'support_tickets': {
            'ticket_id': 'required', 'customer_id': 'required', 'opened_at': 'required',
            'resolved_at': 'optional', 'topic': 'optional', 'updated_at': 'used if present',
        },
        'feedback': {
            'feedback_id': 'required', 'customer_id': 'required', 'given_at': 'required',
            'nps_score': 'optional', 'feedback_text': 'optional', 'updated_at': 'used if present',
        },
        'customer_id_map': {
            'old_customer_id': 'required', 'new_customer_id': 'required',
        },
        'calendar': {
            'calendar_date': 'required', 'fiscal_year': 'required', 'fiscal_month': 'required',
            'fiscal_quarter': 'used if present', 'fiscal_week': 'used if present',
        },
    } %}
    {% for table in ['customers', 'orders'] %}
        {% for attribute in own_attributes(table) %}
            {% do tables[table].update({attribute: 'optional'}) %}
        {% endfor %}
    {% endfor %}
    {{ return(tables) }}
{% endmacro %}


{#- The demo is read only where nothing says where own data is. (seeds.yml asks the same.) -#}
{% macro reads_demo_seeds() %}
    {{ return(not (
        var('raw_files') or var('raw_schema') or var('raw_models') or var('raw_relations') or var('raw_queries')
    )) }}
{% endmacro %}


{#- Which of the settings says where a raw table is; none where no one does. What names the table goes before
    what is meant for all. -#}
{% macro raw_place(table) %}
    {% set files = var('raw_files') %}
    {% for setting in ['raw_models', 'raw_queries', 'raw_relations'] if table in (var(setting) or {}) %}
        {{ return(setting) }}
    {% endfor %}
    {% if files and (files is not mapping or table in files) %}
        {{ return('raw_files') }}
    {% elif var('raw_schema') %}
        {{ return('raw_schema') }}
    {% endif %}
    {{ return('demo' if reads_demo_seeds() else none) }}
{% endmacro %}


{#- The raw tables where raw_tables is not set: in the demo all; else those that a setting names, and where one
    is meant for all, customers, orders and refunds. -#}
{% macro raw_tables_by_default() %}
    {% set files = var('raw_files') %}
    {% set usual = [] if files is mapping and not var('raw_schema') else ['customers', 'orders', 'refunds'] %}
    {% if not files and not var('raw_schema') %}
        {% set usual = raw_table_columns() | reject('in', ['customer_id_map', 'calendar']) | list if reads_demo_seeds() else [] %}
    {% endif %}
    {% set named = (var('raw_models') or {}) | list + (var('raw_queries') or {}) | list + (var('raw_relations') or {}) | list %}
    {% set named = named + (files | list if files is mapping else []) %}
    {{ return(raw_table_columns() | select('in', usual + named) | list) }}
{% endmacro %}


{#- What stands behind `from` for a raw table: the copy of what is read from an attached database, or where it is. -#}
{% macro raw_relation(table) -%}
    {%- set origin = raw_origin(table) -%}
    {{ copied_table(table) if is_copied(table) else origin }}
{%- endmacro %}


{#- Where a raw table is: a model of the host project, a query, an own table, own files, or the demo seed. With
    `no_copies`, a query reads other raw tables, too, where they are. -#}
{% macro raw_origin(table, no_copies=false) -%}
    {%- set place = raw_place(table) -%}
    {%- if place == 'raw_models' -%}
        {{ raw_model(table) }}
    {%- elif place == 'raw_queries' -%}
        ({{ with_named_tables(policy('raw_queries')[table], table, no_copies) }})
    {%- elif place in ['raw_relations', 'raw_schema'] -%}
        {{ source('retention_ledger_' ~ table, table) }}
    {%- elif place == 'raw_files' -%}
        {{ landed_file(table) }}
    {%- elif place == 'demo' -%}
        {{ ref('raw_' ~ table) }}
    {%- else -%}
        {% do refuse_setting(
            'raw_tables', table,
            'a list of tables each of which one of ' ~ ', '.join(raw_place_settings()) ~ ' says where to find'
        ) %}
    {%- endif -%}
{%- endmacro %}


{% macro raw_place_settings() %}
    {{ return(['raw_files', 'raw_models', 'raw_relations', 'raw_queries', 'raw_schema']) }}
{% endmacro %}


{#- A model of the project that has installed this package, or of another package: [package, model]. -#}
{% macro raw_model(table) %}
    {% set named = policy('raw_models')[table] %}
    {{ return(builtins.ref(project_name, named) if named is string else builtins.ref(named[0], named[1])) }}
{% endmacro %}


{#- The names in braces, which stand for raw tables and files, in the queries and expressions of a raw table. -#}
{% macro names_in_braces(table) %}
    {% set texts = [] %}
    {% if raw_place(table) == 'raw_queries' %}
        {% do texts.append(var('raw_queries')[table] | string) %}
    {% endif %}
    {% for setting in ['raw_columns', 'raw_rejects'] %}
        {% set entries = (var(setting) or {}).get(table) or {} %}
        {% for sql in entries.values() if sql is string %}
            {% do texts.append(sql) %}
        {% endfor %}
    {% endfor %}
    {{ return(modules.re.findall('\\{([A-Za-z_][A-Za-z0-9_]*)\\}', texts | join(' ')) | unique | list) }}
{% endmacro %}


{#- SQL of the settings, with each {name} replaced by the raw table or the file of that name. A query for `orders`
    that says {orders} means the file. -#}
{% macro with_named_tables(sql, table, no_copies=false) %}
    {% set found = namespace(sql=sql | string) %}
    {% for name in names_in_braces(table) if '{' ~ name ~ '}' in found.sql %}
        {% if reads_as_file(name) %}
            {% set relation = '(' ~ adapter.dispatch('rows_of_landed_file', 'retention_ledger')(name) ~ ')' %}
        {% elif name in policy('raw_tables') and name != table %}
            {% set relation = raw_origin(name, true) if no_copies else raw_relation(name) %}
        {% else %}
            {% do refuse_setting(
                'raw_queries' if raw_place(table) == 'raw_queries' else 'raw_columns', '{' ~ name ~ '}',
                'SQL whose names in braces are raw tables or names in raw_files'
            ) %}
        {% endif %}
        {% set found.sql = found.sql | replace('{' ~ name ~ '}', relation) %}
    {% endfor %}
    {{ return(found.sql) }}
{% endmacro %}


{#- Whether raw_files has a path for a name, be it that of a raw table or not. -#}
{% macro reads_as_file(name) %}
    {% set files = var('raw_files') %}
    {{ return(files and (name in files if files is mapping else '{name}' in files)) }}
{% endmacro %}
