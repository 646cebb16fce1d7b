{#- What earlier loads of the same data looked like, in a schema of its own: a row per load that was published or
    accepted, with its profile as JSON, some ten kilobytes, and no more than the last ten. -#}
{% macro loads_relation() %}
    {{ return(api.Relation.create(target.database or none, generate_schema_name('expectations', none), 'landed_loads', type='table')) }}
{% endmacro %}

{#- The loads, the oldest one first; those of other data, which a build has replaced, are none. -#}
{% macro read_loads() %}
    {% set wanted, loads = loads_relation(), [] %}
    {% set relation = adapter.get_relation(wanted.database, wanted.schema, wanted.identifier) %}
    {% if relation is not none %}
        {% for row in run_query('select load_id, was_accepted, data, profile from ' ~ relation ~ ' order by load_id').rows %}
            {% if same_data(fromjson(row[2]), data_asked_for()) %}
                {% do loads.append({'load_id': row[0], 'was_accepted': row[1], 'profile': fromjson(row[3])}) %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {{ return(loads) }}
{% endmacro %}

{#- Adds a load. The profile is JSON as text; `replaces` is the load that it is once more, if it is. -#}
{% macro remember_load(load_id, was_accepted, profile, replaces=none) %}
    {% set relation = loads_relation() %}
    {% do adapter.create_schema(relation) %}
    {% do run_query(
        'create table if not exists ' ~ relation ~ ' (load_id ' ~ dbt.type_string() ~ ', was_accepted ' ~ dbt.type_boolean()
        ~ ', data ' ~ dbt.type_string() ~ ', profile ' ~ dbt.type_string() ~ ')'
    ) %}
    {% set kept = [] %}
    {% for load in read_loads() if load.load_id != replaces %}
        {% do kept.append(load) %}
    {% endfor %}
    {% do adapter.dispatch('write_load', 'retention_ledger')(
        relation, kept[-9:], {'load_id': load_id, 'was_accepted': was_accepted, 'profile': profile}
    ) %}
    {% do adapter.commit() %}
{% endmacro %}

{% macro default__write_load(relation, kept, load) %}
    {% set ids = kept | map(attribute='load_id') | list %}
    {% do run_query('delete from ' ~ relation ~ (' where load_id not in (' ~ text_list(ids) ~ ')' if ids else ' where 1 = 1')) %}
    {% do run_query('insert into ' ~ relation ~ ' (load_id, was_accepted, data, profile) values ' ~ values_of_load(load)) %}
{% endmacro %}

{#- No row is deleted from files: all are written again. -#}
{% macro spark__write_load(relation, kept, load) %}
    {% set rows = [values_of_load(load)] %}
    {% for each in kept %}
        {% do rows.append(values_of_load(dict(each, profile=tojson(each.profile)))) %}
    {% endfor %}
    {% do run_query('insert overwrite ' ~ relation ~ ' (load_id, was_accepted, data, profile) values ' ~ rows | join(', ')) %}
{% endmacro %}

{% macro values_of_load(load) -%}
    ({{ text_or_null(load.load_id) }}, {{ 'true' if load.was_accepted else 'false' }}, {{ text_or_null(tojson(data_asked_for())) }}, {{ text_or_null(load.profile) }})
{%- endmacro %}
