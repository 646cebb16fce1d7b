{#- A value lies between two bounds, both included. -#}
{% test value_is_between(model, column_name, least=none, most=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- if execute and least is none and most is none %}
    {{ exceptions.raise_compiler_error('value_is_between: give a bound, `least` or `most` or both.') }}
{%- endif %}
select *
from {{ model }}
where
    1 = 0
    {%- if least is not none %} or {{ column_name }} < {{ least }}{% endif %}
    {%- if most is not none %} or {{ column_name }} > {{ most }}{% endif %}
{% endtest %}
