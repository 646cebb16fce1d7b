{#- Each trait of a profile splits the same customers: whatever they are split by, the sums of a basis are the same. -#}
{% test profile_values_add_up(model, outcome) %}
{%- do retention_ledger.names_are_ours() -%}
with sums as (
    select
        basis,
        trait,
        sum(customers) as customers,
        sum({{ outcome }}) as {{ outcome }}
    from {{ model }}
    group by basis, trait
)

select
    basis,
    min(customers) as least_customers,
    max(customers) as most_customers,
    min({{ outcome }}) as least_{{ outcome }},
    max({{ outcome }}) as most_{{ outcome }}
from sums
group by basis
having min(customers) <> max(customers) or min({{ outcome }}) <> max({{ outcome }})
{% endtest %}
