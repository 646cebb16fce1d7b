{#- Rates that complete each other add up to the total, to the last decimal place they are kept at. -#}
{% test rates_add_up(model, rates, total=1, tolerance=0.000001) %}
{%- do retention_ledger.names_are_ours() -%}
select *
from {{ model }}
where
    abs({{ rates | join(' + ') }} - {{ total }}) > {{ tolerance }}
    or ({{ rates | join(' + ') }} is null and coalesce({{ rates | join(', ') }}) is not null)
{% endtest %}
