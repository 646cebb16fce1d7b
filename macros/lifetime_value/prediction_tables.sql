{#- The tables that `make predict` fills, made empty where they are missing, so that a first build runs. -#}
{% macro create_prediction_tables() %}
    {% if execute %}
        {% do adapter.create_schema(api.Relation.create(database=target.database, schema='predictions')) %}
        {% for table, columns in prediction_table_columns().items() %}
            {% set definitions = [] %}
            {% for column, type in columns.items() %}
                {% do definitions.append(column ~ ' ' ~ type) %}
            {% endfor %}
            {% do run_query('create table if not exists ' ~ source('predictions', table) ~ ' (' ~ definitions | join(', ') ~ ')') %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro prediction_table_columns() %}
    {% set number = 'double precision' %}
    {{ return({
        'lifetime_parameters': {
            'as_of_date': 'date', 'policy_version': dbt.type_string(), 'fingerprint': dbt.type_string(),
            'r': number, 'alpha': number, 'a': number, 'b': number, 'purchase_log_likelihood': number,
            'purchase_converged': dbt.type_boolean(), 'purchase_message': dbt.type_string(),
            'p': number, 'q': number, 'v': number, 'spend_log_likelihood': number,
            'spend_converged': dbt.type_boolean(), 'spend_message': dbt.type_string(),
        },
        'lifetime_scores': {
            'frequency': dbt.type_bigint(), 'recency_days': dbt.type_bigint(), 'age_days': dbt.type_bigint(),
            'probability_alive': number, 'expected_purchases_365': number, 'discounted_purchases': number,
        },
        'lifetime_holdout': {
            'as_of_date': 'date', 'policy_version': dbt.type_string(), 'fingerprint': dbt.type_string(),
            'calibration_ends_on': 'date', 'holdout_days': dbt.type_bigint(), 'customers': dbt.type_bigint(),
            'actual_purchases': number, 'predicted_purchases': number, 'naive_purchases': number,
            'predicted_absolute_error': number, 'naive_absolute_error': number, 'message': dbt.type_string(),
        },
    }) }}
{% endmacro %}
