{#- Conditions over a row of int_purchases, for its calendar period. -#}

{% macro is_first_purchase_of(grain) -%}
    (previous_purchase_on is null or previous_purchase_on < {{ period_start(grain, 'purchased_on') }})
{%- endmacro %}


{% macro has_next_purchase_in(grain) -%}
    next_purchase_on <= {{ period_end_of(grain, 'purchased_on') }}
{%- endmacro %}


{#- The windows after the first purchase in which a second one is looked for, in days. -#}
{% macro repeat_purchase_windows() %}
    {{ return([30, 60, 90, 180, 365]) }}
{% endmacro %}
