{#- Every row was made under the policy that is in force, and so under one and the same. A build of some
    models only, with other vars, is noticed too: the table of the policy then has another version. -#}
{% test carries_current_policy_version(model, column_name='policy_version', version=none) %}
{%- do retention_ledger.names_are_ours() -%}
select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is null
    or {{ column_name }} <> {{ retention_ledger.text_list([version or retention_ledger.policy_version()]) }}
    {%- if version is none %}
    or {{ column_name }} not in (select policy_version from {{ ref('policy_settings') }})
    {%- endif %}
{% endtest %}
