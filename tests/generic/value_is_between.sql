{#- A value lies between two bounds, both included. -#}
{% test value_is_between(model, column_name, least=none, most=none) %}
select *
from {{ model }}
where
    1 = 0
    {%- if least is not none %} or {{ column_name }} < {{ least }}{% endif %}
    {%- if most is not none %} or {{ column_name }} > {{ most }}{% endif %}
{% endtest %}
