{#- Stops with a sentence that names the setting, its value and what is allowed. -#}
{% macro check_policy_value(name, value, rule) %}
    {% if value is none %}
        {% if not rule.may_be_null %}
            {% do refuse_setting(name, value, 'a value (it is empty)') %}
        {% elif name == 'as_of_date' and 'orders' not in policy('raw_tables') %}
            {% do refuse_setting(name, value, 'a date like 2025-01-31, because raw_tables has no orders to take it from') %}
        {% endif %}
    {% elif rule.kind == 'whole number' %}
        {% if value is not integer or value < rule.least or value > rule.most %}
            {% do refuse_setting(name, value, 'a whole number from ' ~ rule.least ~ ' to ' ~ rule.most) %}
        {% endif %}
    {% elif rule.kind == 'share' %}
        {% if value is not number or value is boolean or value < 0 or value > 1 %}
            {% do refuse_setting(name, value, 'a number from 0 to 1') %}
        {% endif %}
    {% elif rule.kind == 'yes or no' %}
        {% if value is not boolean %}
            {% do refuse_setting(name, value, 'true or false') %}
        {% endif %}
    {% elif rule.kind == 'date' %}
        {% if not is_calendar_date(value | string) %}
            {% do refuse_setting(name, value, 'a date like 2025-01-31') %}
        {% endif %}
    {% elif rule.kind == 'time zone' %}
        {% if value is not string or value not in modules.pytz.all_timezones_set %}
            {% do refuse_setting(name, value, 'a time zone name like Europe/London or UTC') %}
        {% endif %}
    {% elif rule.kind == 'currency' %}
        {% if value is not string or not modules.re.fullmatch('[A-Z]{3}', value) %}
            {% do refuse_setting(name, value, 'a currency code of three capital letters like GBP') %}
        {% endif %}
    {% elif rule.kind == 'text' %}
        {% set among = policy_choices(rule) %}
        {% if value is not string or value == '' or (among and value not in among) %}
            {% do refuse_setting(name, value, 'one of: ' ~ among | join(' ') if among else 'a text') %}
        {% endif %}
        {% if name == 'headline_basis' and value not in built_bases() %}
            {% do refuse_setting(name, value, 'one of the bases that are built (status_bases, as far as raw_tables has their table): ' ~ built_bases() | join(', ')) %}
        {% endif %}
        {% if name == 'cohort_grain' and not bases_of_grain(value) %}
            {% do refuse_setting(name, value, 'a grain that one of the bases ' ~ built_bases() | join(', ') ~ ' is defined for: ' ~ grains_of_bases(built_bases()) | join(', ')) %}
        {% endif %}
        {% if name == 'raw_schema' and var('raw_files') is string %}
            {% do refuse_setting(name, value, 'empty when raw_files is a path that is meant for all tables: name one place') %}
        {% elif name == 'raw_database' and var('raw_schema') is none %}
            {% do refuse_setting(name, value, 'set together with raw_schema') %}
        {% endif %}
    {% elif rule.kind == 'list' %}
        {% do check_policy_list(name, value, rule) %}
    {% elif rule.kind == 'own columns' %}
        {% do check_policy_list(name, value, rule) %}
        {% do check_own_columns(name, value, rule.of) %}
    {% elif rule.kind == 'reading' %}
        {% do check_reading_setting(name, value) %}
    {% elif rule.kind == 'lists' %}
        {% do check_policy_lists(name, value) %}
    {% elif rule.kind == 'freshness' %}
        {% do check_freshness(name, value) %}
    {% elif rule.kind == 'limits' and value is not mapping %}
        {% do refuse_setting(name, value, 'a mapping like {rows_lost: {warn: 0.05, error: 0.3}}, or {}') %}
    {% elif rule.kind == 'conditions' %}
        {% do check_policy_conditions(name, value) %}
    {% elif rule.kind == 'mapping' %}
        {% do check_policy_mapping(name, value) %}
    {% elif rule.kind == 'databases' %}
        {% do check_attached_databases(name, value) %}
    {% elif rule.kind in ['files', 'file formats', 'models', 'relations', 'queries'] %}
        {% do check_raw_place(name, value) %}
    {% endif %}
{% endmacro %}


{% macro check_policy_list(name, value, rule) %}
    {% if value is string or value is mapping or value is not sequence %}
        {% do refuse_setting(name, value, 'a list like [first, second]') %}
    {% elif not value and not rule.may_be_empty %}
        {% do refuse_setting(name, value, 'a list with at least one entry') %}
    {% elif value | unique(case_sensitive=true) | list | length < value | length %}
        {% do refuse_setting(name, value, 'a list without repeated entries') %}
    {% endif %}
    {% set among = policy_choices(rule) %}
    {% for entry in value %}
        {% if among and entry not in among %}
            {% do refuse_setting(name, entry, 'a list with entries among: ' ~ among | join(', ')) %}
        {% elif entry is not string %}
            {% do refuse_setting(name, entry, 'a list of texts (put quotes around each)') %}
        {% endif %}
    {% endfor %}
    {% if name in ['counted_order_statuses', 'uncounted_order_statuses', 'refund_order_statuses', 'test_account_emails', 'complaint_topics'] %}
        {% for entry in value if entry != entry | lower %}
            {% do refuse_setting(name, entry, 'a list of texts in lower case (so is what they are compared with)') %}
        {% endfor %}
    {% elif name == 'raw_tables' and 'orders' not in value and 'subscriptions' not in value %}
        {% do refuse_setting(name, value, 'a list with `orders` or `subscriptions` in it') %}
    {% elif name == 'raw_tables' and 'refunds' in value and 'orders' not in value %}
        {% do refuse_setting(name, value, 'a list with `orders` in it where it has `refunds`') %}
    {% elif name == 'status_bases' and not bases_with_data(value) %}
        {% do refuse_setting(
            name, value,
            'a list with a basis for the raw_tables that exist (' ~ policy('raw_tables') | join(', ') ~ '): '
            ~ bases_with_data(status_basis_rules()) | join(', ')
        ) %}
    {% elif name == 'involuntary_cancel_reasons' %}
        {% for entry in value if entry not in policy('cancel_reasons') %}
            {% do refuse_setting(name, entry, 'a list of reasons that `cancel_reasons` has: ' ~ policy('cancel_reasons') | join(', ')) %}
        {% endfor %}
    {% endif %}
    {% if name == 'period_grains' and not (value | select('in', grains_of_bases(built_bases()))) | list %}
        {% do refuse_setting(
            name, value,
            'a list with a grain that the bases ' ~ built_bases() | join(', ') ~ ' are defined for: '
            ~ grains_of_bases(built_bases()) | join(', ')
        ) %}
    {% endif %}
    {% if name == 'refund_order_statuses' %}
        {% for entry in value if entry in var('counted_order_statuses') + var('uncounted_order_statuses') %}
            {% do refuse_setting(name, entry, 'a list without the statuses of `counted_order_statuses` and `uncounted_order_statuses`') %}
        {% endfor %}
    {% endif %}
    {% if name == 'uncounted_order_statuses' %}
        {% for entry in value if entry in var('counted_order_statuses') %}
            {% do refuse_setting(name, entry, 'a list without the statuses of `counted_order_statuses`') %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- What a value may be, where the rule names what it is to be found among. -#}
{% macro policy_choices(rule) %}
    {% if rule.among == 'bases' %}
        {{ return(status_basis_rules() | list) }}
    {% elif rule.among == 'raw tables' %}
        {{ return(raw_table_columns() | list) }}
    {% elif rule.among == 'attributes of customers' %}
        {{ return(customer_attributes()) }}
    {% elif rule.among == 'days of the week' %}
        {{ return(weekdays()) }}
    {% endif %}
    {{ return(rule.among or []) }}
{% endmacro %}


{#- Names with a list of texts each: no text may stand under two names. -#}
{% macro check_policy_lists(name, value) %}
    {% if value is not mapping or not value %}
        {% do refuse_setting(name, value, 'a mapping like {price: [too expensive]}') %}
    {% endif %}
    {% set seen = {} %}
    {% for entry, texts in value.items() %}
        {% if entry is not string %}
            {% do refuse_setting(name, entry, 'a mapping whose names are texts (put quotes around each)') %}
        {% elif texts is string or texts is mapping or texts is not sequence or texts | reject('string') | list %}
            {% do refuse_setting(name ~ '.' ~ entry, texts, 'a list of texts like [too expensive]') %}
        {% endif %}
        {% for text in [entry] + texts %}
            {% if seen.get(folded_text(text), entry) != entry %}
                {% do refuse_setting(name ~ '.' ~ entry, text, 'a list of texts that no other reason has') %}
            {% endif %}
            {% do seen.update({folded_text(text): entry}) %}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{#- Tables with an SQL condition each. -#}
{% macro check_policy_conditions(name, value) %}
    {% if value is not mapping %}
        {% do refuse_setting(name, value, 'a mapping like {orders: is_deleted}') %}
    {% endif %}
    {% for table, condition in value.items() %}
        {% if table not in raw_table_columns() %}
            {% do refuse_setting(name, table, 'a mapping whose keys are among: ' ~ raw_table_columns() | join(', ')) %}
        {% elif condition is not string or condition | trim == '' %}
            {% do refuse_setting(name ~ '.' ~ table, condition, 'an SQL condition') %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro check_policy_mapping(name, value) %}
    {% if value is not mapping %}
        {% do refuse_setting(name, value, 'a mapping like {orders: {...}}') %}
    {% endif %}
    {% for table, entries in value.items() %}
        {% if table not in raw_table_columns() %}
            {% do refuse_setting(name, table, 'a mapping whose keys are among: ' ~ raw_table_columns() | join(', ')) %}
        {% elif entries is not mapping %}
            {% do refuse_setting(name ~ '.' ~ table, entries, 'a mapping of names to SQL') %}
        {% endif %}
        {% if name == 'raw_columns' %}
            {% for column in entries if column not in raw_table_columns()[table] %}
                {% do refuse_setting(
                    name ~ '.' ~ table, column,
                    'a mapping whose keys are among: ' ~ raw_table_columns()[table] | join(', ')
                ) %}
            {% endfor %}
        {% endif %}
        {% for entry in entries if name == 'raw_rejects' and entry in built_in_reasons() %}
            {% do refuse_setting(name ~ '.' ~ table, entry, 'a reason of your own; this one is given to rows with a fault') %}
        {% endfor %}
        {% for entry, sql in entries.items() %}
            {% if entry == 'malformed_row' %}
                {% do refuse_setting(name ~ '.' ~ table, entry, 'a reason of another name: this one is for lines that cannot be read') %}
            {% endif %}
            {% set may_be_null = name == 'raw_columns' and raw_table_columns()[table][entry] != 'required' %}
            {% set is_null = sql is none or sql | string | lower | trim == 'null' %}
            {% if is_null and not may_be_null or not is_null and (sql is not string and sql is not number or sql == '') %}
                {% do refuse_setting(name ~ '.' ~ table ~ '.' ~ entry, sql, 'an SQL expression') %}
            {% endif %}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{% macro refuse_setting(name, value, wanted) %}
    {{ exceptions.raise_compiler_error(
        'The policy var `' ~ name ~ '` is ' ~ (value | tojson if value is not string else "'" ~ value ~ "'")
        ~ '; it must be ' ~ wanted ~ '. Set it under `vars` in dbt_project.yml or with --vars.'
    ) }}
{% endmacro %}


{#- Whether a text is a day of the calendar in the form 2025-01-31. -#}
{% macro is_calendar_date(text) %}
    {% set parts = modules.re.match('^(\\d{4})-(\\d{2})-(\\d{2})$', text) %}
    {% if not parts %}
        {{ return(false) }}
    {% endif %}
    {% set year, month, day = parts.group(1) | int, parts.group(2) | int, parts.group(3) | int %}
    {% if year < 1 or month < 1 or month > 12 or day < 1 %}
        {{ return(false) }}
    {% endif %}
    {% set is_leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) %}
    {% set last_day = [31, 29 if is_leap_year else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] %}
    {{ return(day <= last_day) }}
{% endmacro %}


{% macro check_freshness(name, value) %}
    {% set wanted = 'a mapping like {loaded_at: updated_at, warn_after_hours: 24, error_after_hours: 48}' %}
    {% if value is not mapping %}
        {% do refuse_setting(name, value, 'a mapping of raw tables') %}
    {% endif %}
    {% for table, rule in value.items() %}
        {% if table not in raw_table_columns() %}
            {% do refuse_setting(name, table, 'a mapping whose keys are among: ' ~ raw_table_columns() | join(', ')) %}
        {% elif rule is not mapping or rule.loaded_at is not string or rule | reject('in', ['loaded_at', 'warn_after_hours', 'error_after_hours']) | list %}
            {% do refuse_setting(name ~ '.' ~ table, rule, wanted) %}
        {% endif %}
        {% set hours = rule.items() | rejectattr(0, 'equalto', 'loaded_at') | map(attribute=1) | list %}
        {% for each in hours or [none] if each is not integer or each is boolean or each < 1 %}
            {% do refuse_setting(name ~ '.' ~ table, rule, wanted ~ ', with hours as whole numbers from 1') %}
        {% endfor %}
        {% if raw_place(table) not in ['raw_schema', 'raw_relations'] %}
            {% do refuse_setting(name, table, 'a mapping of tables that raw_schema or raw_relations names: files and models have no load of their own here') %}
        {% elif is_copied(table) %}
            {% do refuse_setting(name, table, 'a mapping of tables of the database that is built; those of attached_databases are open only while they are copied') %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- Names that can stand beside the columns that there are. -#}
{% macro check_own_columns(name, value, table) %}
    {% set columns = ['(all)'] %}
    {% if execute and graph is defined and graph %}
        {% for node in graph.nodes.values() if node.package_name == 'retention_ledger' and node.resource_type == 'model' %}
            {% do columns.extend(node.columns) %}
        {% endfor %}
    {% endif %}
    {% for column in value %}
        {% if not modules.re.fullmatch('[a-z][a-z0-9_]*', column) %}
            {% do refuse_setting(name, column, 'a list of names in lower case like sales_region; raw_columns says how each is written in the raw ' ~ table) %}
        {% elif column in columns or column in ['all', 'plan', 'cohort_month', 'basis', 'movement'] %}
            {% do refuse_setting(name, column, 'a list of names that no column has yet: the marts have one of this name') %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{#- A var given on the command line that nobody reads is a typing mistake: say so. (Another
    project that uses this one as a package has vars of its own.) -#}
{% macro check_var_names() %}
    {% set known = policy_rules() | list + ['demo_latest_valid_date', 'demo_as_of_date', 'demo_gross_margin_rate', 'replace_data'] %}
    {% set said = [] %}
    {% for name in invocation_args_dict.get('vars', {}) if project_name == 'retention_ledger' and name not in known %}
        {% do said.append('There is no policy var `' ~ name ~ '`. Did you mean `' ~ nearest_name(name, known) ~ '`?') %}
    {% endfor %}
    {% if said %}
        {{ exceptions.raise_compiler_error(said | join('\n') ~ '\nThere are: ' ~ known | sort | join(', ') ~ '.') }}
    {% endif %}
{% endmacro %}


{#- The name that shares most pairs of letters with another, of all the pairs that both have. -#}
{% macro nearest_name(name, names) %}
    {% set found = namespace(name=names[0], likeness=-1) %}
    {% set pairs = letter_pairs(name) %}
    {% for other in names %}
        {% set others = letter_pairs(other) %}
        {% set likeness = 2 * (pairs | select('in', others) | list | length) / ((pairs | length) + (others | length)) %}
        {% if likeness > found.likeness %}
            {% set found.name, found.likeness = other, likeness %}
        {% endif %}
    {% endfor %}
    {{ return(found.name) }}
{% endmacro %}

{% macro letter_pairs(text) %}
    {% set pairs = [] %}
    {% for start in range(text | length + 1) %}
        {% do pairs.append((' ' ~ text | lower ~ ' ')[start:start + 2]) %}
    {% endfor %}
    {{ return(pairs | unique | list) }}
{% endmacro %}
