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

{% macro postgres__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as int))
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

{% macro postgres__days_between(first_day, last_day) -%}
    {{ duckdb__days_between(first_day, last_day) }}
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    datediff({{ last_day }}, {{ first_day }})
{%- endmacro %}


{#- The first day of the period with the day in it: by a rule, or, where the policy says `calendar: table`, as the raw
    table of days has it. Macros are called in full, because our generic tests call this in other projects too. -#}
{% macro period_start(grain, day) -%}
    {%- if retention_ledger.calendar_is_a_table() and grain != 'day' -%}
    {{ retention_ledger.of_calendar_day('start_of_' ~ grain, day) }}
    {%- else -%}
    {{ retention_ledger.computed_period_start(grain, day) }}
    {%- endif -%}
{%- endmacro %}


{#- The same by the rule. Weeks, quarters and years start where the policy says: the day is moved back by what they
    start later than on a Monday or in January, and its period forth. -#}
{% macro computed_period_start(grain, day) -%}
    {%- set later = retention_ledger.calendar_shift(grain) -%}
    {%- if not later -%}
    {{ retention_ledger.calendar_start(grain, day) }}
    {%- elif grain == 'week' -%}
    {{ retention_ledger.add_days(retention_ledger.calendar_start(grain, retention_ledger.add_days(day, -later)), later) }}
    {%- else -%}
    {%- set moved_back = retention_ledger.add_months(-later, day) -%}
    {{ retention_ledger.add_months(later, retention_ledger.calendar_start(grain, moved_back)) }}
    {%- endif -%}
{%- endmacro %}


{#- Whether periods are looked up. Whoever asks depends on the table of days, whatever the answer: no edge of the
    graph depends on a setting. (In another project there may be no such table, and only its own var asks for it.) -#}
{% macro calendar_is_a_table() %}
    {% if model.package_name == 'retention_ledger' %}
        {% do builtins.ref('retention_ledger', 'int_calendar_days') %}
    {% endif %}
    {{ return(retention_ledger.calendar_setting('calendar', 'common') == 'table') }}
{% endmacro %}


{#- What the table of days says about a day. An aggregate over one equality is what every warehouse turns into a
    join; it cannot stand in GROUP BY, in a window or in the condition of a join, so those read a column of the CTE
    before. No column of int_calendar_days is called like the `day` of a caller. -#}
{% macro of_calendar_day(column, day) -%}
    (select max(calendar_days.{{ column }}) from {{ builtins.ref('retention_ledger', 'int_calendar_days') }} as calendar_days where calendar_days.calendar_day = {{ day }})
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


{#- The start of the period that comes `periods` periods after the one with the day, which by a rule must be its
    first: a rule moves the day. -#}
{% macro add_periods(grain, periods, period_start) -%}
    {%- if retention_ledger.calendar_is_a_table() -%}
    {{ retention_ledger.of_calendar_period('start_of_' ~ grain, grain, periods, period_start) }}
    {%- elif grain == 'quarter' -%}
    {{ retention_ledger.date_after('month', '(' ~ periods ~ ') * 3', period_start) }}
    {%- else -%}
    {{ retention_ledger.date_after(grain, periods, period_start) }}
    {%- endif -%}
{%- endmacro %}


{#- The day so many weeks, months or years later. -#}
{% macro date_after(grain, number, day) -%}
    {{ adapter.dispatch('date_after', 'retention_ledger')(grain, number, day) }}
{%- endmacro %}

{% macro default__date_after(grain, number, day) -%}
    cast({{ dbt.dateadd(grain, number, day) }} as date)
{%- endmacro %}

{#- dbt's own macro stops at a day that is null. -#}
{% macro spark__date_after(grain, number, day) -%}
    {%- if grain == 'week' -%}
    date_add({{ day }}, cast(7 * ({{ number }}) as int))
    {%- else -%}
    add_months({{ day }}, cast({{ {'month': 1, 'quarter': 3, 'year': 12}[grain] }} * ({{ number }}) as int))
    {%- endif -%}
{%- endmacro %}


{#- Months by the common calendar, whatever the periods are: 31 January and one month are the last of February. -#}
{% macro add_months(months, day) -%}
    {{ retention_ledger.date_after('month', months, day) }}
{%- endmacro %}


{% macro of_calendar_period(column, grain, periods, day) -%}
    {%- set days = builtins.ref('retention_ledger', 'int_calendar_days') -%}
    (select max(later_days.{{ column }}) from {{ days }} as earlier_days inner join {{ days }} as later_days on earlier_days.number_of_{{ grain }} + {{ periods }} = later_days.number_of_{{ grain }} and later_days.calendar_day = later_days.end_of_{{ grain }} where earlier_days.calendar_day = {{ day }})
{%- endmacro %}


{#- The last day of the period that starts on period_start. -#}
{% macro period_end(grain, period_start) -%}
    {%- if retention_ledger.calendar_is_a_table() -%}
    {{ retention_ledger.of_calendar_day('end_of_' ~ grain, period_start) }}
    {%- else -%}
    {{ retention_ledger.add_days(retention_ledger.add_periods(grain, 1, period_start), -1) }}
    {%- endif -%}
{%- endmacro %}


{#- The last day of the period with the day in it, and the first day of the next one. -#}
{% macro period_end_of(grain, day) -%}
    {%- if retention_ledger.calendar_is_a_table() -%}
    {{ retention_ledger.of_calendar_day('end_of_' ~ grain, day) }}
    {%- else -%}
    {{ retention_ledger.period_end(grain, retention_ledger.period_start(grain, day)) }}
    {%- endif -%}
{%- endmacro %}

{% macro next_period_start(grain, day) -%}
    {%- if retention_ledger.calendar_is_a_table() -%}
    {{ retention_ledger.add_days(retention_ledger.of_calendar_day('end_of_' ~ grain, day), 1) }}
    {%- else -%}
    {{ retention_ledger.add_periods(grain, 1, retention_ledger.period_start(grain, day)) }}
    {%- endif -%}
{%- endmacro %}


{#- The same day of the same month a year later; where that month is shorter, its last day. -#}
{% macro a_year_later(day) -%}
    {%- if retention_ledger.calendar_is_a_table() -%}
    {{ retention_ledger.of_calendar_day('day_a_year_later', day) }}
    {%- else -%}
    {{ retention_ledger.add_months(12, day) }}
    {%- endif -%}
{%- endmacro %}


{#- A value of the week of the same number in the year before, over a window of all weeks in order: a year of a table
    has 52 to 54 weeks, and its last one may have none. By a rule a year is 52 weeks. -#}
{% macro in_the_week_a_year_before(value, period_start, slice) -%}
    {%- if retention_ledger.calendar_is_a_table() -%}
    case {{ retention_ledger.of_calendar_day('weeks_since_a_year_ago', period_start) }}
                    {%- for weeks in [52, 53, 54] %}
                    when {{ weeks }} then lag({{ value }}, {{ weeks }}) over {{ slice }}
                    {%- endfor %}
                end
    {%- else -%}
    lag({{ value }}, 52) over {{ slice }}
    {%- endif -%}
{%- endmacro %}


{% macro date_literal(text) -%}
    cast({{ retention_ledger.text_literal(text) }} as date)
{%- endmacro %}


{#- Whether quarters and years are those of the common calendar, as date_trunc makes them of months. -#}
{% macro months_make_common_years() %}
    {{ return(not calendar_is_a_table() and not calendar_shift('year')) }}
{% endmacro %}
