{#- What a row was left out by because somebody has said so: a rule of one's own, or the deletion of the row. -#}
{% macro left_out_reasons(table) %}
    {{ return((policy('raw_rejects').get(table, {}) | list + ['deleted']) | unique(case_sensitive=true) | list) }}
{% endmacro %}


{#- Reasons of rows that can be read. Such a row is a version of its id like any other: if it is the newest, it
    decides, and no older version comes back. What cannot be read is a version of nothing. -#}
{% macro deciding_reasons(table) %}
    {{ return(left_out_reasons(table) + [
        'test_account', 'customer_left_out', 'placeholder_customer', 'unknown_customer',
        'order_left_out', 'unknown_order', 'before_its_order',
    ]) }}
{% endmacro %}

{% macro is_a_version(table, reason='reject_reason') -%}
    ({{ reason }} is null or {{ reason }} in ({{ text_list(deciding_reasons(table)) }}))
{%- endmacro %}


{#- Reasons that are no faults, and do not count towards max_rejected_share: nothing is wrong with what a rule
    leaves out, with older versions, with several rows of one customer and with what comes after as_of_date. -#}
{% macro harmless_reasons(table) %}
    {{ return(left_out_reasons(table) + [
        'test_account', 'customer_left_out', 'placeholder_customer', 'order_left_out',
        'superseded_by_newer_row', 'duplicate_customer_id', 'same_person', 'duplicate_refund_id', 'duplicate_rate',
        'closing_version', 'after_as_of_date',
    ]) }}
{% endmacro %}


{#- The reasons that this project gives itself. A rule of one's own needs another name, or its rows could not be told from faults. -#}
{% macro built_in_reasons() %}
    {{ return([
        'missing_order_id', 'missing_customer_id', 'missing_refund_id', 'missing_subscription_id', 'missing_status',
        'missing_date', 'missing_amount', 'missing_currency', 'missing_rate',
        'unparsable_date', 'unparsable_end_date', 'unparsable_updated_at', 'unparsable_amount', 'unparsable_rate',
        'missing_fiscal_period', 'not_a_fiscal_period',
        'missing_billing_interval', 'unknown_billing_interval', 'unparsable_quantity', 'unparsable_discount',
        'id_in_scientific_notation', 'currency_sign_disagrees',
        'date_too_early', 'future_date', 'negative_amount', 'rate_not_positive', 'ends_before_start', 'covers_no_day',
        'no_exchange_rate', 'unknown_customer', 'unknown_order', 'before_its_order', 'conflicting_lines',
        'superseded_by_newer_row', 'duplicate_customer_id', 'same_person', 'duplicate_refund_id', 'duplicate_rate',
        'test_account', 'customer_left_out', 'placeholder_customer', 'order_left_out', 'closing_version', 'after_as_of_date',
        'malformed_row', 'missing_ticket_id', 'missing_feedback_id', 'unparsable_resolved_at', 'resolved_before_opened',
        'unparsable_nps_score', 'nps_score_off_scale', 'no_score_and_no_text',
    ]) }}
{% endmacro %}
