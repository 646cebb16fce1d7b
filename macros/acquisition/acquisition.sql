{#- What a customer costs to win. -#}

{#- The bases by which customers are acquired and earn: the first of orders that is built, and subscriptions. The others of
    orders acquire the same customers on the same days. -#}
{% macro acquisition_bases() %}
    {% set bases = [] %}
    {% for basis in built_bases() if basis in [lifespan_basis(), 'subscriptions'] %}
        {% do bases.append(basis) %}
    {% endfor %}
    {{ return(bases) }}
{% endmacro %}


{#- Whether spend is told apart by channel: where the balances are. -#}
{% macro has_channels() %}
    {{ return('acquisition_channel' in policy('segment_dimensions')) }}
{% endmacro %}


{#- A day as a number, so that days can be multiplied with amounts. -#}
{% macro day_number(day) -%}
    {{ days_between(date_literal('1970-01-01'), day) }}
{%- endmacro %}


{#- 365 times what was earned through a day: orders are amounts, and MRR is paid for each day, 12 / 365 of it. Kept as a
    whole multiple, so that nothing is divided before it is compared. -#}
{% macro earned_times_365(amount, mrr, mrr_days_before, day) -%}
    365 * {{ amount }} + 12 * ({{ mrr }} * ({{ day_number(day) }} + 1) - {{ mrr_days_before }})
{%- endmacro %}
