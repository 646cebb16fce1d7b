{#- dbt's own generic tests, under the same names: dbt would look their model up in the project that has
    installed this package. -#}
{% test accepted_values(model, column_name, values, quote=true) %}
    {%- do retention_ledger.names_are_ours() -%}
    {{ dbt.test_accepted_values(model, column_name, values, quote) }}
{% endtest %}


{% test relationships(model, column_name, to, field) %}
    {%- do retention_ledger.names_are_ours() -%}
    {{ dbt.test_relationships(model, column_name, to, field) }}
{% endtest %}
