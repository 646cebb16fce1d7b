{#- The text of a file, whatever its encoding: SQL for one row with a column `content`, and the table that holds it
    where it is not the file itself. None, and a problem more, where it cannot be read. -#}
{% macro text_of_file(name, file, number, problems) %}
    {% set encoding = raw_file_format(name).encoding %}
    {% set is_packed = (file | lower).endswith('.gz') %}
    {% set bytes = 'read_blob(' ~ text_literal(file) ~ ')' %}
    {% set size, magic = rows_of_query('select size, hex(content[1:4]) from ' ~ bytes)[0] %}
    {% set what = kind_by_magic(magic) %}
    {% if size == 0 %}
        {% do problems.append(no_rows_sentence(name, place_of_file([file]))) %}
        {{ return(none) }}
    {% elif size > 4000000000 %}
        {% do problems.append(
            "The file '" ~ file ~ "' for the raw " ~ name ~ ' is larger than 4 GB, more than can be looked at as one text. Split it (raw_files '
            ~ 'takes a list of files), or save it as Parquet.'
        ) %}
        {{ return(none) }}
    {% elif (what or '') != ('is packed (gzip)' if is_packed else '') %}
        {% do problems.append(wrong_ending_sentence(name, file, what or 'is not packed (gzip)')) %}
        {{ return(none) }}
    {% elif is_packed %}
        {{ return(text_of_packed_file(name, file, number, encoding, problems)) }}
    {% endif %}

    {% set is_utf_8, has_other_letters = rows_of_query(
        'select content is not null, strlen(content) > length(content) from (select try(decode(content)) as content from ' ~ bytes ~ ') as decoded'
    )[0] %}
    {% set has_zero_bytes = '00' in [magic[0:2], magic[2:4]] and '00' in [magic[4:6], magic[6:8]] %}
    {% if magic.startswith('FFFE') or magic.startswith('FEFF') %}
        {% set encoding = 'utf-16-le' if magic.startswith('FFFE') else 'utf-16-be' %}
    {% elif is_utf_8 and encoding in ['latin-1', 'windows-1252'] and has_other_letters %}
        {% do problems.append(
            "The file '" ~ file ~ "' for the raw " ~ name ~ ' is in UTF-8, and the var raw_file_formats says ' ~ encoding
            ~ '. Leave `encoding` out for it.'
        ) %}
        {{ return(none) }}
    {% elif has_zero_bytes and encoding not in ['utf-16', 'utf-16-le', 'utf-16-be'] %}
        {% do problems.append(encoding_sentence(
            name, file, 'UTF-16 without a byte order mark', 'utf-16-be' if magic.startswith('00') else 'utf-16-le'
        )) %}
        {{ return(none) }}
    {% elif is_utf_8 and encoding not in ['utf-16', 'utf-16-le', 'utf-16-be'] %}
        {% set mark = 'ltrim(decode(content), chr(65279))' if magic.startswith('EFBBBF') else 'decode(content)' %}
        {{ return({'sql': 'select ' ~ mark ~ ' as content from ' ~ bytes, 'table': none, 'is_packed': false}) }}
    {% elif encoding in [none, 'utf-8'] %}
        {% do problems.append(encoding_sentence(
            name, file, 'Windows-1252, in which its first such word is `' ~ first_word_not_in_utf_8(bytes) ~ '`', 'windows-1252'
        )) %}
        {{ return(none) }}
    {% endif %}

    {% if encoding in ['latin-1', 'windows-1252'] %}
        {% set codes = rows_of_query(
            'select distinct unnest(codes) as code from (select regexp_extract_all(cast(content as varchar), '
            ~ text_literal('\\\\x([0-9A-F]{2})') ~ ', 1) as codes from ' ~ bytes ~ ') as found order by 1'
        ) | map('first') | list %}
        {% set unknown = codes | select('in', ['81', '8D', '8F', '90', '9D']) | list if encoding == 'windows-1252' else [] %}
        {% if unknown %}
            {% do problems.append(
                "The file '" ~ file ~ "' for the raw " ~ name ~ ' is not in Windows-1252: it has the byte ' ~ unknown[0]
                ~ ', which stands for nothing there. Find out how it was saved, or save it as UTF-8.'
            ) %}
            {{ return(none) }}
        {% endif %}
        {% set decoded = text_of_single_bytes(codes, encoding) %}
    {% else %}
        {% set decoded = text_of_utf_16(encoding) %}
    {% endif %}
    {{ return(text_kept(name, number, 'select ' ~ decoded ~ ' as content from ' ~ bytes)) }}
{% endmacro %}


{% macro encoding_sentence(name, file, likely, encoding) %}
    {{ return(
        "The file '" ~ file ~ "' for the raw " ~ name ~ ' is not in UTF-8. It looks like ' ~ likely ~ '. If that is right, set the var raw_file_formats: {'
        ~ name ~ ': {encoding: ' ~ encoding ~ '}}, or save the file as UTF-8.'
    ) }}
{% endmacro %}


{#- What the first bytes of a file say that it is, where that is no text. -#}
{% macro kind_by_magic(magic) %}
    {% set kinds = {
        '504B0304': 'is a workbook or another ZIP archive', 'D0CF11E0': 'is an old workbook (.xls)', '50415231': 'is a Parquet file',
        '25504446': 'is a PDF',
    } %}
    {{ return('is packed (gzip)' if magic.startswith('1F8B') else kinds.get(magic)) }}
{% endmacro %}


{#- Text that had to be decoded is kept in a table while the file is being read. -#}
{% macro text_kept(name, number, sql) %}
    {% set relation = landed_file('text_' ~ number ~ '_of_' ~ name) %}
    {% do run_query('create or replace table ' ~ relation ~ ' as ' ~ sql) %}
    {{ return({'sql': 'select content from ' ~ relation, 'table': relation, 'is_packed': false}) }}
{% endmacro %}


{#- A packed file is read line by line, by a reader of CSV that is told of no delimiter and no quote: nothing else
    unpacks on DuckDB. It takes a carriage return for a line end. -#}
{% macro text_of_packed_file(name, file, number, encoding, problems) %}
    {% if encoding not in [none, 'utf-8'] %}
        {% do problems.append(
            "The file '" ~ file ~ "' for the raw " ~ name ~ ' is packed, and packed files are read in UTF-8 only, not in ' ~ encoding ~ '. Unpack it.'
        ) %}
        {{ return(none) }}
    {% endif %}
    {% set reader %}
        read_csv(
            {{ text_literal(file) }}, auto_detect = false, header = false, columns = {'line': 'varchar'}, delim = {{ text_literal('\x02\x03\x02\x03') }},
            quote = '', escape = '', nullstr = '', strict_mode = false, parallel = false, compression = 'gzip',
            max_line_size = 33554432, buffer_size = 67108864
    {% endset %}
    {% for rejects in ['ledger_reject_errors', 'ledger_reject_scans'] %}
        {% do run_query('drop table if exists temp.' ~ rejects) %}
    {% endfor %}
    {% do run_query(
        'select count(line) from ' ~ reader ~ ", store_rejects = true, rejects_table = 'ledger_reject_errors', rejects_scan = 'ledger_reject_scans', rejects_limit = 1)"
    ) %}
    {% if rows_of_query('select 1 from temp.ledger_reject_errors') %}
        {% do problems.append(
            "The file '" ~ file ~ "' for the raw " ~ name ~ ' is not in UTF-8. Packed files are read in UTF-8 only: unpack it, and set the var raw_file_formats: {'
            ~ name ~ ': {encoding: windows-1252}} if that is what it is in.'
        ) %}
        {{ return(none) }}
    {% endif %}
    {% set text = text_kept(
        name, number, 'select ltrim(string_agg(coalesce(line, ' ~ text_literal('') ~ '), chr(10)), chr(65279)) as content from ' ~ reader ~ ')'
    ) %}
    {% do text.update({'is_packed': true}) %}
    {{ return(text) }}
{% endmacro %}


{#- A word around the first byte that is not UTF-8, read as Windows-1252. -#}
{% macro first_word_not_in_utf_8(bytes) %}
    {% set word = rows_of_query(
        'select regexp_extract(cast(content as varchar), ' ~ text_literal('[A-Za-z]{0,20}\\\\x[89A-F][0-9A-F](?:[A-Za-z]|\\\\x[89A-F][0-9A-F]){0,20}') ~ ') from ' ~ bytes
    )[0][0] %}
    {% set read = namespace(word=word) %}
    {% for code in modules.re.findall('\\\\x([0-9A-F]{2})', word) | unique %}
        {% set read.word = read.word | replace('\\x' ~ code, '%c' | format(code_point(code, 'windows-1252'))) %}
    {% endfor %}
    {{ return(read.word) }}
{% endmacro %}


{#- The character that a byte stands for. -#}
{% macro code_point(code, encoding) %}
    {% set others = {
        '80': 8364, '82': 8218, '83': 402, '84': 8222, '85': 8230, '86': 8224, '87': 8225, '88': 710, '89': 8240, '8A': 352, '8B': 8249,
        '8C': 338, '8E': 381, '91': 8216, '92': 8217, '93': 8220, '94': 8221, '95': 8226, '96': 8211, '97': 8212, '98': 732, '99': 8482,
        '9A': 353, '9B': 8250, '9C': 339, '9E': 382, '9F': 376,
    } if encoding == 'windows-1252' else {} %}
    {{ return(others.get(code) or code | int(base=16)) }}
{% endmacro %}


{#- DuckDB writes bytes as text with \xFC for whatever is not a plain letter; each of these that occurs is put
    back. The backslash itself comes last, or text that was written like that would be taken for a byte. -#}
{% macro text_of_single_bytes(codes, encoding) %}
    {% set decoded = namespace(sql='cast(content as varchar)') %}
    {% for code in codes | reject('equalto', '5C') | list + ['5C'] %}
        {% set decoded.sql = 'replace(' ~ decoded.sql ~ ', ' ~ text_literal('\\x' ~ code) ~ ', chr(' ~ code_point(code, encoding) ~ '))' %}
    {% endfor %}
    {{ return(decoded.sql) }}
{% endmacro %}


{#- Two bytes are a character, or four where the first two say so; half of such a pair alone is no character. -#}
{% macro text_of_utf_16(encoding) %}
    {% set first, second = (1, 3) if encoding == 'utf-16-be' else (3, 1) %}
    {% set any, high, low = '[0-9A-F]{2}', 'D[89AB]', 'D[C-F]' %}
    {% set pair = high ~ any ~ low ~ any if encoding == 'utf-16-be' else any ~ high ~ any ~ low %}
    {%- set unit = "cast('0x' || unit[" ~ first ~ ":" ~ (first + 1) ~ "] || unit[" ~ second ~ ":" ~ (second + 1) ~ "] as integer)" -%}
    {%- set next_unit = unit | replace('unit[' ~ first ~ ':' ~ (first + 1) ~ ']', 'unit[' ~ (first + 4) ~ ':' ~ (first + 5) ~ ']')
        | replace('unit[' ~ second ~ ':' ~ (second + 1) ~ ']', 'unit[' ~ (second + 4) ~ ':' ~ (second + 5) ~ ']') -%}
    {% set decoded %}
        ltrim(array_to_string(list_transform(
            regexp_extract_all(hex(content), '{{ pair }}|[0-9A-F]{4}'),
            lambda unit: case
                when length(unit) = 8 then chr(65536 + ({{ unit }} - 55296) * 1024 + {{ next_unit }} - 56320)
                when {{ unit }} between 55296 and 57343 then chr(65533)
                else chr({{ unit }})
            end
        ), ''), chr(65279))
    {% endset %}
    {{ return(decoded) }}
{% endmacro %}
