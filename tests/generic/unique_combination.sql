{#- A key of several columns: no combination occurs twice, and none has a null in it. -#}
{% test unique_combination(model, columns) %}
{%- do retention_ledger.names_are_ours() -%}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
