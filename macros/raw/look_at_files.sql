{#- For `retention-ledger init`: makes the files of the settings readable, as a build does, and leaves what is wrong with
    them, a sentence each, in a table beside them. -#}
{% macro look_at_files() %}
    {% set problems = [] %}
    {% do adapter.dispatch('land_files', 'retention_ledger')(problems, []) %}
    {% do run_query('create or replace table ' ~ landed_file('_problems') ~ ' (problem varchar)') %}
    {% for problem in problems | unique %}
        {% do run_query('insert into ' ~ landed_file('_problems') ~ ' values (' ~ text_literal(problem) ~ ')') %}
    {% endfor %}
{% endmacro %}
