{#- A raw value as an amount of up to ten thousand million million with all its decimals, null where it cannot be
    read. Not rounded here: see rounded_amount.

    field    table.column: its decimal separator and its texts for "no value"
    text     its cleaned text, a column of the step before -#}
{% macro parse_amount(column, field, text) -%}
    {{ adapter.dispatch('parse_number', 'retention_ledger')(column, field, text, amount_type()) }}
{%- endmacro %}


{% macro amount_type() %}
    {{ return('decimal(24, 8)') }}
{% endmacro %}


{#- A raw exchange rate, read like an amount, with more decimals and without a currency sign. -#}
{% macro parse_rate(column, field, text) -%}
    {{ adapter.dispatch('parse_number', 'retention_ledger')(column, field, text, 'decimal(18, 10)', false) }}
{%- endmacro %}


{#- The same as parse_amount, rounded once, half away from zero, to the decimals that the currency has. Few
    decimals are read at once: to round a wide decimal costs five times as much as to read it. -#}
{% macro parse_rounded_amount(column, field, currency, text) -%}
    {{ adapter.dispatch('parse_rounded', 'retention_ledger')(column, field, text, currency) }}
{%- endmacro %}

{% macro default__parse_rounded(column, field, text, currency) -%}
    {{ rounded_amount(parse_amount(column, field, text), currency) }}
{%- endmacro %}

{% macro duckdb__parse_rounded(column, field, text, currency) -%}
    {%- set at_most_pence = [] -%}
    {%- for width in range(1, 20) -%}
        {%- for scale in range(3) %}{% do at_most_pence.append('DECIMAL(' ~ width ~ ',' ~ scale ~ ')') %}{% endfor -%}
    {%- endfor -%}
    case
        when typeof({{ column }}) in ({{ text_list(integer_types() + at_most_pence) }}) then try_cast({{ column }} as decimal(19, 3))
        {%- if decimal_separator(field) == '.' %}
        when typeof({{ column }}) = 'VARCHAR' and regexp_full_match({{ text }}, '[-£$€]?\d{1,16}(\.\d{1,2})?')
            then try_cast(ltrim({{ text }}, '£$€') as decimal(19, 3))
        {%- endif %}
        else list_transform(
            [{{ parse_amount(column, field, text) }}], lambda amount: {{ rounded_amount('amount', currency) }}
        )[1]
    end
{%- endmacro %}


{% macro rounded_amount(amount, currency) -%}
    cast(
        case
            when {{ currency }} in ({{ text_list(currencies_with_three_decimals()) }}) then cast({{ amount }} as decimal(24, 3))
            else cast({{ amount }} as decimal(24, 2))
        end as decimal(24, 3)
    )
{%- endmacro %}


{#- What an amount says about its currency: the signs and codes in it, upper case, with a space between; null where
    there are none, or where the amount is no text. -#}
{% macro amount_currency(column, text) -%}
    {{ adapter.dispatch('amount_currency', 'retention_ledger')(column, text) }}
{%- endmacro %}

{% macro default__amount_currency(column, text) -%}
    cast(null as {{ dbt.type_string() }})
{%- endmacro %}

{% macro duckdb__amount_currency(column, text) -%}
    case
        when typeof({{ column }}) not in ({{ text_list(['VARCHAR'] + integer_types()) }}) or regexp_full_match({{ text }}, '[-0-9., ]+') then null
        else nullif(replace(array_to_string(regexp_extract_all(upper({{ text }}), '{{ currency_pattern() }}'), ' '), '.', ''), '')
    end
{%- endmacro %}


{% macro postgres__amount_currency(column, text) -%}
    {%- set signs = "regexp_matches(" ~ upper_case(text) ~ ", '" ~ currency_pattern() ~ "', 'g')" -%}
    case
        when {{ type_of(column) }} not in ('text', 'character varying', 'character', 'smallint', 'integer', 'bigint') or {{ text }} ~ '^[-0-9., ]+$' then null
        else nullif(replace(array_to_string(array(select signs.found[1] from {{ signs }} as signs (found)), ' '), '.', ''), '')
    end
{%- endmacro %}

{% macro redshift__amount_currency(column, text) -%}
    {{ default__amount_currency(column, text) }}
{%- endmacro %}

{% macro spark__amount_currency(column, text) -%}
    case
        when typeof({{ column }}) not in ('string', 'tinyint', 'smallint', 'int', 'bigint') or {{ text }} rlike '^[-0-9., ]+$' then null
        else nullif(replace(array_join(regexp_extract_all({{ upper_case(text) }}, '{{ currency_pattern() }}', 0), ' '), '.', ''), '')
    end
{%- endmacro %}


{% macro default__parse_number(column, field, text, type, may_name_currency=true) -%}
    {{ cast_or_null(text, type) }}
{%- endmacro %}

{#- The type of a column is known before the query runs: the branches for other types cost nothing. A plain number
    is read at once; what else is written around it (groups, signs, brackets, currencies) only where it stands there. -#}
{% macro duckdb__parse_number(column, field, text, type, may_name_currency=true) -%}
    {%- set point = decimal_separator(field) -%}
    {#- A currency is one character that no text has. -#}
    {%- set sign = '\ue000?' if may_name_currency else '' -%}
    {%- set spellings = amount_spellings(sign, point) -%}
    {#- Every space is a space, every minus a minus. -#}
    {%- set plain = "upper(translate(" ~ text ~ ", '" ~ amount_spaces() ~ "\u2019\u2212\u2013\u2014', '" ~ ' ' * (amount_spaces() | length) ~ "''---'))" -%}
    {%- set unified = "regexp_replace(" ~ plain ~ ", '" ~ currency_pattern() ~ "', '\ue000', 'g')" -%}
    {#- 12.- and 12.– are whole francs, not below 0. -#}
    {%- set bare = "regexp_replace(" ~ unified ~ ", '(\\d)[" ~ point ~ "]--?', '\\1')" -%}
    {%- set digits = "replace(regexp_replace(" ~ bare ~ ", '[^0-9" ~ point ~ "]', '', 'g'), '" ~ point ~ "', '.')" -%}
    case
        when typeof({{ column }}) in ({{ text_list(integer_types()) }}) or typeof({{ column }}) like 'DECIMAL%'
            then try_cast({{ column }} as {{ type }})
        {#- A large binary number keeps its digits only as text. #}
        when typeof({{ column }}) = 'DOUBLE'
            then case
                when try_cast({{ column }} as double) between -1000000 and 1000000 then try_cast({{ column }} as {{ type }})
                else try_cast(cast({{ column }} as varchar) as {{ type }})
            end
        when typeof({{ column }}) = 'FLOAT'
            then try_cast(cast({{ column }} as varchar) as {{ type }})
        when typeof({{ column }}) <> 'VARCHAR' and typeof({{ column }}) not like 'ENUM%' and typeof({{ column }}) <> 'JSON'
            then null
        {%- if point == '.' %}
        when regexp_full_match({{ text }}, '-?\d+(\.\d+)?')
            then try_cast({{ text }} as {{ type }})
        {%- endif %}
        when regexp_full_match({{ unified }}, '{{ spellings | join('|') }}')
            then try_cast(
                case when regexp_matches({{ bare }}, '[(-]') then '-' else '' end || {{ digits }} as {{ type }}
            )
    end
{%- endmacro %}

{#- Regular expressions here know \\d too, and mean the digits of every script by it. -#}
{% macro postgres__parse_number(column, field, text, type, may_name_currency=true) -%}
    {%- set point = decimal_separator(field) -%}
    {%- set whole_digits, scale = {amount_type(): [16, 8]}.get(type, [8, 10]) -%}
    {%- set sign = '\ue000?' if may_name_currency else '' -%}
    {%- set plain = "translate(" ~ upper_case(text) ~ ", '" ~ amount_spaces() ~ "\u2019\u2212\u2013\u2014', '" ~ ' ' * (amount_spaces() | length) ~ "''---')" -%}
    {%- set unified = "regexp_replace(" ~ plain ~ ", '" ~ currency_pattern() ~ "', '\ue000', 'g')" -%}
    {%- set bare = "regexp_replace(" ~ unified ~ ", '([0-9])[" ~ point ~ "]--?', '\\1')" -%}
    {%- set digits = "replace(regexp_replace(" ~ bare ~ ", '[^0-9" ~ point ~ "]', '', 'g'), '" ~ point ~ "', '.')" -%}
    {%- set number = reading_function('number') -%}
    case
        when {{ type_of(column) }} in ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision')
            then {{ number }}(cast({{ column }} as text), {{ whole_digits }}, {{ scale }})
        when {{ type_of(column) }} in ('boolean', 'date', 'timestamp without time zone', 'timestamp with time zone', 'interval', 'uuid', 'bytea')
            then null
        {%- if point == '.' %}
        when {{ text }} ~ '^-?[0-9]+([.][0-9]+)?$'
            then {{ number }}({{ text }}, {{ whole_digits }}, {{ scale }})
        {%- endif %}
        when {{ unified }} ~ '^(?:{{ amount_spellings(sign, point) | join('|') | replace('\\d', '[0-9]') }})$'
            then {{ number }}(case when {{ bare }} ~ '[(-]' then '-' else '' end || {{ digits }}, {{ whole_digits }}, {{ scale }})
    end
{%- endmacro %}

{% macro redshift__parse_number(column, field, text, type, may_name_currency=true) -%}
    {{ default__parse_number(column, field, text, type, may_name_currency) }}
{%- endmacro %}


{#- The type of a column is known before the query runs. A number is read from its text, because a cast of another type
    would be refused in a branch that is never come to as well. -#}
{% macro spark__parse_number(column, field, text, type, may_name_currency=true) -%}
    {%- set point = decimal_separator(field) -%}
    {%- set sign = '\ue000?' if may_name_currency else '' -%}
    {%- set plain = "translate(" ~ upper_case(text) ~ ", '" ~ amount_spaces() ~ "\u2019\u2212\u2013\u2014', '" ~ ' ' * (amount_spaces() | length) ~ "\\'---')" -%}
    {%- set unified = "regexp_replace(" ~ plain ~ ", '" ~ currency_pattern() ~ "', '\ue000')" -%}
    {%- set bare = "regexp_replace(" ~ unified ~ ", '([0-9])[" ~ point ~ "]--?', '$1')" -%}
    {%- set digits = "replace(regexp_replace(" ~ bare ~ ", '[^0-9" ~ point ~ "]', ''), '" ~ point ~ "', '.')" -%}
    case
        when typeof({{ column }}) in ('tinyint', 'smallint', 'int', 'bigint', 'float', 'double') or typeof({{ column }}) like 'decimal%'
            then try_cast(cast({{ column }} as string) as {{ type }})
        when typeof({{ column }}) <> 'string'
            then null
        {%- if point == '.' %}
        when {{ text }} rlike '^-?[0-9]+([.][0-9]+)?$'
            then try_cast({{ text }} as {{ type }})
        {%- endif %}
        when {{ unified }} rlike '^(?:{{ amount_spellings(sign, point) | join('|') | replace('\\d', '[0-9]') | replace("''", "\\'") }})$'
            then try_cast(case when {{ bare }} rlike '[(-]' then '-' else '' end || {{ digits }} as {{ type }})
    end
{%- endmacro %}


{#- What may stand around a number, and where. -#}
{% macro amount_spellings(sign, point) %}
    {%- set number = number_pattern(point) -%}
    {%- set before, behind = sign ~ ' ?', ' ?' ~ sign -%}
    {{ return([
        '[+-]? ?' ~ before ~ number ~ behind,
        before ~ '- ?' ~ number ~ behind,
        before ~ number ~ ' ?-' ~ behind,
        before ~ number ~ behind ~ ' ?-',
        '[(] ?' ~ before ~ number ~ behind ~ ' ?[)]',
        before ~ '[(]' ~ number ~ '[)]' ~ behind,
    ]) }}
{% endmacro %}


{% macro integer_types() %}
    {{ return(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT', 'BIGNUM']) }}
{% endmacro %}


{#- Spaces within a number, beside the ordinary one: no-break, figure, thin, narrow no-break. -#}
{% macro amount_spaces() %}
    {{ return('\u00a0\u2007\u2009\u202f') }}
{% endmacro %}


{#- Digits, in groups of three by one and the same separator or in lakhs (1,23,456), and decimals. A group that
    starts with 0 is none: 0,500 is written with a decimal comma. -#}
{% macro number_pattern(point) %}
    {% set group = '.' if point == ',' else ',' %}
    {% set wholes = ['[1-9]\\d?(?:[' ~ group ~ ']\\d\\d)+[' ~ group ~ ']\\d{3}'] %}
    {% for separator in [group, ' ', "''"] %}
        {% do wholes.append('[1-9]\\d?\\d?(?:[' ~ separator ~ ']\\d{3})+') %}
    {% endfor %}
    {{ return('(?:(?:' ~ wholes | join('|') ~ '|\\d+)(?:[' ~ point ~ '](?:\\d+|--?))?|[' ~ point ~ ']\\d+)') }}
{% endmacro %}


{#- Every sign and code, the longest first, so that R$ is not taken for R. -#}
{% macro currency_pattern() %}
    {% set escaped = [] %}
    {% for length in [3, 2, 1] %}
        {% for mark in currency_signs().keys() | list + currency_codes() if mark | length == length %}
            {% do escaped.append(mark | replace('$', '[$]') ~ ('[.]?' if mark in ['RS', 'KR', 'FR', 'SFR', 'KSH', 'РУБ'])) %}
        {% endfor %}
    {% endfor %}
    {{ return('(?:' ~ escaped | join('|') ~ ')') }}
{% endmacro %}
