{#- After a build: what its intake_findings say. A model or a test could only count them: here each is a sentence. -#}
{% macro say_findings(results) %}
    {% set made = results | selectattr('status', 'equalto', 'success') | map(attribute='node.unique_id') | list if execute else [] %}
    {% if 'model.retention_ledger.intake_findings' in made and flags.WHICH in ['build', 'run'] %}
        {% set node = graph.nodes['model.retention_ledger.intake_findings'] %}
        {% set relation = api.Relation.create(node.database, node.schema, node.alias, type='table') %}
        {% set found = run_query(
            'select severity, source_table, what, examples, meaning, remedy from ' ~ relation
            ~ ' order by severity desc, source_table, finding, column_name'
        ).rows %}
        {% for finding in found %}
            {% set sentence = finding[1] ~ ': ' ~ finding[2] ~ (' (for example ' ~ finding[3] ~ ')' if finding[3] else '') ~ '. ' ~ finding[4] ~ ' ' ~ finding[5] %}
            {% if finding[0] == 'warning' %}
                {% do exceptions.warn(sentence) %}
            {% else %}
                {% do log('Note: ' ~ sentence, info=true) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
