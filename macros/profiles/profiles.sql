{#- What opening customers are split by, each a column of int_profile_customers. -#}
{% macro profile_traits() %}
    {% set traits = policy('segment_dimensions') + ['acquisition_channel', 'tenure_band', 'first_plan', 'plan', 'order_value_band', 'orders_band', 'has_refund', 'service', 'nps_band'] %}
    {% for attribute in own_attributes('orders') %}
        {% do traits.append('first_' ~ attribute) %}
    {% endfor %}
    {{ return(traits | unique | list) }}
{% endmacro %}


{#- The longest of these before which there was a customer is the one that is looked at. -#}
{% macro profile_grains() %}
    {{ return(['year', 'quarter', 'month']) }}
{% endmacro %}


{#- Each outcome, and the column of int_profile_customers that says whether it came. -#}
{% macro profile_outcomes() %}
    {{ return([{'name': 'churned', 'column': 'is_churned'}, {'name': 'most_valuable', 'column': 'is_most_valuable'}]) }}
{% endmacro %}


{#- Two-sided tail of the normal distribution beyond z >= 0, to a ten-millionth of itself: the complementary error function of
    z / sqrt(2) by Chebyshev fitting (Press et al., Numerical Recipes, erfcc), because no warehouse is sure to have one. -#}
{% macro two_sided_tail(z) -%}
    {%- set fitted = [
        -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
    ] -%}
    {%- set t = retention_ledger.as_double('1') ~ ' / (1 + (' ~ z ~ ') / (2 * sqrt(2.0)))' -%}
    {{ t }} * exp(
        -({{ z }}) * ({{ z }}) / 2
        {%- for coefficient in fitted %}
        + ({{ coefficient }}) * power({{ t }}, {{ loop.index0 }})
        {%- endfor %}
    )
{%- endmacro %}
