{#- Settings of lifetime value that follow from the policy. -#}

{#- The basis whose churn tells how long a customer keeps ordering: the first of orders that is built. Data
    without orders has no rows of the one that stands in for it. -#}
{% macro lifespan_basis() %}
    {{ return((order_bases() + ['orders_window'])[0]) }}
{% endmacro %}


{#- The grain whose complete periods are looked at, and how many of them make a year. -#}
{% macro lifespan_grain() %}
    {% for grain in ['month', 'quarter', 'year', 'week'] if grain in policy('period_grains') and lifespan_basis() in bases_of_grain(grain) %}
        {% if loop.first %}
            {{ return(grain) }}
        {% endif %}
    {% endfor %}
    {{ return('month') }}
{% endmacro %}

{% macro lifespan_periods_per_year() %}
    {{ return({'week': 52, 'month': 12, 'quarter': 4, 'year': 1}[lifespan_grain()]) }}
{% endmacro %}


{#- Days since a day, up to another, both included, and at least a year: a customer of last week is not taken to
    order every week. Whole days, so that a rate per year divides once: 365 x orders / days. -#}
{% macro observed_days(first_day, last_day) -%}
    greatest({{ days_between(first_day, last_day) }} + 1, 365)
{%- endmacro %}
