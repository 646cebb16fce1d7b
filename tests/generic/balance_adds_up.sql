{#- opening + additions - subtractions = closing, in every row; no part of it is null. -#}
{% test balance_adds_up(model, opening, closing, additions=[], subtractions=[]) %}
{%- do retention_ledger.names_are_ours() -%}
select *
from {{ model }}
where
    {{ opening }}
    {%- for addition in additions %} + {{ addition }}{% endfor %}
    {%- for subtraction in subtractions %} - {{ subtraction }}{% endfor %}
    <> {{ closing }}
    {%- for part in [opening, closing] + additions + subtractions %}
    or {{ part }} is null
    {%- endfor %}
{% endtest %}
