{#- The customer attributes that balances can be split by. -#}
{% macro customer_attributes() %}
    {{ return(['country', 'acquisition_channel', 'customer_segment']) }}
{% endmacro %}


{#- The slices of a mart: the total, and each dimension of the policy by its values. Loops over this
    give one select per dimension, from cells that hold all dimensions at once. -#}
{% macro slice_dimensions() %}
    {{ return(['all'] + policy('segment_dimensions')) }}
{% endmacro %}


{% macro slice_value(dimension) -%}
    {{ "'all'" if dimension == 'all' else dimension }}
{%- endmacro %}
