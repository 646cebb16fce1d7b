{#- The canonical raw tables and their columns. `required` columns must exist or be mapped by the var
    raw_columns; `optional` ones too, but `null` will do for them; those that are `used if present` may
    simply be absent. -#}
{% macro raw_table_columns() %}
    {{ return({
        'customers': {
            'customer_id': 'required', 'email': 'optional', 'signed_up_at': 'optional',
            'country': 'optional', 'acquisition_channel': 'optional', 'customer_segment': 'optional',
        },
        'orders': {
            'order_id': 'required', 'customer_id': 'required', 'ordered_at': 'required',
            'status': 'optional', 'amount': 'required', 'currency': 'used if present', 'updated_at': 'optional',
        },
        'refunds': {
            'refund_id': 'required', 'order_id': 'required', 'refunded_at': 'required',
            'amount': 'required',
        },
        'subscriptions': {
            'subscription_id': 'required', 'customer_id': 'required', 'plan': 'optional',
            'started_on': 'required', 'ended_on': 'required', 'monthly_amount': 'required',
            'currency': 'used if present', 'cancel_requested_on': 'optional', 'cancel_reason': 'optional',
            'updated_at': 'used if present',
        },
        'exchange_rates': {
            'currency': 'required', 'valid_from': 'required', 'rate': 'required',
        },
    }) }}
{% endmacro %}


{% macro reads_demo_seeds() %}
    {{ return(var('raw_files') is none and var('raw_schema') is none) }}
{% endmacro %}


{#- What stands behind `from` for a raw table: own files, an own table, or the demo seed. -#}
{% macro raw_relation(table) -%}
    {%- if policy('raw_files') is not none -%}
        {{ adapter.dispatch('read_raw_file', 'retention_ledger')(raw_file_path(table)) }}
    {%- elif policy('raw_schema') is not none -%}
        {{ source('raw', table) }}
    {%- else -%}
        {{ ref('raw_' ~ table) }}
    {%- endif -%}
{%- endmacro %}


{% macro raw_file_path(table) %}
    {{ return(policy('raw_files') | replace('{name}', table)) }}
{% endmacro %}


{% macro default__read_raw_file(path) %}
    {{ exceptions.raise_compiler_error(
        'The var `raw_files` works on DuckDB targets only. Load the files into tables and name '
        ~ 'their schema in the var `raw_schema`.'
    ) }}
{% endmacro %}


{#- Text is read as text, because sniffing types breaks on a bad value in a late row. -#}
{% macro duckdb__read_raw_file(path) -%}
    {%- set ending = path | lower -%}
    {%- set file = dbt.string_literal(dbt.escape_single_quotes(path)) -%}
    {%- if ending.endswith('.parquet') -%}
        read_parquet({{ file }}, union_by_name = true)
    {%- elif ending.endswith(('.csv', '.csv.gz')) -%}
        read_csv({{ file }}, header = true, all_varchar = true, null_padding = true, parallel = false, union_by_name = true)
    {%- elif ending.endswith(('.json', '.json.gz', '.jsonl', '.ndjson')) -%}
        (select columns(*) ->> '$' from read_json({{ file }}, maximum_depth = 1, sample_size = -1, union_by_name = true))
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "The var `raw_files` gives '" ~ path ~ "'; files must end in .parquet, .csv, .csv.gz, "
            ~ ".json, .json.gz, .jsonl or .ndjson."
        ) }}
    {%- endif -%}
{%- endmacro %}
