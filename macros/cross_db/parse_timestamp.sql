{#- A raw value as a timestamp in the business time zone, null where it cannot be read: ISO 8601, and
    on DuckDB the formats of the var timestamp_formats. A value that names its zone is converted; one
    without a zone is in the business time zone already. -#}
{% macro parse_timestamp(column) -%}
    {{ adapter.dispatch('parse_timestamp', 'retention_ledger')(column) }}
{%- endmacro %}

{% macro default__parse_timestamp(column) -%}
    {{ dbt.safe_cast(clean_text(column), dbt.type_timestamp()) }}
{%- endmacro %}

{#- The type of a typed column is known before the query runs, so the first branch costs nothing for
    text and the others nothing for timestamps. -#}
{% macro duckdb__parse_timestamp(column) -%}
    {%- set text = clean_text(column) -%}
    {%- set zone = dbt.string_literal(policy('business_timezone')) -%}
    {%- set own_formats = 'try_strptime(' ~ text ~ ', [' ~ text_list(policy('timestamp_formats')) ~ '])' -%}
    case
        when typeof({{ column }}) in ('DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
            then try_cast({{ column }} as timestamp)
        when regexp_matches({{ text }}, '\d:\d\d.*(Z|UTC|[+-]\d\d(:?\d\d)?)$')
            then timezone({{ zone }}, try_cast({{ text }} as timestamptz))
        when {{ text }} between '0' and ':'
            then coalesce(
                try_cast({{ text }} as timestamp)
                {%- if policy('timestamp_formats') %},
                {{ own_formats }}
                {%- endif %}
            )
        {%- if policy('timestamp_formats') %}
        else {{ own_formats }}
        {%- endif %}
    end
{%- endmacro %}
