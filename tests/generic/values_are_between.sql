{#- Values lie between two bounds, both included. A row that fails names the first that does not. -#}
{% test values_are_between(model, columns, least=none, most=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- if execute and least is none and most is none %}
    {{ exceptions.raise_compiler_error('values_are_between: give a bound, `least` or `most` or both.') }}
{%- endif %}
{%- set outside = [] %}
{%- for column in columns %}
    {%- do outside.append(column ~ ' < ' ~ least) if least is not none %}
    {%- do outside.append(column ~ ' > ' ~ most) if most is not none %}
{%- endfor %}
select
    case
        {%- for condition in outside %}
        when {{ condition }} then {{ retention_ledger.text_literal(condition) }}
        {%- endfor %}
    end as what_is_wrong,
    *
from {{ model }}
where {{ outside | join(' or ') }}
{% endtest %}
