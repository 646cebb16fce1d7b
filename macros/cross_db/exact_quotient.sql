{#- An amount divided by a whole number above 0, as DECIMAL(28,10), half away from zero; null where it is too large. (Decimals divide to a float
    on DuckDB, so this divides whole numbers, as safe_divide does.) -#}
{% macro exact_quotient(dividend, divisor) -%}
    {{ adapter.dispatch('exact_quotient', 'retention_ledger')(dividend, divisor) }}
{%- endmacro %}

{% macro default__exact_quotient(dividend, divisor) -%}
    cast(cast({{ dividend }} as decimal(30, 8)) / nullif({{ divisor }}, 0) as decimal(28, 10))
{%- endmacro %}

{% macro duckdb__exact_quotient(dividend, divisor) -%}
    {%- set whole -%}
        cast({{ cast_or_null(dividend, 'decimal(30, 8)') }} * cast(100000000 as decimal(9, 0)) as hugeint)
    {%- endset -%}
    {%- set by = 'nullif(cast(' ~ divisor ~ ' as hugeint), 0)' -%}
    cast(
        {{ cast_or_null('sign(' ~ whole ~ ') * ((200 * abs(' ~ whole ~ ') + ' ~ by ~ ') // (2 * ' ~ by ~ '))', 'decimal(28, 0)') }}
        * cast(0.0000000001 as decimal(10, 10)) as decimal(28, 10)
    )
{%- endmacro %}

{% macro postgres__exact_quotient(dividend, divisor) -%}
    {%- set whole = 'cast(' ~ dividend ~ ' as numeric)' -%}
    {%- set by = 'nullif(cast(' ~ divisor ~ ' as numeric), 0)' -%}
    {%- set quotient = 'div(20000000000 * abs(round(' ~ whole ~ ', 8)) + ' ~ by ~ ', 2 * ' ~ by ~ ')' -%}
    case
        when abs({{ whole }}) < 1e22 and {{ quotient }} < 1e28
            then cast(sign({{ whole }}) * {{ quotient }} * 0.0000000001 as decimal(28, 10))
    end
{%- endmacro %}

{% macro redshift__exact_quotient(dividend, divisor) -%}
    {{ default__exact_quotient(dividend, divisor) }}
{%- endmacro %}

{#- A quotient of decimals is rounded as it comes; without its remainder it is whole. -#}
{% macro spark__exact_quotient(dividend, divisor) -%}
    {%- set whole = 'try_cast(' ~ dividend ~ ' as decimal(24, 8))' -%}
    {%- set by = 'cast(nullif(' ~ divisor ~ ', 0) as decimal(20, 0))' -%}
    {%- set doubled = '(20000000000 * abs(' ~ whole ~ ') + ' ~ by ~ ')' -%}
    {%- set quotient = 'cast((' ~ doubled ~ ' - ' ~ doubled ~ ' % (2 * ' ~ by ~ ')) / (2 * ' ~ by ~ ') as decimal(27, 0))' -%}
    cast(
        cast(sign({{ whole }}) as decimal(1, 0)) * cast({{ quotient }} * cast(0.0000000001 as decimal(10, 10)) as decimal(28, 10)) as decimal(28, 10)
    )
{%- endmacro %}
