{#- The bases: rules for "active". Each has a model int_spells_<basis>, the raw table it is made of, and
    the grains it is defined for (whole empty calendar months say nothing about a week). -#}
{% macro status_basis_rules() %}
    {{ return({
        'orders_window': {'raw_table': 'orders', 'grains': ['week', 'month', 'quarter', 'year']},
        'orders_calendar': {'raw_table': 'orders', 'grains': ['month', 'quarter', 'year']},
        'subscriptions': {'raw_table': 'subscriptions', 'grains': ['week', 'month', 'quarter', 'year']},
    }) }}
{% endmacro %}


{#- Those of some bases whose raw table exists. -#}
{% macro bases_with_data(bases) %}
    {% set found = [] %}
    {% set rules, tables = status_basis_rules(), policy('raw_tables') %}
    {% for basis in bases if basis in rules and rules[basis].raw_table in tables %}
        {% do found.append(basis) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#- The bases that are built: those of the policy whose raw table exists. -#}
{% macro built_bases() %}
    {{ return(bases_with_data(policy('status_bases'))) }}
{% endmacro %}


{#- The bases that are built and defined for a grain. -#}
{% macro bases_of_grain(grain) %}
    {% set bases = [] %}
    {% set rules = status_basis_rules() %}
    {% for basis in built_bases() if grain in rules[basis].grains %}
        {% do bases.append(basis) %}
    {% endfor %}
    {{ return(bases) }}
{% endmacro %}


{#- The basis by which the marts for a dashboard count customers. -#}
{% macro headline_basis() %}
    {% set bases = built_bases() %}
    {{ return(policy('headline_basis') or ('subscriptions' if 'subscriptions' in bases else bases[0])) }}
{% endmacro %}


{#- The built bases that are made of orders. -#}
{% macro order_bases() %}
    {% set bases = [] %}
    {% set rules = status_basis_rules() %}
    {% for basis in built_bases() if rules[basis].raw_table == 'orders' %}
        {% do bases.append(basis) %}
    {% endfor %}
    {{ return(bases) }}
{% endmacro %}


{% macro is_order_basis(basis) -%}
    {{ basis }} in ({{ text_list(order_bases()) if order_bases() else "''" }})
{%- endmacro %}


{#- The grains that at least one of the bases is defined for. -#}
{% macro grains_of_bases(bases) %}
    {% set grains = [] %}
    {% set rules = status_basis_rules() %}
    {% for basis in bases if basis in rules %}
        {% do grains.extend(rules[basis].grains) %}
    {% endfor %}
    {{ return(grains | unique | list) }}
{% endmacro %}


{#- The grains of the spine of periods: those of the policy, and that of the cohorts. -#}
{% macro spine_grains() %}
    {{ return((policy('period_grains') + [policy('cohort_grain')]) | unique | list) }}
{% endmacro %}
