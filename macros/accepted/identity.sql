{#- A chain of old and new ids of up to 2 to the power of this many links is followed. -#}
{% macro identity_steps() %}
    {{ return(7) }}
{% endmacro %}


{#- Whether a customer id stands for nobody. -#}
{% macro is_placeholder(customer_id) -%}
    {%- if policy('placeholder_customer_ids') -%}
    ({{ lower_case(customer_id) }} in ({{ text_list(policy('placeholder_customer_ids') | map('lower') | unique | list) }}))
    {%- else -%}
    (1 = 0)
    {%- endif -%}
{%- endmacro %}


{#- Whether somebody who ordered or subscribed is a customer without being in the table of customers. -#}
{% macro may_be_unlisted() %}
    {{ return(
        'customers' not in policy('raw_tables')
        or policy('unknown_customers') == 'keep'
        or (policy('placeholder_customer_ids') and policy('placeholder_customers') == 'split_by_email')
    ) }}
{% endmacro %}
