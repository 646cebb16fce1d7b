{#- opening + additions - subtractions = closing, in every row. -#}
{% test balance_adds_up(model, opening, closing, additions=[], subtractions=[]) %}
select *
from {{ model }}
where
    coalesce({{ opening }}, 0)
    {%- for addition in additions %} + coalesce({{ addition }}, 0){% endfor %}
    {%- for subtraction in subtractions %} - coalesce({{ subtraction }}, 0){% endfor %}
    <> coalesce({{ closing }}, 0)
{% endtest %}
