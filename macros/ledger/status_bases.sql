{#- The bases: rules for "active". Each has a model int_spells_<basis> and the grains it is defined
    for (whole empty calendar months say nothing about a week). -#}
{% macro status_basis_rules() %}
    {{ return({
        'orders_window': {'of_orders': true, 'grains': ['week', 'month', 'quarter', 'year']},
        'orders_calendar': {'of_orders': true, 'grains': ['month', 'quarter', 'year']},
    }) }}
{% endmacro %}


{#- The bases of the policy that are defined for a grain. -#}
{% macro bases_of_grain(grain) %}
    {% set bases = [] %}
    {% for basis in policy('status_bases') if grain in status_basis_rules()[basis].grains %}
        {% do bases.append(basis) %}
    {% endfor %}
    {{ return(bases) }}
{% endmacro %}


{#- The bases of the policy that are made of orders. -#}
{% macro order_bases() %}
    {% set bases = [] %}
    {% for basis in policy('status_bases') if status_basis_rules()[basis].of_orders %}
        {% do bases.append(basis) %}
    {% endfor %}
    {{ return(bases) }}
{% endmacro %}


{#- The grains that at least one of the bases is defined for. -#}
{% macro grains_of_bases(bases) %}
    {% set grains = [] %}
    {% for basis in bases if basis in status_basis_rules() %}
        {% do grains.extend(status_basis_rules()[basis].grains) %}
    {% endfor %}
    {{ return(grains | unique | list) }}
{% endmacro %}
