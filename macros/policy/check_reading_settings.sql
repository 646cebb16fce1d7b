{#- The settings of how text is read: a value for all tables, or a mapping of tables or columns to values. -#}
{% macro check_reading_setting(name, value) %}
    {% if name == 'raw_time_units' %}
        {% do check_time_units(value) %}
    {% elif name == 'timezone_abbreviations' %}
        {% do check_timezone_abbreviations(value) %}
    {% elif value is not mapping %}
        {% if name == 'id_cleaning' %}
            {% do refuse_setting(name, value, 'a mapping like {orders.customer_id: [strip_decimal_zero]}, or {all: [lower]}') %}
        {% endif %}
        {% do check_reading_value(name, name, value) %}
    {% else %}
        {% if name == 'missing_texts' and 'default' not in value %}
            {% do refuse_setting(name, value, 'a mapping with `default`, the texts that mean "no value" in every column') %}
        {% endif %}
        {% set common = 'all' if name == 'id_cleaning' else 'default' %}
        {% set keys = [common] + reading_fields(name) %}
        {% for field, entry in value.items() %}
            {% if field not in keys %}
                {% do refuse_setting(name, field, 'a mapping whose keys are among: ' ~ keys | join(', ')) %}
            {% endif %}
            {% do check_reading_value(name, name ~ '.' ~ field, entry) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- The tables and columns that a setting may name. -#}
{% macro reading_fields(name) %}
    {% set kinds = {
        'raw_timezones': 'dates', 'timestamp_formats': 'dates', 'decimal_separator': 'amounts', 'missing_texts': none, 'id_cleaning': 'ids',
    } %}
    {% set fields = [] %}
    {% for table, columns in raw_table_columns().items() %}
        {% if name not in ['missing_texts', 'id_cleaning'] %}
            {% do fields.append(table) %}
        {% endif %}
        {% for column in columns if kinds[name] is none or column in columns_by_kind()[kinds[name]] %}
            {% do fields.append(table ~ '.' ~ column) %}
        {% endfor %}
    {% endfor %}
    {{ return(fields) }}
{% endmacro %}


{% macro columns_by_kind() %}
    {{ return({
        'ids': ['customer_id', 'order_id', 'refund_id', 'subscription_id', 'item_id', 'refunded_order_id', 'old_customer_id', 'new_customer_id', 'spend_id', 'ticket_id', 'feedback_id'],
        'dates': ['signed_up_at', 'ordered_at', 'updated_at', 'refunded_at', 'started_on', 'ended_on', 'cancel_requested_on', 'valid_from', 'spent_on', 'opened_at', 'resolved_at', 'given_at', 'calendar_date'],
        'amounts': ['amount', 'monthly_amount', 'price', 'quantity', 'billing_interval_count', 'discount_amount', 'discount_percent', 'rate', 'nps_score'],
    }) }}
{% endmacro %}


{% macro check_reading_value(name, place, value) %}
    {% if name == 'decimal_separator' %}
        {% if value not in ['.', ','] %}
            {% do refuse_setting(place, value, 'one of: . ,') %}
        {% endif %}
    {% elif name == 'raw_timezones' %}
        {% if value is not string or value not in modules.pytz.all_timezones_set %}
            {% do refuse_setting(place, value, 'a time zone name like Europe/London or UTC') %}
        {% endif %}
    {% else %}
        {% do check_policy_list(
            place, value,
            {'may_be_empty': name == 'timestamp_formats', 'among': ['lower', 'strip_decimal_zero', 'strip_leading_zeros'] if name == 'id_cleaning'}
        ) %}
        {% if name == 'timestamp_formats' %}
            {% do check_one_order_of_days(place, value) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{#- Two formats that differ only in the order of day and month would read half of the dates each, and the rest
    by whichever comes first. -#}
{% macro check_one_order_of_days(place, formats) %}
    {% set seen = {} %}
    {% for format in formats %}
        {% if '%' not in format %}
            {% do refuse_setting(place, format, 'a list of strptime formats like %d/%m/%Y %H:%M') %}
        {% endif %}
        {% set order = modules.re.findall('%-?([dm])', format) | join('') %}
        {% set shape = modules.re.sub('%-?[dm]', '%', modules.re.split('[ T]?%-?[HI]', format)[0]) | trim %}
        {% if seen.get(shape, [order])[0] != order %}
            {% do refuse_setting(
                place, format,
                "a list in which dates have one order: '" ~ seen[shape][1] ~ "' reads the same texts with day and month the other way round. "
                ~ 'Where tables differ, name their formats per table: {default: [...], refunds: [...]}'
            ) %}
        {% endif %}
        {% do seen.update({shape: [order, format]}) %}
    {% endfor %}
{% endmacro %}


{% macro check_time_units(value) %}
    {% if value is not mapping %}
        {% do refuse_setting('raw_time_units', value, 'a mapping like {orders: {ordered_at: epoch_seconds}}') %}
    {% endif %}
    {% for table, columns in value.items() %}
        {% if table not in raw_table_columns() %}
            {% do refuse_setting('raw_time_units', table, 'a mapping whose keys are among: ' ~ raw_table_columns() | join(', ')) %}
        {% elif columns is not mapping %}
            {% do refuse_setting('raw_time_units.' ~ table, columns, 'a mapping like {ordered_at: epoch_seconds}') %}
        {% endif %}
        {% set dates = raw_table_columns()[table] | select('in', columns_by_kind()['dates']) | list %}
        {% for column, unit in columns.items() %}
            {% if column not in dates %}
                {% do refuse_setting('raw_time_units.' ~ table, column, 'a mapping whose keys are among: ' ~ dates | join(', ')) %}
            {% elif unit not in time_units() %}
                {% do refuse_setting('raw_time_units.' ~ table ~ '.' ~ column, unit, 'one of: ' ~ time_units() | join(', ')) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{% macro check_timezone_abbreviations(value) %}
    {% if value is not mapping %}
        {% do refuse_setting('timezone_abbreviations', value, 'a mapping like {IST: Asia/Kolkata, BST: "+01:00"}') %}
    {% endif %}
    {% for name, meaning in value.items() %}
        {% if name is not string or not modules.re.fullmatch('[A-Z]{2,6}', name) %}
            {% do refuse_setting('timezone_abbreviations', name, 'a mapping whose names are 2 to 6 capital letters like IST') %}
        {% elif meaning is not string or not (
            meaning in modules.pytz.all_timezones_set or modules.re.fullmatch('[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00', meaning)
        ) %}
            {% do refuse_setting('timezone_abbreviations.' ~ name, meaning, "an offset like '+05:30' or a time zone name like Asia/Kolkata") %}
        {% endif %}
    {% endfor %}
{% endmacro %}
