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

{#- Decimals divide to a float on DuckDB, and 133.2990625 may come out a little below. So whole numbers are divided:
    of 10^8 times both, twice the dividend in millionths and once the divisor over twice the divisor is the quotient in
    millionths, rounded half away from zero. That is slow and seldom needed. Two casts, a product and a quotient of floats
    are off by less than 10^-14 of the quotient: below 10^12 millionths by less than 0.01, and a quotient that is further
    than that from a half is rounded rightly as it is. -#}
{% macro duckdb__safe_divide(numerator, denominator) -%}
    {%- set as_dividend = 'cast(' ~ numerator ~ ' as decimal(30, 8))' -%}
    {%- set as_divisor = 'cast(nullif(' ~ denominator ~ ', 0) as decimal(30, 8))' -%}
    {%- set dividend = 'cast(' ~ as_dividend ~ ' * cast(100000000 as decimal(9, 0)) as hugeint)' -%}
    {%- set divisor = 'cast(' ~ as_divisor ~ ' * cast(100000000 as decimal(9, 0)) as hugeint)' -%}
    {%- set millionths = '(1000000 * cast(' ~ as_dividend ~ ' as double) / cast(' ~ as_divisor ~ ' as double))' -%}
    case
        when
            abs({{ millionths }}) < 1000000000000
            and abs(abs({{ millionths }}) - floor(abs({{ millionths }})) - 0.5) > 0.01
            then cast(cast(round({{ millionths }}) as bigint) * cast(0.000001 as decimal(6, 6)) as decimal(28, 6))
        else cast(
            sign({{ dividend }}) * sign({{ divisor }})
            * cast((2000000 * abs({{ dividend }}) + abs({{ divisor }})) // (2 * abs({{ divisor }})) as decimal(28, 0))
            * cast(0.000001 as decimal(6, 6)) as decimal(28, 6)
        )
    end
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

{#- There is no whole quotient of decimals there. -#}
{% macro redshift__safe_divide(numerator, denominator) -%}
    {{ default__safe_divide(numerator, denominator) }}
{%- endmacro %}

{#- A quotient of decimals is rounded to as many digits as there is room for, and would be rounded again to six. Without
    its remainder it is whole, and nothing is rounded. -#}
{% macro spark__safe_divide(numerator, denominator) -%}
    {%- set dividend = 'cast(' ~ numerator ~ ' as decimal(28, 8))' -%}
    {%- set divisor = 'cast(nullif(' ~ denominator ~ ', 0) as decimal(28, 8))' -%}
    {%- set doubled = '(cast(2000000 as decimal(7, 0)) * abs(' ~ dividend ~ ') + abs(' ~ divisor ~ '))' -%}
    {%- set by = '(cast(2 as decimal(1, 0)) * abs(' ~ divisor ~ '))' -%}
    cast(
        cast(sign({{ divisor }}) * sign({{ dividend }}) as decimal(1, 0))
        * cast(({{ doubled }} - {{ doubled }} % {{ by }}) / {{ by }} as decimal(28, 0))
        * cast(0.000001 as decimal(6, 6)) as decimal(28, 6)
    )
{%- endmacro %}
