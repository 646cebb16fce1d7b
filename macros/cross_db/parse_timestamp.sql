{#- A raw value as a timestamp in the business time zone, null where it cannot be read: ISO 8601 in its spellings,
    with AM and PM, and on DuckDB the formats of the var timestamp_formats and the numbers of raw_time_units. A
    value that names its zone is converted, one without a zone is in that of the var raw_timezones. A date
    without a time is a day, not a moment: it is never shifted. A value is read whole or not at all, because a
    cast to timestamp drops the words behind a time (PM, PDT): a strict expression stands before each cast.

    field    table.column, for the settings of one table or column
    text     its cleaned text, a column of the step before -#}
{% macro parse_timestamp(column, field, text) -%}
    {{ adapter.dispatch('parse_timestamp', 'retention_ledger')(column, field, text) }}
{%- endmacro %}

{% macro default__parse_timestamp(column, field, text) -%}
    {{ cast_or_null(text, dbt.type_timestamp()) }}
{%- endmacro %}

{#- The type of a typed column is known before the query runs, so the first branches cost nothing for
    text and the others nothing for timestamps. -#}
{% macro duckdb__parse_timestamp(column, field, text) -%}
    {%- set zone = text_literal(policy('business_timezone')) -%}
    {%- set date = '\\d{4}-\\d\\d?-\\d\\d?' -%}
    {%- set time = '[T ] ?\\d\\d?:\\d\\d(?::\\d\\d(?:[.]\\d+)?)?' -%}
    {%- set offset = '[+-](?:0\\d|1[0-3])(?::?[0-5]\\d)?|[+-]14(?::?00)?' -%}
    {%- set formats = timestamp_formats(field) -%}
    {%- set unit = raw_time_unit(field) -%}
    case
        when typeof({{ column }}) = 'DATE'
            then {{ within_calendar('try_cast(' ~ column ~ ' as timestamp)') }}
        when typeof({{ column }}) in ('TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
            then {{ within_calendar(in_business_zone('try_cast(' ~ column ~ ' as timestamp)', field)) }}
        when typeof({{ column }}) = 'TIMESTAMP WITH TIME ZONE'
            then {{ within_calendar('timezone(' ~ zone ~ ', try_cast(' ~ column ~ ' as timestamptz))') }}
        {%- if unit %}
        when typeof({{ column }}) in ({{ text_list(number_types()) }}) or typeof({{ column }}) like 'DECIMAL%'
            then {{ timestamp_of_number('try_cast(' ~ column ~ ' as decimal(38, 10))', unit, field) }}
        when typeof({{ column }}) in ('VARCHAR', 'JSON') and regexp_full_match({{ text }}, '-?\d{1,17}([.]\d+)?')
            then {{ timestamp_of_number('try_cast(' ~ text ~ ' as decimal(38, 10))', unit, field) }}
        {%- endif %}
        {%- if formats %}
        when typeof({{ column }}) in ({{ text_list(integer_types()) }})
            then {{ timestamp_in_formats(text, formats, field) }}
        {%- endif %}
        when typeof({{ column }}) <> 'VARCHAR' and typeof({{ column }}) not like 'ENUM%' and typeof({{ column }}) <> 'JSON'
            then null
        when regexp_full_match({{ text }}, '{{ date }}') and {{ text }} >= '0001'
            then try_cast({{ text }} as timestamp)
        when regexp_full_match({{ text }}, '{{ date }}{{ time }}') and {{ text }} >= '0001'
            then {{ in_business_zone('try_cast(' ~ text ~ ' as timestamp)', field) }}
        when regexp_full_match({{ text }}, '{{ date }}{{ time }}(?:Z|{{ offset }})') and {{ text }} >= '0001'
            then timezone({{ zone }}, try_cast({{ text }} as timestamptz))
        else coalesce(
            {{ timestamp_of_spelling(text, field, offset) }}
            {%- if formats %},
            {{ timestamp_in_formats(text, formats, field) }}
            {%- endif %}
        )
    end
{%- endmacro %}


{#- ISO 8601 with its offsets, and the formats of the settings. The type of a column is known to each row only. -#}
{% macro postgres__parse_timestamp(column, field, text) -%}
    {%- set zone = text_literal(policy('business_timezone')) -%}
    {%- set moment, zoned, in_format = reading_function('timestamp'), reading_function('timestamptz'), reading_function('timestamp_in_format') -%}
    {%- set unit = raw_time_unit(field) -%}
    {%- set abbreviations = {} -%}
    {%- for name, meaning in timezone_abbreviations(field).items() -%}
        {%- do abbreviations.update({name | upper: meaning}) -%}
    {%- endfor -%}
    {%- set offset = '(Z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?)$' -%}
    case
        when {{ type_of(column) }} = 'date'
            then {{ within_calendar('cast(cast(' ~ column ~ ' as text) as timestamp)') }}
        when {{ type_of(column) }} = 'timestamp without time zone'
            then {{ within_calendar(in_business_zone('cast(cast(' ~ column ~ ' as text) as timestamp)', field)) }}
        when {{ type_of(column) }} = 'timestamp with time zone'
            then {{ within_calendar('timezone(' ~ zone ~ ', cast(cast(' ~ column ~ ' as text) as timestamptz))') }}
        {%- if unit %}
        when {{ text }} ~ '^-?[0-9]{1,17}([.][0-9]+)?$'
            then {{ timestamp_of_number('cast(' ~ text ~ ' as numeric)', unit, field) }}
        {%- endif %}
        when {{ type_of(column) }} not in ('text', 'character varying', 'character'{% if timestamp_formats(field) %}, 'smallint', 'integer', 'bigint'{% endif %})
            then null
        when {{ text }} ~ '^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?$'
            then {{ moment }}({{ text }})
        when {{ text }} ~ '^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?[T ] ?[0-9][0-9]?:[0-9.:]+$'
            then {{ in_business_zone(moment ~ '(' ~ text ~ ')', field) }}
        when {{ text }} ~ '^[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?[T ] ?[0-9][0-9]?:[0-9.:]+{{ offset }}'
            then timezone({{ zone }}, {{ zoned }}(regexp_replace({{ text }}, '{{ offset }}', ''), substring({{ text }} from '{{ offset }}')))
        {%- for format in timestamp_formats(field) %}
        {%- set read = format_as_pattern(format) %}
        {%- set found = in_format ~ '(' ~ text ~ ", '" ~ read.pattern ~ "', '" ~ read.codes ~ "')" %}
        when {{ found }} is not null
            then {% if 'z' in read.codes %}timezone({{ zone }}, timezone('UTC', {{ found }})){% elif 'H' in read.codes %}{{ in_business_zone(found, field) }}{% else %}{{ found }}{% endif %}
        {%- endfor %}
        when {{ text }} ~ '^[0-9]{4}'
            then {{ reading_function('spelled_timestamp') }}(
                {{ upper_case(plain_date(text)) }}, {{ text_literal(raw_timezone(field)) }}, {{ zone }}, {{ text_literal(tojson(abbreviations)) }}
            )
    end
{%- endmacro %}

{% macro redshift__parse_timestamp(column, field, text) -%}
    {{ default__parse_timestamp(column, field, text) }}
{%- endmacro %}


{#- The same. What is no text is read by way of its text: see spark__parse_number. A TIMESTAMP there is a moment; a time
    without a zone is a TIMESTAMP_NTZ. -#}
{% macro spark__parse_timestamp(column, field, text) -%}
    {%- set zone = text_literal(policy('business_timezone')) -%}
    {%- set unit = raw_time_unit(field) -%}
    {%- set written = 'try_cast(cast(' ~ column ~ ' as string) as timestamp)' -%}
    {%- set date = '[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?' -%}
    {%- set time = '[T ] ?[0-9][0-9]?:[0-9][0-9](:[0-9][0-9]([.][0-9]+)?)?' -%}
    {%- set offset = '(Z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?)$' -%}
    case
        when typeof({{ column }}) = 'date'
            then {{ within_calendar(written) }}
        when typeof({{ column }}) = 'timestamp_ntz'
            then {{ within_calendar(in_business_zone(written, field)) }}
        when typeof({{ column }}) = 'timestamp'
            then {{ within_calendar('from_utc_timestamp(' ~ written ~ ', ' ~ zone ~ ')') }}
        {%- if unit %}
        when {{ text }} rlike '^-?[0-9]{1,17}([.][0-9]+)?$'
            then {{ timestamp_of_number('try_cast(' ~ text ~ ' as decimal(38, 10))', unit, field) }}
        {%- endif %}
        when typeof({{ column }}) not in ('string'{% if timestamp_formats(field) %}, 'tinyint', 'smallint', 'int', 'bigint'{% endif %})
            then null
        when {{ text }} rlike '^{{ date }}$' and {{ text }} >= '0001'
            then try_cast({{ text }} as timestamp)
        when {{ text }} rlike '^{{ date }}{{ time }}$' and {{ text }} >= '0001'
            then {{ in_business_zone(moment_of_text(text), field) }}
        when {{ text }} rlike '^{{ date }}{{ time }}{{ offset }}' and {{ text }} >= '0001'
            then from_utc_timestamp(to_utc_timestamp(
                {{ moment_of_text("regexp_replace(" ~ text ~ ", '" ~ offset ~ "', '')") }}, regexp_extract({{ text }}, '{{ offset }}', 1)
            ), {{ zone }})
        else coalesce(
            {%- for format in timestamp_formats(field) %}
            {%- set read = format_as_pattern(format) %}
            case
                when {{ text }} rlike '{{ read.pattern }}'
                    then
                    {%- if 'z' in read.codes %} from_utc_timestamp(to_utc_timestamp(
                        {{ moment_in_format(text, read) }}, upper(regexp_extract({{ text }}, '{{ read.pattern }}', {{ read.codes.index('z') + 1 }}))
                    ), {{ zone }})
                    {%- elif 'H' in read.codes %} {{ in_business_zone(moment_in_format(text, read), field) }}
                    {%- else %} {{ moment_in_format(text, read) }}
                    {%- endif %}
            end,
            {%- endfor %}
            case
                when {{ text }} rlike '^[0-9]{4}' and {{ text }} >= '0001' and {{ plain_date(text) }} rlike '(?i)^{{ pattern_of_spelling() }}$'
                    then element_at(
                        transform(
                            transform(
                                transform(
                                    array(named_struct(
                                        {%- for part in parts_of_spelling() %}
                                        '{{ part }}', {{ 'upper(' if part not in ['zone', 'bracket'] }}regexp_extract({{ plain_date(text) }}, '(?i)^{{ pattern_of_spelling() }}$', {{ loop.index }}){{ ')' if part not in ['zone', 'bracket'] }}{{ ',' if not loop.last }}
                                        {%- endfor %}
                                    )),
                                    part -> named_struct('part', part, 'written', {{ spark_text_of_parts() }})
                                ),
                                found -> named_struct('part', found.part, 'moment', {{ moment_of_text('found.written') }})
                            ),
                            found -> {{ spark_timestamp_of_parts(field) }}
                        ), 1
                    )
            end
        )
    end
{%- endmacro %}


{#- A text like 2024-07-01 10:00:00.5 as a timestamp: 24:00 is the next day, what is finer than microseconds is cut off. -#}
{% macro moment_of_text(text) -%}
    case
        when {{ text }} rlike '[T ] ?24:00(:00([.]0+)?)?$'
            then try_cast(regexp_replace({{ text }}, '[T ].*$', '') as timestamp) + interval 1 day
        else try_cast(regexp_replace(regexp_replace({{ text }}, '[T ] ?', ' '), '([.][0-9]{6})[0-9]+', '$1') as timestamp)
    end
{%- endmacro %}


{#- A text of a format (see format_as_pattern) as a timestamp, null where there is no such day. -#}
{% macro moment_in_format(text, read) -%}
    {%- set part = {'Y': "'1900'", 'm': "'01'", 'd': "'01'", 'H': "'00'", 'M': "'00'", 'S': "'00'", 'f': "'0'"} -%}
    {%- for code in read.codes -%}
        {%- do part.update({code: "regexp_extract(" ~ text ~ ", '" ~ read.pattern ~ "', " ~ loop.index ~ ')'}) -%}
    {%- endfor -%}
    {%- if 'y' in part -%}
        {%- do part.update({'Y': "case when " ~ part.y ~ " < '69' then '20' else '19' end || " ~ part.y}) -%}
    {%- endif -%}
    {%- if 'b' in part -%}
        {%- do part.update({'m': "cast((locate(lower(left(" ~ part.b ~ ", 3)), 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) div 3 as string)"}) -%}
    {%- endif -%}
    {%- if 'p' in part -%}
        {%- do part.update({'H': "case when try_cast(" ~ part.H ~ " as int) between 1 and 12 then cast(try_cast(" ~ part.H
            ~ " as int) % 12 + case when upper(" ~ part.p ~ ") = 'PM' then 12 else 0 end as string) end"}) -%}
    {%- endif -%}
    try_cast(
        {{ part.Y }} || '-' || {{ part.m }} || '-' || {{ part.d }} || ' ' || {{ part.H }} || ':' || {{ part.M }} || ':' || {{ part.S }} || '.' || {{ part.f }}
        as timestamp
    )
{%- endmacro %}


{#- The parts of a rarer spelling, without its zone, as the text of a timestamp; null where there is no such day. -#}
{% macro spark_text_of_parts() -%}
    {%- set january = "try_cast(left(part.day, 4) || '-01-01' as date)" -%}
    {%- set compact = "replace(part.day, '-', '')" -%}
    {%- set monday = "date_trunc('week', try_cast(left(part.day, 4) || '-01-04' as date))" -%}
    {%- set of_week = "date_add(cast(" ~ monday ~ " as date), 7 * (cast(substr(" ~ compact ~ ", 6, 2) as int) - 1) + cast(right(" ~ compact ~ ", 1) as int) - 1)" -%}
    {%- set of_year = "date_add(" ~ january ~ ", cast(right(part.day, 3) as int) - 1)" -%}
    {%- set hour = "try_cast(part.hour || part.basic_hour as int)" -%}
    {%- set written_day -%}
        case
            when part.day like '%W%'
                then case
                    when extract(yearofweek from {{ of_week }}) = cast(left(part.day, 4) as int)
                        and extract(week from {{ of_week }}) = cast(substr({{ compact }}, 6, 2) as int) then cast({{ of_week }} as string)
                end
            when part.day rlike '^[0-9]{4}-[0-9]{3}$'
                then case when extract(year from {{ of_year }}) = cast(left(part.day, 4) as int) then cast({{ of_year }} as string) end
            when part.day rlike '^[0-9]{8}$' then left(part.day, 4) || '-' || substr(part.day, 5, 2) || '-' || right(part.day, 2)
            else translate(part.day, '/.', '--')
        end
    {%- endset -%}
    {%- set written_time -%}
        cast(case
            when part.half = '' then {{ hour }}
            when part.half = 'A' and {{ hour }} = 12 then 0
            when part.half = 'A' and {{ hour }} < 12 then {{ hour }}
            when part.half = 'P' and {{ hour }} between 1 and 11 then {{ hour }} + 12
            when part.half = 'P' and {{ hour }} between 12 and 23 then {{ hour }}
        end as string)
        || ':' || coalesce(nullif(part.minute || part.basic_minute, ''), '00')
        || ':' || coalesce(nullif(part.second || part.basic_second, ''), '00')
        || '.' || coalesce(nullif(part.fraction || part.basic_fraction, ''), '0')
    {%- endset -%}
    {{ written_day }} || case when part.separator = '' then '' else ' ' || {{ written_time }} end
{%- endmacro %}


{#- As timestamp_of_parts. Names of zones are known there as they are written in the tz database only. -#}
{% macro spark_timestamp_of_parts(field) -%}
    {%- set zone = text_literal(policy('business_timezone')) -%}
    case
        when found.part.separator = '' then found.moment
        when found.part.minute || found.part.basic_minute || found.part.half = '' and found.part.separator <> 'T' then null
        when found.part.gap || found.part.zulu || found.part.abbreviation || found.part.zone || found.part.bracket = ''
            then {{ in_business_zone('found.moment', field) }}
        when
            found.part.gap || found.part.zulu <> ''
            and (found.part.bracket = '' or try_cast('2024-01-01 00:00:00 ' || found.part.bracket as timestamp) is not null)
            then from_utc_timestamp(
                to_utc_timestamp(found.moment, found.part.zulu || regexp_replace(found.part.gap, '^([+-])([0-9])(:|$)', '$10$2$3')), {{ zone }}
            )
        when found.part.abbreviation <> '' and found.part.bracket = ''
            then from_utc_timestamp(
                to_utc_timestamp(found.moment, trim({{ offset_of_abbreviation('found.part.abbreviation', field) }})), {{ zone }}
            )
        when
            found.part.gap || found.part.zulu || found.part.abbreviation = '' and (found.part.zone || found.part.bracket like '%/%' or found.part.bracket in ('UTC', 'GMT'))
            and try_cast('2024-01-01 00:00:00 ' || found.part.zone || found.part.bracket as timestamp) is not null
            then from_utc_timestamp({{ spark_moment_in_zone('found.moment', 'found.part.zone || found.part.bracket') }}, {{ zone }})
    end
{%- endmacro %}


{#- The expression of the rarer spellings without its escapes, and what its groups are. -#}
{% macro pattern_of_spelling() %}
    {{ return(
        '([0-9]{4}[-/.][0-9][0-9]?[-/.][0-9][0-9]?|[0-9]{8}|[0-9]{4}-?W[0-9][0-9]-?[1-7]|[0-9]{4}-[0-9]{3})'
        ~ '(?:(T|_|,? +)(?:([0-9][0-9]?)(?::([0-9][0-9])(?::([0-9][0-9])(?:[.,]([0-9]+))?)?)?|([0-9][0-9])([0-9][0-9])(?:([0-9][0-9])(?:[.,]([0-9]+))?)?)'
        ~ ' *(?:([AP])[.]? ?M(?:[.]|(?![0-9A-Z])))?'
        ~ ' *(?:(?:UTC|GMT|UT)?((?:[+-](?:0[0-9]|1[0-3])(?::?[0-5][0-9])?|[+-]14(?::?00)?)|[+-][0-9](?::[0-5][0-9])?)|(Z)|([A-Z]{2,6})'
        ~ '|([A-Z]+(?:/[A-Z0-9_+-]+)+))?(?:\\\\[([A-Z0-9_+/-]+)\\\\])?)?'
    ) }}
{% endmacro %}

{% macro parts_of_spelling() %}
    {{ return([
        'day', 'separator', 'hour', 'minute', 'second', 'fraction', 'basic_hour', 'basic_minute', 'basic_second', 'basic_fraction',
        'half', 'gap', 'zulu', 'abbreviation', 'zone', 'bracket',
    ]) }}
{% endmacro %}


{#- A date as it is written, with plain spaces and signs. -#}
{% macro plain_date(text) -%}
    {{ "translate(" ~ text ~ ", '\u2212" ~ amount_spaces() ~ "', '-" ~ ' ' * (amount_spaces() | length) ~ "')" }}
{%- endmacro %}


{#- A format of strptime as a regular expression, and which part is what. -#}
{% macro format_as_pattern(format) %}
    {% set parts = {
        'Y': '([0-9]{4})', 'y': '([0-9]{2})', 'm': '([0-9]{1,2})', 'd': '([0-9]{1,2})', 'b': '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)',
        'B': '(January|February|March|April|May|June|July|August|September|October|November|December)',
        'H': '([01]?[0-9]|2[0-3])', 'I': '([0-9]{1,2})', 'M': '([0-5]?[0-9])', 'S': '([0-5]?[0-9])', 'f': '([0-9]{1,6})',
        'p': '([AaPp][Mm])', 'z': '([Zz]|[+-][0-9]{2}(?::?[0-5][0-9])?)',
    } %}
    {% set pattern, codes = [], [] %}
    {% for piece in modules.re.findall('%-?.|[^%]', format) %}
        {% set code = piece[-1] %}
        {% if piece[0] != '%' %}
            {% do pattern.append(' +' if piece == ' ' else '[' ~ piece ~ ']' if piece in '.+*?()|{}$/' else dbt.escape_single_quotes(piece)) %}
        {% elif code in parts %}
            {% do pattern.append(parts[code]) %}
            {% do codes.append({'B': 'b', 'I': 'H'}.get(code, code)) %}
        {% else %}
            {% do refuse_setting('timestamp_formats', format, 'formats of %Y, %y, %m, %d, %b, %B, %H, %I, %M, %S, %f, %p and %z on this warehouse; others are read on DuckDB') %}
        {% endif %}
    {% endfor %}
    {{ return({'pattern': '(?i)^ *' ~ pattern | join ~ ' *$', 'codes': codes | join}) }}
{% endmacro %}


{#- A time without a zone, in the business time zone. -#}
{% macro in_business_zone(timestamp, field) -%}
    {%- if raw_timezone(field) == policy('business_timezone') -%}
    {{ timestamp }}
    {%- else -%}
    {{ from_zone_to_zone(timestamp, raw_timezone(field), policy('business_timezone')) }}
    {%- endif -%}
{%- endmacro %}


{#- A time of one zone as the time of another. -#}
{% macro from_zone_to_zone(timestamp, zone, other_zone) -%}
    {{ adapter.dispatch('from_zone_to_zone', 'retention_ledger')(timestamp, text_literal(zone), text_literal(other_zone)) }}
{%- endmacro %}

{% macro default__from_zone_to_zone(timestamp, zone, other_zone) -%}
    timezone({{ other_zone }}, timezone({{ zone }}, {{ timestamp }}))
{%- endmacro %}

{% macro spark__from_zone_to_zone(timestamp, zone, other_zone) -%}
    from_utc_timestamp({{ spark_moment_in_zone(timestamp, zone) }}, {{ other_zone }})
{%- endmacro %}

{#- Of a local time that a clock set back shows twice, Spark takes the first moment and this project the second, as elsewhere. -#}
{% macro spark_moment_in_zone(timestamp, zone) -%}
    element_at(transform(
        transform(array({{ timestamp }}), local -> named_struct('local', local, 'first', to_utc_timestamp(local, {{ zone }}))),
        moment -> case
            when from_utc_timestamp(moment.first + interval 1 hour, {{ zone }}) = moment.local then moment.first + interval 1 hour
            when from_utc_timestamp(moment.first + interval 30 minutes, {{ zone }}) = moment.local then moment.first + interval 30 minutes
            else moment.first
        end
    ), 1)
{%- endmacro %}


{#- `infinity` and years that no calendar has are no dates. -#}
{% macro within_calendar(timestamp) -%}
    case when {{ timestamp }} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999998' then {{ timestamp }} end
{%- endmacro %}


{% macro number_types() %}
    {{ return(integer_types() + ['FLOAT', 'DOUBLE']) }}
{% endmacro %}


{% macro time_units() %}
    {{ return({'epoch_seconds': 1000000, 'epoch_milliseconds': 1000, 'epoch_microseconds': 1, 'spreadsheet_days': none}) }}
{% endmacro %}


{#- Spreadsheets count days since 1899-12-30 (before March 1900 they are off by one: not read), the time of day as
    a fraction; a whole number is a day. The other units count from 1970 in UTC. -#}
{% macro timestamp_of_number(number, unit, field) -%}
    {%- if unit == 'spreadsheet_days' -%}
    {%- set moment = "timestamp '1899-12-30' + " ~ microseconds(number ~ ' * 86400000', 1000) -%}
    case
        when {{ number }} not between 61 and 2958465 then null
        when {{ number }} = floor({{ number }}) then {{ moment }}
        else {{ in_business_zone(moment, field) }}
    end
    {%- else -%}
    {%- set factor = time_units()[unit] -%}
    case
        when {{ number }} between {{ -62135596800000000 // factor }} and {{ 253402300799000000 // factor }}
            then {{ from_zone_to_zone(
                "timestamp '1970-01-01' + " ~ microseconds('cast(' ~ number ~ ' as decimal(28, 6)) * ' ~ factor), 'UTC', policy('business_timezone')
            ) }}
    end
    {%- endif -%}
{%- endmacro %}


{#- A number of microseconds, or of so many at a time, rounded, as an interval. -#}
{% macro microseconds(number, at_a_time=1) -%}
    {{ adapter.dispatch('microseconds', 'retention_ledger')(number, at_a_time) }}
{%- endmacro %}

{% macro default__microseconds(number, at_a_time) -%}
    {{ 'to_milliseconds' if at_a_time == 1000 else 'to_microseconds' }}(cast(round({{ number }}) as bigint))
{%- endmacro %}

{% macro postgres__microseconds(number, at_a_time) -%}
    cast(round({{ number }}) as double precision) * interval '{{ at_a_time }} microseconds'
{%- endmacro %}

{% macro spark__microseconds(number, at_a_time) -%}
    make_dt_interval(0, 0, 0, cast(round({{ number }}) * cast({{ '0.001' if at_a_time == 1000 else '0.000001' }} as decimal(6, 6)) as decimal(18, 6)))
{%- endmacro %}


{#- The rarer spellings, taken apart and put together in the form that a cast reads: basic forms (20240501T095812),
    week dates, ordinal dates, year first with slashes or points, AM and PM, decimal commas, a zone after a space,
    as an abbreviation, as a name or in brackets. -#}
{% macro timestamp_of_spelling(text, field, offset) -%}
    {%- set plain = 'upper(' ~ plain_date(text) ~ ')' -%}
    {%- set pattern =
        '(\\d{4}[-/.]\\d\\d?[-/.]\\d\\d?|\\d{8}|\\d{4}-?W\\d\\d-?[1-7]|\\d{4}-\\d{3})'
        ~ '(?:(T|_|,?\\s+)(?:(\\d\\d?)(?::(\\d\\d)(?::(\\d\\d)(?:[.,](\\d+))?)?)?|(\\d\\d)(\\d\\d)(?:(\\d\\d)(?:[.,](\\d+))?)?)'
        ~ '\\s*(?:([AP])[.]?\\s?M(?:[.]|\\b))?'
        ~ '\\s*(?:(?:UTC|GMT|UT)?(' ~ offset ~ '|[+-]\\d(?::[0-5]\\d)?)|(Z)|([A-Z]{2,6})|([A-Z]+(?:/[A-Z0-9_+-]+)+))?(?:\\[([A-Z0-9_+/-]+)\\])?)?'
    -%}
    {%- set names = [
        'day', 'separator', 'hour', 'minute', 'second', 'fraction', 'basic_hour', 'basic_minute', 'basic_second', 'basic_fraction',
        'half', 'gap', 'zulu', 'abbreviation', 'zone', 'bracket',
    ] -%}
    case
        when {{ text }} >= '0001' and regexp_full_match({{ plain }}, '{{ pattern }}')
            then list_transform(
                list_transform(
                    [regexp_extract({{ plain }}, '^{{ pattern }}$', [{{ text_list(names) }}])],
                    lambda part: struct_insert(part, local := {{ local_time() }}, written_day := {{ written_day() }})
                ),
                lambda part: {{ timestamp_of_parts(field) }}
            )[1]
    end
{%- endmacro %}


{#- strptime turns a week or a day that the year does not have into one of the next year: read back, it differs. -#}
{% macro written_day() -%}
    case
        when contains(part.day, 'W') then
            case
                when strftime(try_strptime(part.day, ['%G-W%V-%u', '%GW%V%u']), '%GW%V%u') = replace(part.day, '-', '')
                    then strftime(try_strptime(part.day, ['%G-W%V-%u', '%GW%V%u']), '%Y-%m-%d')
            end
        when regexp_full_match(part.day, '\d{4}-\d{3}') then
            case
                when strftime(try_strptime(part.day, '%Y-%j'), '%Y-%j') = part.day
                    then strftime(try_strptime(part.day, '%Y-%j'), '%Y-%m-%d')
            end
        when regexp_full_match(part.day, '\d{8}') then part.day[:4] || '-' || part.day[5:6] || '-' || part.day[7:]
        else replace(replace(part.day, '/', '-'), '.', '-')
    end
{%- endmacro %}


{#- The time of day. 12 AM is midnight; an hour past 12 says for itself that it is PM, and 0 that it is AM. -#}
{% macro local_time() -%}
    {%- set hour = "try_cast(part.hour || part.basic_hour as integer)" -%}
    ' ' || case
        when part.half = '' then {{ hour }}
        when part.half = 'A' and {{ hour }} = 12 then 0
        when part.half = 'A' and {{ hour }} < 12 then {{ hour }}
        when part.half = 'P' and {{ hour }} between 1 and 11 then {{ hour }} + 12
        when part.half = 'P' and {{ hour }} between 12 and 23 then {{ hour }}
    end
    || ':' || coalesce(nullif(part.minute || part.basic_minute, ''), '00')
    || ':' || coalesce(nullif(part.second || part.basic_second, ''), '00')
    || '.' || coalesce(nullif(part.fraction || part.basic_fraction, ''), '0')
{%- endmacro %}


{% macro timestamp_of_parts(field) -%}
    {%- set zone = text_literal(policy('business_timezone')) -%}
    {%- set local = 'part.written_day || part.local' -%}
    case
        when part.separator = '' then try_cast(part.written_day as timestamp)
        {#- An hour alone is a time behind a T, or with AM and PM. #}
        when part.minute || part.basic_minute || part.half = '' and part.separator <> 'T' then null
        when part.gap || part.zulu || part.abbreviation || part.zone || part.bracket = ''
            then {{ in_business_zone('try_cast(' ~ local ~ ' as timestamp)', field) }}
        {#- An offset decides, as long as the zone in brackets behind it is one. #}
        when
            part.gap || part.zulu <> ''
            and (part.bracket = '' or try_cast('2024-01-01 00:00:00 ' || part.bracket as timestamptz) is not null)
            then timezone({{ zone }}, try_cast(
                {{ local }} || part.zulu || case
                    when regexp_full_match(part.gap, '[+-]\d(:\d\d)?') then part.gap[:1] || '0' || part.gap[2:]
                    else part.gap
                end as timestamptz
            ))
        when part.abbreviation <> '' and part.bracket = ''
            then timezone({{ zone }}, try_cast(
                {{ local }} || {{ offset_of_abbreviation('part.abbreviation', field) }} as timestamptz
            ))
        {#- Of names without a slash the database knows abbreviations as well, and takes BST for Bangladesh. #}
        when part.gap || part.zulu || part.abbreviation = '' and (contains(part.zone || part.bracket, '/') or part.bracket in ('UTC', 'GMT'))
            then timezone({{ zone }}, try_cast({{ local }} || ' ' || part.zone || part.bracket as timestamptz))
    end
{%- endmacro %}


{% macro offset_of_abbreviation(abbreviation, field) -%}
    case {{ abbreviation }}
        {%- for name, meaning in timezone_abbreviations(field).items() %}
        when '{{ name | upper }}' then '{{ meaning if meaning[:1] in ['+', '-'] else ' ' ~ meaning }}'
        {%- endfor %}
    end
{%- endmacro %}


{#- The formats of one's own. strptime is generous: it knows `epoch`, a format of digits alone would read 2024123 as
    3 December, %Y the year 24 in 01/03/24, and an offset may be -99:00; so all of these are checked. -#}
{% macro timestamp_in_formats(text, formats, field) -%}
    {%- set zone = text_literal(policy('business_timezone')) -%}
    {%- set tried, days, times, zoned = [], [], [], [] -%}
    {%- for format in formats -%}
        {%- set literal = text_literal(format) -%}
        {%- set has_time = modules.re.search('%-?[HIXcTRr]', format) -%}
        {%- if modules.re.fullmatch('(%[YmdHMS])+', format) -%}
            {%- set digits = format | length + 2 * format.count('%Y') -%}
            {%- set moment = 'try_strptime(' ~ text ~ ', ' ~ literal ~ ')' -%}
            {%- do tried.append(
                "case when regexp_full_match(" ~ text ~ ", '\\d{" ~ digits ~ "}') then "
                ~ (in_business_zone(moment, field) if has_time else moment) ~ ' end'
            ) -%}
        {%- elif '%Z' in format -%}
            {%- set word = "regexp_extract(" ~ text ~ ", '[A-Za-z][A-Za-z0-9_+/-]*$')" -%}
            {%- set head = "regexp_replace(" ~ text ~ ", '[A-Za-z][A-Za-z0-9_+/-]*$', '')" -%}
            {%- do tried.append(
                "timezone(" ~ zone ~ ", case when contains(" ~ word ~ ", '/') then try_strptime(" ~ text ~ ', ' ~ literal ~ ') else try_strptime('
                ~ head ~ " || " ~ offset_of_abbreviation('upper(' ~ word ~ ')', field) ~ ", " ~ literal | replace('%Z', '%z') ~ ') end)'
            ) -%}
        {%- else -%}
            {%- do (zoned if '%z' in format else times if has_time else days).append(format) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if days -%}
        {%- do tried.append('try_strptime(' ~ text ~ ', [' ~ text_list(days) ~ '])') -%}
    {%- endif -%}
    {%- if times and raw_timezone(field) == policy('business_timezone') -%}
        {%- do tried.append('try_strptime(' ~ text ~ ', [' ~ text_list(times) ~ '])') -%}
    {%- elif times -%}
        {#- A format with a time reads a day alone, too. -#}
        {%- set moment = 'try_strptime(' ~ text ~ ', [' ~ text_list(times) ~ '])' -%}
        {%- do tried.append('case when length(' ~ text ~ ') <= 10 then ' ~ moment ~ ' else ' ~ in_business_zone(moment, field) ~ ' end') -%}
    {%- endif -%}
    {%- if zoned -%}
        {%- do tried.append(
            "case when not regexp_matches(" ~ text ~ ", '\\d\\s*[+-](1[5-9]|[2-9]\\d):?[0-5]\\d$') then timezone(" ~ zone
            ~ ", try_strptime(regexp_replace(" ~ text ~ ", '(\\d\\s*)[Zz]$', '\\1+00:00'), [" ~ text_list(zoned) ~ '])) end'
        ) -%}
    {%- endif -%}
    case
        when regexp_matches({{ text }}, '\d') then list_filter(
            [coalesce({{ tried | join(', ') }})],
            lambda moment: moment between timestamp '1000-01-01' and timestamp '9999-12-31 23:59:59'
        )[1]
    end
{%- endmacro %}
