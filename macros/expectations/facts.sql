{#- The table or view of a model of this package; none where it is not there (yet). -#}
{% macro relation_of(name) %}
    {% set node = graph.nodes.get('model.retention_ledger.' ~ name) %}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias) if node else none) }}
{% endmacro %}


{#- Rows as lists. Every column is text, which JSON can hold and dbt leaves as it is. -#}
{% macro facts_of_query(sql) %}
    {{ return(run_query(sql).rows | map('list') | list) }}
{% endmacro %}


{#- A number as text. -#}
{% macro number_as_text(number) -%}
    cast({{ as_double(number) }} as {{ dbt.type_string() }})
{%- endmacro %}


{#- The columns of a fact: what it is, of which column, of which value, day or month, and a number. -#}
{% macro fact(name, column, entry, number) -%}
    cast('{{ name }}' as {{ dbt.type_string() }}) as fact, cast({{ column }} as {{ dbt.type_string() }}) as column_name,
        cast({{ entry }} as {{ dbt.type_string() }}) as entry, {{ number_as_text(number) }} as number
{%- endmacro %}


{#- Hands facts to the Python that has called the macro. -#}
{% macro say_facts(facts) %}
    {% do log('facts: ' ~ tojson(facts)) %}
{% endmacro %}
