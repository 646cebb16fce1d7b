{#- What the settings say about one raw table or column. A setting that is a mapping names tables or `table.column`;
    what it does not name is as `default` says. -#}
{% macro reading_setting(name, field, otherwise) %}
    {% set value = policy(name) %}
    {% if value is mapping %}
        {% set table = field.split('.')[0] %}
        {{ return(value.get(field, value.get(table, value.get('default', otherwise)))) }}
    {% endif %}
    {{ return(value if value is not none else otherwise) }}
{% endmacro %}


{% macro decimal_separator(field) %}
    {{ return(reading_setting('decimal_separator', field, '.')) }}
{% endmacro %}


{% macro timestamp_formats(field) %}
    {{ return(reading_setting('timestamp_formats', field, [])) }}
{% endmacro %}


{#- The zone of times that name none. -#}
{% macro raw_timezone(field) %}
    {{ return(reading_setting('raw_timezones', field, policy('business_timezone'))) }}
{% endmacro %}


{#- What a number in a column of dates counts; none: a number is no date. -#}
{% macro raw_time_unit(field) %}
    {{ return(policy('raw_time_units').get(field.split('.')[0], {}).get(field.split('.')[1])) }}
{% endmacro %}


{#- What abbreviations of time zones mean: an offset like +01:00, or a zone. An abbreviation that the world uses for
    several zones (IST, BST, CST) is known only where the var timezone_abbreviations names it, or where the table's
    own zone or that of the business uses it. -#}
{% macro timezone_abbreviations(field) %}
    {% set known = {
        'Z': '+00:00', 'UTC': '+00:00', 'UT': '+00:00', 'GMT': '+00:00', 'WET': '+00:00', 'WEST': '+01:00',
        'CET': '+01:00', 'CEST': '+02:00', 'MEZ': '+01:00', 'MESZ': '+02:00', 'EET': '+02:00', 'EEST': '+03:00', 'MSK': '+03:00',
        'SAST': '+02:00', 'HKT': '+08:00', 'JST': '+09:00', 'KST': '+09:00', 'AWST': '+08:00', 'ACST': '+09:30', 'ACDT': '+10:30',
        'AEST': '+10:00', 'AEDT': '+11:00', 'NZST': '+12:00', 'NZDT': '+13:00', 'EST': '-05:00', 'EDT': '-04:00',
        'MST': '-07:00', 'MDT': '-06:00', 'PST': '-08:00', 'PDT': '-07:00', 'AKST': '-09:00', 'AKDT': '-08:00', 'HST': '-10:00',
    } %}
    {% for zone in [policy('business_timezone'), raw_timezone(field)] %}
        {% for month in [1, 7] %}
            {% set moment = modules.pytz.timezone(zone).localize(modules.datetime.datetime(2024, month, 15)) %}
            {% if moment.tzname() | upper != moment.tzname() | lower %}
                {% set offset = moment.strftime('%z') %}
                {% do known.update({moment.tzname(): offset[:3] ~ ':' ~ offset[3:]}) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do known.update(policy('timezone_abbreviations')) %}
    {{ return(known) }}
{% endmacro %}
