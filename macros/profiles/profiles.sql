{#- What opening customers are split by, each a column of int_profile_customers. -#}
{% macro profile_traits() %}
    {% set traits = policy('segment_dimensions') + ['acquisition_channel', 'tenure_band', 'plan', 'order_value_band', 'orders_band', 'has_refund'] %}
    {% for attribute in own_attributes('orders') %}
        {% do traits.append('first_' ~ attribute) %}
    {% endfor %}
    {{ return(traits | unique | list) }}
{% endmacro %}


{#- Outcome -> the column of int_profile_customers that says whether it came. -#}
{% macro profile_outcomes() %}
    {{ return({'churned': 'is_churned', 'most_valuable': 'is_most_valuable'}) }}
{% endmacro %}


{#- Two-sided tail of the normal distribution beyond z >= 0, to 0.00000015 (Abramowitz and Stegun 1964, 26.2.17). -#}
{% macro two_sided_tail(z) -%}
    (
        2 * exp(-({{ z }}) * ({{ z }}) / 2) / 2.5066282746310002 * (
            0.319381530 / (1 + 0.2316419 * ({{ z }}))
            - 0.356563782 / power(1 + 0.2316419 * ({{ z }}), 2)
            + 1.781477937 / power(1 + 0.2316419 * ({{ z }}), 3)
            - 1.821255978 / power(1 + 0.2316419 * ({{ z }}), 4)
            + 1.330274429 / power(1 + 0.2316419 * ({{ z }}), 5)
        )
    )
{%- endmacro %}
