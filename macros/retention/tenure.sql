{#- How long a spell lasted, in calendar months: a month from 31 January is over on the last day of February. -#}
{% macro tenure_band(started_on, ended_on) -%}
    case
        {%- for band, months in {'first_month': 1, 'under_3_months': 3, 'under_12_months': 12}.items() %}
        when {{ ended_on }} < {{ add_months(months, started_on) }} then '{{ band }}'
        {%- endfor %}
        else '12_months_or_longer'
    end
{%- endmacro %}
