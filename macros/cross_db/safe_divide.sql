{#- A ratio as DECIMAL(28,6), half away from zero; null where the denominator is 0 or null. Casts first:
    1 / 2 is 0 on some warehouses. What divides before it is divided would be rounded twice, so it is refused. -#}
{% macro safe_divide(numerator, denominator) -%}
    {%- if '/' in numerator ~ denominator -%}
        {% do exceptions.raise_compiler_error(
            'safe_divide(' ~ numerator ~ ', ' ~ denominator ~ ') divides a quotient, which is rounded twice: bring both to whole numbers first.'
        ) %}
    {%- endif -%}
    {{ adapter.dispatch('safe_divide', 'retention_ledger')(numerator, denominator) }}
{%- endmacro %}

{% macro default__safe_divide(numerator, denominator) -%}
    cast(cast({{ numerator }} as decimal(30, 8)) / nullif({{ denominator }}, 0) as decimal(28, 6))
{%- endmacro %}

{#- Decimals divide to a float on DuckDB, and 133.2990625 may come out a little below. So this divides whole
    numbers: of 10^8 times both, twice the dividend in millionths and once the divisor over twice the divisor
    is the quotient in millionths, rounded half away from zero. -#}
{% macro duckdb__safe_divide(numerator, denominator) -%}
    {%- set dividend -%}
        cast(cast({{ numerator }} as decimal(30, 8)) * cast(100000000 as decimal(9, 0)) as hugeint)
    {%- endset -%}
    {%- set divisor -%}
        cast(cast(nullif({{ denominator }}, 0) as decimal(30, 8)) * cast(100000000 as decimal(9, 0)) as hugeint)
    {%- endset -%}
    cast(
        sign({{ dividend }}) * sign({{ divisor }})
        * cast((2000000 * abs({{ dividend }}) + abs({{ divisor }})) // (2 * abs({{ divisor }})) as decimal(28, 0))
        * cast(0.000001 as decimal(6, 6)) as decimal(28, 6)
    )
{%- endmacro %}

{#- The same on numbers of any length. A quotient would be rounded to some sixteen digits first. -#}
{% macro postgres__safe_divide(numerator, denominator) -%}
    {%- set dividend = 'cast(' ~ numerator ~ ' as decimal(30, 8))' -%}
    {%- set divisor = 'cast(nullif(' ~ denominator ~ ', 0) as decimal(30, 8))' -%}
    cast(
        sign({{ divisor }}) * sign({{ dividend }})
        * div(2000000 * abs({{ dividend }}) + abs({{ divisor }}), 2 * abs({{ divisor }})) * 0.000001 as decimal(28, 6)
    )
{%- endmacro %}
