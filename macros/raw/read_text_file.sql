{#- Delimited text, read strictly. What a line is, and what a field, is said by patterns: a field is quoted from its
    first to its last character, quotes within it doubled, or has no quote at its start; a record is fields with
    delimiters between them, up to a line end that is not quoted. Whatever does not match is a line that cannot be
    read, and the next line starts afresh. -#}

{#- How one file is read: SQL, its columns, and the table that its text is kept in if it cannot be read directly. -#}
{% macro duckdb__part_of_text(name, file, number, problems) %}
    {% set format = raw_file_format(name) %}
    {% set text = text_of_file(name, file, number, problems) %}
    {% if not text %}
        {{ return(none) }}
    {% endif %}
    {% set start, has_line_feed = rows_of_query(
        'select left(content, 200000), contains(content, chr(10)) from (' ~ text.sql ~ ') as text_of_file'
    )[0] %}
    {% set needs_sql = text.table is not none and not text.is_packed %}
    {% if not has_line_feed and '\r' in start %}
        {% set text = text_kept(name, number ~ '_lines', 'select replace(content, chr(13), chr(10)) as content from (' ~ text.sql ~ ') as text_of_file') %}
        {% set start, needs_sql = start | replace('\r', '\n'), true %}
    {% endif %}

    {% set dialect = dialect_of_text(name, file, start, text, problems) %}
    {% if not dialect %}
        {{ return(none) }}
    {% endif %}
    {% if not needs_sql and is_read_by_duckdb(text, dialect) %}
        {% if text.table %}
            {% do run_query('drop table ' ~ text.table) %}
        {% endif %}
        {{ return({'sql': select_by_duckdb(file, dialect, text.is_packed), 'columns': dialect.columns, 'text_table': none}) }}
    {% endif %}
    {% if not text.table %}
        {% set text = text_kept(name, number, text.sql) %}
    {% endif %}
    {{ return({'sql': select_by_patterns(file, text, dialect), 'columns': dialect.columns, 'text_table': text.table}) }}
{% endmacro %}


{#- The delimiter and the columns. Of several delimiters that split the header, the one stands with which most
    lines of the whole file have as many fields. -#}
{% macro dialect_of_text(name, file, start, text, problems) %}
    {% set format = raw_file_format(name) %}
    {% set quote = format.quote or '' %}
    {% set start = modules.re.sub('\\A(?:[ \t]*\r?\n)+', '', start) %}
    {% set says_delimiter = modules.re.match('"?sep=(.)"?[ \t]*\r?\n', start) %}
    {% if says_delimiter %}
        {% set start = start[says_delimiter.end():] %}
    {% endif %}
    {% set choices = [format.delimiter] if format.delimiter else ([says_delimiter.group(1)] if says_delimiter else [',', ';', '\t', '|']) %}
    {% set dialects = [] %}
    {% for delimiter in choices %}
        {% set dialect = {
            'delimiter': delimiter, 'quote': quote, 'escape': format.escape or quote, 'has_header': format.header,
            'skipped': (1 if says_delimiter else 0) + (1 if format.header else 0), 'says_delimiter': says_delimiter is not none,
        } %}
        {% set first = modules.re.match(any_record(dialect) ~ '(?=\r?\n|\r?\\Z)', start) %}
        {% if first %}
            {% set header = [] %}
            {% for field in modules.re.findall(regex_character(delimiter) ~ '(' ~ field_pattern(dialect) ~ ')', delimiter ~ first.group(0).rstrip('\r')) %}
                {% do header.append(plain_field(field, dialect)) %}
            {% endfor %}
            {% do dialect.update({'columns': format.columns or header, 'header': header}) %}
            {% do dialects.append(dialect) if header | length > 1 or choices | length == 1 %}
        {% endif %}
    {% endfor %}
    {% if not dialects and format.columns is none and modules.re.match('[^,;\t|\r\n]*(?:\r?\n|\r?\\Z)', start) %}
        {#- A single column, which no delimiter splits. -#}
        {% set only = plain_field(start.split('\n')[0].rstrip('\r'), {'quote': quote, 'escape': quote}) %}
        {% do dialects.append({
            'delimiter': ',', 'quote': quote, 'escape': format.escape or quote, 'has_header': format.header, 'skipped': 1,
            'says_delimiter': false, 'columns': [only], 'header': [only],
        }) %}
    {% endif %}
    {% if not dialects %}
        {% do problems.append(
            "The first line of the file '" ~ file ~ "' for the raw " ~ name ~ ' cannot be read: ' ~ start.split('\n')[0][:200] | trim
            ~ '. Is it the header, with each quote closed? The var raw_file_formats says what the delimiter, the quote and the columns are.'
        ) %}
        {{ return(none) }}
    {% endif %}
    {% if dialects | length > 1 %}
        {% set ranked = [] %}
        {% for dialect in dialects %}
            {% do ranked.append((whole_records(text, dialect), dialect)) %}
        {% endfor %}
        {% set ranked = ranked | sort(attribute='0', reverse=true) %}
        {% if ranked[0][0] == ranked[1][0] %}
            {% do problems.append(
                "The file '" ~ file ~ "' for the raw " ~ name ~ ' can be split by ' ~ name_of_delimiter(ranked[0][1].delimiter) ~ ' and by '
                ~ name_of_delimiter(ranked[1][1].delimiter) ~ '. Say which it is in the var raw_file_formats: {' ~ name ~ ': {delimiter: ...}}.'
            ) %}
            {{ return(none) }}
        {% endif %}
        {% set dialects = [ranked[0][1]] %}
    {% endif %}
    {% set dialect = dialects[0] %}
    {% if format.columns and format.header and dialect.header | length != format.columns | length %}
        {% do problems.append(
            'The var raw_file_formats names ' ~ format.columns | length ~ ' columns for the raw ' ~ name ~ ", and the header of the file '" ~ file
            ~ "' has " ~ dialect.header | length ~ ': ' ~ dialect.header | join(' | ') ~ '. Name each of them.'
        ) %}
        {{ return(none) }}
    {% endif %}
    {{ return(dialect) }}
{% endmacro %}


{% macro name_of_delimiter(delimiter) %}
    {{ return({',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe'}[delimiter]) }}
{% endmacro %}


{#- A character in a pattern, also within brackets. -#}
{% macro regex_character(character) %}
    {{ return('\\t' if character == '\t' else (character if character.isalnum() or character == ' ' else '\\' ~ character)) }}
{% endmacro %}


{#- A field. Spaces around quotes are not part of it. `never`: characters that may not stand in it at all. -#}
{% macro field_pattern(dialect, never='') %}
    {% set delimiter = regex_character(dialect.delimiter) %}
    {% if not dialect.quote %}
        {{ return('[^' ~ delimiter ~ '\\n' ~ never ~ ']*') }}
    {% endif %}
    {% set quote = regex_character(dialect.quote) %}
    {% set spaces, space = ('', '') if dialect.delimiter == ' ' else (' *', ' ') %}
    {% set zero = '\\x00' if never else '' %}
    {% set quoted = '(?:[^' ~ quote ~ zero ~ ']|' ~ quote ~ quote ~ ')*' %}
    {% if dialect.escape == '\\' %}
        {% set quoted = '(?:[^\\\\' ~ quote ~ ']|\\\\[\\s\\S]|' ~ quote ~ quote ~ ')*' %}
    {% endif %}
    {{ return(
        '(?:' ~ spaces ~ quote ~ quoted ~ quote ~ spaces
        ~ '|' ~ spaces ~ '[^' ~ quote ~ delimiter ~ space ~ '\\n' ~ never ~ '][^' ~ delimiter ~ '\\n' ~ never ~ ']*|' ~ spaces ~ ')'
    ) }}
{% endmacro %}


{% macro any_record(dialect) %}
    {% set field = field_pattern(dialect) %}
    {{ return(field ~ '(?:' ~ regex_character(dialect.delimiter) ~ field ~ ')*') }}
{% endmacro %}


{% macro whole_record(dialect, never='') %}
    {% set field = field_pattern(dialect, never) %}
    {% set others = dialect.columns | length - 1 %}
    {{ return(field ~ ('(?:' ~ regex_character(dialect.delimiter) ~ field ~ '){' ~ others ~ '}' if others else '')) }}
{% endmacro %}


{#- The same as `select_by_patterns` does, for a header. -#}
{% macro plain_field(field, dialect) %}
    {% set field = field.strip(' ') %}
    {% if dialect.quote and field.startswith(dialect.quote) and field | length > 1 %}
        {% set field = field[1:-1] | replace(dialect.quote ~ dialect.quote, dialect.quote) %}
    {% endif %}
    {{ return(field | trim) }}
{% endmacro %}


{#- SQL: the records of a text, as they stand, in order. -#}
{% macro records_of_text(text, dialect) -%}
    select
        unnest(records) as record,
        generate_subscripts(records, 1) as position
    from (
        select regexp_extract_all(content, {{ text_literal('(?:' ~ any_record(dialect) ~ ')\\r?(?:\\n|\\z)|[^\\n]*(?:\\n|\\z)') }}) as records
        from ({{ text.sql }}) as text_of_file
    ) as split_text
{%- endmacro %}


{% macro whole_records(text, dialect) %}
    {{ return(rows_of_query(
        'select count(*) from (' ~ records_of_text(text, dialect) ~ ') as records where regexp_full_match(record, '
        ~ text_literal(whole_record(dialect) ~ '\\r?\\n?') ~ ')'
    )[0][0]) }}
{% endmacro %}


{#- Whether each line is whole and written in a way in which DuckDB's own reader is right: fast, and true of nearly
    every file. It loses what follows a quote that is never closed, and stops at a mixture of line ends. -#}
{% macro is_read_by_duckdb(text, dialect) %}
    {% if dialect.columns | length == 1 or dialect.says_delimiter or dialect.escape != dialect.quote or dialect.delimiter == ' ' %}
        {{ return(false) }}
    {% endif %}
    {% set record = whole_record(dialect, '\\r\\x00') %}
    {% set pattern = '(?:' ~ record ~ '\\n)*(?:' ~ record ~ ')?\\n*|(?:' ~ record ~ '\\r\\n)*(?:' ~ record ~ ')?(?:\\r\\n)*' %}
    {{ return(rows_of_query(
        'select regexp_full_match(content, ' ~ text_literal(pattern) ~ ') from (' ~ text.sql ~ ') as text_of_file'
    )[0][0]) }}
{% endmacro %}


{% macro select_by_duckdb(file, dialect, is_packed) -%}
    select
        {%- for column in dialect.columns %}
        {{ quoted_name(column) }},
        {%- endfor %}
        cast(null as json) as malformed_line
    from read_csv(
        {{ text_literal(file) }}, auto_detect = false, header = {{ dialect.has_header | string | lower }},
        columns = { {%- for column in dialect.columns %}{{ text_literal(column) }}: 'varchar'{{ ', ' if not loop.last }}{% endfor -%} },
        delim = {{ text_literal(dialect.delimiter) }}, quote = {{ text_literal(dialect.quote) }}, escape = {{ text_literal(dialect.quote) }},
        nullstr = '', allow_quoted_nulls = true, strict_mode = {{ 'false' if is_packed else 'true' }}, parallel = false,
        compression = '{{ 'gzip' if is_packed else 'none' }}', max_line_size = 33554432, buffer_size = 67108864
    )
{%- endmacro %}


{% macro quoted_name(name) %}
    {{ return('"' ~ name | replace('"', '""') ~ '"') }}
{% endmacro %}


{#- Blank lines are no rows. A line that is not whole is kept as it stands, with its number and its fault. -#}
{% macro select_by_patterns(file, text, dialect) -%}
    {%- set field = regex_character(dialect.delimiter) ~ '(' ~ field_pattern(dialect) ~ ')' -%}
    {%- set blank = '[ ' ~ ('\\t' if dialect.delimiter != '\t') ~ ']*\\r?\\n?' -%}
    select
        {%- for column in dialect.columns %}
        case when is_whole then nullif(fields[{{ loop.index }}], '') end as {{ quoted_name(column) }},
        {%- endfor %}
        case
            when not is_whole
                then json_object(
                    'file', {{ text_literal(file) }}, 'line', line, 'text', record,
                    'fault', case
                        when contains(record, chr(0)) then 'a zero byte'
                        when regexp_full_match(record, {{ text_literal(any_record(dialect)) }})
                            then len(fields) || ' fields instead of {{ dialect.columns | length }}'
                        else 'a quote that is not closed, or text after a closing quote'
                    end
                )
        end as malformed_line
    from (
        select
            line,
            record,
            regexp_full_match(record, {{ text_literal(whole_record(dialect)) }}) and not contains(record, chr(0)) as is_whole,
            {%- if dialect.quote %}
            case
                when not contains(record, {{ text_literal(dialect.quote) }}) then string_split(record, {{ text_literal(dialect.delimiter) }})
                else list_transform(
                    regexp_extract_all({{ text_literal(dialect.delimiter) }} || record, {{ text_literal(field) }}, 1),
                    lambda field: case
                        when starts_with(ltrim(field, ' '), {{ text_literal(dialect.quote) }})
                        {%- set inner = "substr(trim(field, ' '), 2, length(trim(field, ' ')) - 2)" %}
                        {%- if dialect.escape == '\\' %}
                            then regexp_replace({{ inner }}, {{ text_literal('\\\\([\\s\\S])|' ~ regex_character(dialect.quote) ~ '(' ~ regex_character(dialect.quote) ~ ')') }}, '\1\2', 'g')
                        {%- else %}
                            then replace({{ inner }}, {{ text_literal(dialect.quote ~ dialect.quote) }}, {{ text_literal(dialect.quote) }})
                        {%- endif %}
                        else field
                    end
                )
            end as fields
            {%- else %}
            string_split(record, {{ text_literal(dialect.delimiter) }}) as fields
            {%- endif %}
        from (
            select
                line,
                regexp_replace(record, '\r?\n?\z', '') as record,
                row_number() over (order by position) as row_position
            from (
                select
                    record,
                    position,
                    1 + coalesce(
                        sum(length(record) - length(replace(record, chr(10), '')))
                            over (order by position rows between unbounded preceding and 1 preceding),
                        0
                    ) as line
                from ({{ records_of_text(text, dialect) }}) as records
            ) as numbered_records
            where not regexp_full_match(record, {{ text_literal(blank) }})
        ) as filled_records
        where row_position > {{ dialect.skipped }}
    ) as judged_records
{%- endmacro %}
