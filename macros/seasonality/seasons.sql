{#- The series that are looked at for a season, by the mart that has them: its total, by month and week. -#}
{% macro seasonal_metrics() %}
    {{ return({
        'retention_by_period': ['customer_churn_rate', 'win_back_rate'],
        'repeat_purchase_by_period': ['orders', 'gross_revenue'],
        'mrr_by_period': ['new_mrr', 'closing_mrr', 'mrr_churn_rate'],
    }) }}
{% endmacro %}


{#- Grain -> how many periods a season has. The year's 53rd week counts with the 52nd. -#}
{% macro seasons() %}
    {{ return({'month': 12, 'week': 52}) }}
{% endmacro %}


{#- The calendar month, or the week of the calendar year to which most of its days belong: for weeks from Monday the ISO
    week. Where days are in a table, the numbers that it gives them. -#}
{% macro season_position(grain, period_start) -%}
    {%- set fourth_day = add_days(period_start, 3) -%}
    {%- set month = 'extract(month from ' ~ period_start ~ ')' -%}
    {%- set week = '1 + floor(' ~ days_between(calendar_start('year', fourth_day), fourth_day) ~ ' / 7.0)' -%}
    {%- if calendar_is_a_table() -%}
        {%- set month = of_calendar_day('month_of_year', period_start) -%}
        {%- set week = 'coalesce(' ~ of_calendar_day('week_of_year', period_start) ~ ', ' ~ week ~ ')' -%}
    {%- endif -%}
    case
            when {{ grain }} = 'month' then {{ month }}
            else least({{ week }}, 52)
        end
{%- endmacro %}


{% macro season_length(grain) -%}
    case when {{ grain }} = 'month' then {{ seasons().month }} else {{ seasons().week }} end
{%- endmacro %}
