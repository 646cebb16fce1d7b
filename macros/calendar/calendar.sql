{#- Days and periods. Everything is a date: date_trunc and date arithmetic give timestamps on some
    warehouses, so each result is cast. -#}

{% macro add_days(day, days) -%}
    {{ adapter.dispatch('add_days', 'retention_ledger')(day, days) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{#- Date plus integer stays a date on DuckDB and costs a tenth of interval arithmetic. -#}
{% macro duckdb__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}


{#- Days from one day to a later one. -#}
{% macro days_between(first_day, last_day) -%}
    {{ adapter.dispatch('days_between', 'retention_ledger')(first_day, last_day) }}
{%- endmacro %}

{% macro default__days_between(first_day, last_day) -%}
    {{ dbt.datediff(first_day, last_day, 'day') }}
{%- endmacro %}

{#- dbt's macro counts boundaries between timestamps; a difference of dates is the same and short. -#}
{% macro duckdb__days_between(first_day, last_day) -%}
    ({{ last_day }} - {{ first_day }})
{%- endmacro %}


{#- The first day of the period with the day in it. Weeks, quarters and years start where the policy says:
    the day is moved back by what they start later than on a Monday or in January, and its period forth.
    Macros are called in full, because our generic tests call this in other projects too. -#}
{% macro period_start(grain, day) -%}
    {%- set later = retention_ledger.calendar_shift(grain) -%}
    {%- if not later -%}
    {{ retention_ledger.calendar_start(grain, day) }}
    {%- elif grain == 'week' -%}
    {{ retention_ledger.add_days(retention_ledger.calendar_start(grain, retention_ledger.add_days(day, -later)), later) }}
    {%- else -%}
    {%- set moved_back = retention_ledger.add_periods('month', -later, day) -%}
    {{ retention_ledger.add_periods('month', later, retention_ledger.calendar_start(grain, moved_back)) }}
    {%- endif -%}
{%- endmacro %}


{#- The same by the common calendar: weeks from Monday, years from January. -#}
{% macro calendar_start(grain, day) -%}
    cast({{ dbt.date_trunc(grain, day) }} as date)
{%- endmacro %}


{#- How many days a week starts after Monday, or months a quarter or year after those of the calendar. -#}
{% macro calendar_shift(grain) %}
    {% if grain == 'week' %}
        {{ return(retention_ledger.weekdays().index(retention_ledger.calendar_setting('week_starts_on', 'monday'))) }}
    {% elif grain in ['quarter', 'year'] %}
        {{ return((retention_ledger.calendar_setting('fiscal_year_starts_in', 1) - 1) % (3 if grain == 'quarter' else 12)) }}
    {% endif %}
    {{ return(0) }}
{% endmacro %}


{#- Another project that tests its own tables with our generic tests has the common calendar, or sets the vars. -#}
{% macro calendar_setting(name, common) %}
    {{ return(policy(name) if model.package_name == 'retention_ledger' else var(name, common)) }}
{% endmacro %}


{% macro weekdays() %}
    {{ return(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']) }}
{% endmacro %}


{#- The start of the period that comes `periods` periods after the one starting on period_start. -#}
{% macro add_periods(grain, periods, period_start) -%}
    {%- if grain == 'quarter' -%}
    cast({{ dbt.dateadd('month', '(' ~ periods ~ ') * 3', period_start) }} as date)
    {%- else -%}
    cast({{ dbt.dateadd(grain, periods, period_start) }} as date)
    {%- endif -%}
{%- endmacro %}


{#- The last day of the period that starts on period_start. -#}
{% macro period_end(grain, period_start) -%}
    {{ add_days(add_periods(grain, 1, period_start), -1) }}
{%- endmacro %}


{% macro date_literal(text) -%}
    cast({{ retention_ledger.text_literal(text) }} as date)
{%- endmacro %}
