{#- No column has a null. A row that fails names the first that has. -#}
{% test columns_are_filled(model, columns) %}
{%- do retention_ledger.names_are_ours() -%}
select
    case
        {%- for column in columns %}
        when {{ column }} is null then {{ retention_ledger.text_literal(column) }}
        {%- endfor %}
    end as what_is_null,
    *
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{% endtest %}
