{#- JSON: an array of objects, or one object per line. A line that is no object is kept as a line that cannot be
    read; DuckDB reads the file itself where there is none. -#}
{% macro duckdb__part_of_json(name, file, number, problems) %}
    {% set text = text_of_file(name, file, number, problems) %}
    {% if not text %}
        {{ return(none) }}
    {% endif %}
    {% set is_one_value, is_many, lines, bad_lines, first_bad_line, has_mark = rows_of_query(json_facts(text.sql))[0] %}
    {% if not lines %}
        {% do problems.append(no_rows_sentence(name, place_of_file([file]))) %}
        {{ return(none) }}
    {% elif not is_one_value and not is_many and bad_lines == lines %}
        {% do problems.append(wrong_ending_sentence(name, file, 'is not JSON (line ' ~ first_bad_line ~ ' is the first that cannot be read)')) %}
        {{ return(none) }}
    {% endif %}
    {% if text.table is none and (is_one_value or is_many or bad_lines == 0) and not has_mark or text.is_packed and (is_one_value or bad_lines == 0) %}
        {% if text.table %}
            {% do run_query('drop table ' ~ text.table) %}
        {% endif %}
        {% set reader = 'read_json(' ~ text_literal(file) ~ ', maximum_depth = 1, sample_size = -1, union_by_name = true, compression = '
            ~ text_literal('gzip' if text.is_packed else 'none') ~ ')' %}
        {{ return({
            'sql': "select columns(*) ->> '$', cast(null as json) as malformed_line from " ~ reader,
            'columns': rows_of_query('describe select * from ' ~ reader) | map('first') | list, 'text_table': none,
        }) }}
    {% endif %}
    {% if not text.table %}
        {% set text = text_kept(name, number, text.sql) %}
    {% endif %}
    {% set objects = json_objects(text.sql, is_one_value) %}
    {% set columns = rows_of_query(
        'select key, min(position) from (select unnest(json_keys(object)) as key, position from (' ~ objects
        ~ ') as objects where object is not null) as keys group by key order by 2, 1'
    ) | map('first') | list %}
    {{ return({'sql': select_of_json(file, objects, columns), 'columns': columns, 'text_table': text.table}) }}
{% endmacro %}


{#- One value, many values with line ends anywhere, and how many of the lines are objects. -#}
{% macro json_facts(text) -%}
    with text_of_file as ({{ text }}),

    lines as (
        select
            unnest(split_lines) as line,
            generate_subscripts(split_lines, 1) as position
        from (select string_split(content, chr(10)) as split_lines from text_of_file) as split_text
    ),

    judged as (
        select
            position,
            coalesce(json_valid(line) and json_type(case when json_valid(line) then line end) = 'OBJECT', false) as is_object
        from lines
        where trim(line, e' \t\r') <> ''
    )

    select
        (select json_valid(content) from text_of_file),
        (select json_valid('[' || regexp_replace(content, '\}\s*\{', '},{', 'g') || ']') and starts_with(ltrim(content), '{') from text_of_file),
        count(*),
        count(*) filter (where not is_object),
        min(position) filter (where not is_object),
        (select starts_with(content, chr(65279)) or contains(content, chr(0)) from text_of_file)
    from judged
{%- endmacro %}


{% macro json_objects(text, is_one_value) -%}
    {%- if is_one_value -%}
    select
        unnest(objects) as object,
        generate_subscripts(objects, 1) as position,
        cast(null as varchar) as line
    from (
        select case when json_type(content) = 'ARRAY' then cast(content as json[]) else [cast(content as json)] end as objects
        from ({{ text }}) as text_of_file
    ) as one_value
    {%- else -%}
    select
        case when json_valid(line) then case when json_type(line) = 'OBJECT' then cast(line as json) end end as object,
        position,
        line
    from (
        select
            unnest(split_lines) as line,
            generate_subscripts(split_lines, 1) as position
        from (select string_split(content, chr(10)) as split_lines from ({{ text }}) as text_of_file) as split_text
    ) as lines
    where trim(line, e' \t\r') <> ''
    {%- endif -%}
{%- endmacro %}


{% macro select_of_json(file, objects, columns) -%}
    select
        {%- for column in columns %}
        json_extract_string(object, {{ text_literal('/' ~ column | replace('~', '~0') | replace('/', '~1')) }}) as {{ quoted_name(column) }},
        {%- endfor %}
        case
            when object is null
                then json_object('file', {{ text_literal(file) }}, 'line', position, 'text', trim(line, e'\r'), 'fault', 'no JSON object')
        end as malformed_line
    from ({{ objects }}) as objects
{%- endmacro %}
