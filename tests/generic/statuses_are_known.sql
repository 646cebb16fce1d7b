{#- Stops the build with a sentence when a status occurs that the policy neither counts nor ignores.

    known   the statuses there may be (default: the policy's three lists) -#}
{% test statuses_are_known(model, column_name, known=none) %}
{%- do retention_ledger.names_are_ours() -%}
{%- if known is none -%}
    {%- set known = retention_ledger.policy('counted_order_statuses') + retention_ledger.policy('uncounted_order_statuses') + retention_ledger.policy('refund_order_statuses') -%}
{%- endif -%}
with unknown as (
    select {{ column_name }} as status, count(*) as status_rows
    from {{ model }}
    where {{ column_name }} is not null
        and {{ column_name }} not in ({{ retention_ledger.text_list(known) }})
    group by {{ column_name }}
),

listed as (
    select
        count(*) as statuses,
        {{ retention_ledger.joined_texts(retention_ledger.in_quotes('status') ~ " || ' (' || cast(status_rows as " ~ dbt.type_string() ~ ") || ' rows)'", "', '", "order by status") }} as status_list
    from unknown
)

select 1 as stopped
from listed
where {{ retention_ledger.fail_when(
    'statuses > 0',
    "'The policy does not know the order status ' || status_list || '. It knows: " ~ dbt.escape_single_quotes(known | join(', '))
    ~ ". Add it to the var counted_order_statuses, uncounted_order_statuses or refund_order_statuses.'"
) }}
{% endtest %}
