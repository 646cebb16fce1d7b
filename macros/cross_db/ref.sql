{#- Inside this package a name means this package's model, also where the project that has installed it has a
    model of the same name (`orders`, `stg_customers`): dbt itself would take that one. -#}
{% macro ref() %}
    {% if model.package_name == 'retention_ledger' %}
        {{ return(builtins.ref('retention_ledger', varargs[-1])) }}
    {% endif %}
    {{ return(builtins.ref(*varargs, **kwargs)) }}
{% endmacro %}


{#- A generic test knows only the macros that it calls: this call makes it know the one above. -#}
{% macro names_are_ours() %}
    {% if false %}{{ retention_ledger.ref() }}{% endif %}
{% endmacro %}
