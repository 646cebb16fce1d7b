{#- The customer attributes that balances can be split by: three that every table of customers has a place for, and
    those of one's own. -#}
{% macro customer_attributes() %}
    {{ return(['country', 'acquisition_channel', 'customer_segment'] + own_attributes('customers')) }}
{% endmacro %}


{#- Columns of one's own, which the settings name: of customers (segments like the others) or of orders (passed
    through to the mart). Read without a check, because the checks of other settings ask for them. -#}
{% macro own_attributes(table) %}
    {% set named = var({'customers': 'customer_attributes', 'orders': 'order_attributes'}[table]) %}
    {{ return(named if named is sequence and named is not string and named is not mapping else []) }}
{% endmacro %}


{#- A mart with columns of one's own has more columns than its contract says. -#}
{% macro contract_but_for_own(table) %}
    {{ return({'enforced': not own_attributes(table)}) }}
{% endmacro %}


{#- The slices of a mart: the total, and each dimension of the policy by its values, in one GROUP BY over cells
    that hold all dimensions at once:

        select {{ slice_columns() }}, sum(...) from cells group by {{ slice_sets(['period_start']) }}

    `more` names dimensions that only this mart has. -#}
{% macro slice_columns(more=[]) -%}
    {%- set dimensions = policy('segment_dimensions') + more -%}
    {%- if not dimensions -%}
    'all' as segment_dimension,
        'all' as segment_value
    {%- else -%}
    case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}) = 0 then '{{ dimension }}'
            {%- endfor %}
            else 'all'
        end as segment_dimension,
        case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}) = 0 then {{ dimension }}
            {%- endfor %}
            else 'all'
        end as segment_value
    {%- endif -%}
{%- endmacro %}


{% macro slice_sets(keys, more=[]) -%}
    grouping sets (
        ({{ keys | join(', ') }})
        {%- for dimension in policy('segment_dimensions') + more %},
        ({{ (keys + [dimension]) | join(', ') }})
        {%- endfor %}
    )
{%- endmacro %}


{#- For tests: the dimensions of every slice, and a slice's value. -#}
{% macro slice_dimensions() %}
    {{ return(['all'] + policy('segment_dimensions')) }}
{% endmacro %}


{% macro slice_value(dimension) -%}
    {{ "'all'" if dimension == 'all' else dimension }}
{%- endmacro %}
