{#- What mends the cause of a reason for which rows are rejected: the settings that may help. A reason that is not
    listed has none but the data itself. -#}
{% macro remedies() %}
    {{ return({
        'unparsable_date': 'timestamp_formats, raw_time_units or timezone_abbreviations say how it is written',
        'unparsable_end_date': 'missing_texts says which text means "no end", timestamp_formats how a date is written',
        'unparsable_updated_at': 'timestamp_formats says how it is written, or map updated_at to null with raw_columns',
        'missing_date': 'raw_columns names the column of the date',
        'date_too_early': 'earliest_valid_date is the first day that is taken, raw_time_units says what a number counts',
        'future_date': 'latest_valid_date is the last day that is taken',
        'missing_amount': 'raw_columns names the column of the amount, missing_texts the texts that mean no value',
        'unparsable_amount': 'decimal_separator says how it is written',
        'currency_sign_disagrees': 'raw_columns names the column of the currency, reporting_currency the one of amounts without',
        'negative_amount': 'reject_negative_amounts: false takes it, raw_rejects leaves it out on purpose',
        'missing_status': 'raw_columns maps status to null where there is none',
        'missing_order_id': 'raw_columns names the column of the id',
        'missing_customer_id': 'raw_columns names the column of the id, raw_rejects leaves such rows out on purpose',
        'missing_refund_id': 'raw_columns names the column of the id',
        'missing_subscription_id': 'raw_columns names the column of the id',
        'id_in_scientific_notation': 'export the data again without a spreadsheet',
        'unknown_customer': 'id_cleaning makes ids alike that are written differently, raw_tables without customers takes them from the orders',
        'unknown_order': 'id_cleaning makes ids alike that are written differently',
        'test_account': 'test_account_emails says who is one',
        'no_exchange_rate': 'the raw table exchange_rates has no rate for that currency and day; raw_tables must list it',
        'conflicting_lines': 'raw_line_level takes rows of one id as lines of one order',
        'ends_before_start': 'raw_columns can correct the end',
        'covers_no_day': 'an end is the first day that is not paid: raw_columns can add a day to the last paid one',
        'missing_billing_interval': 'raw_columns names the column of the billing_interval of a price',
        'unknown_billing_interval': 'raw_columns translates it to day, week, month, quarter or year, and billing_interval_count to a whole number above 0',
        'unparsable_quantity': 'raw_columns corrects it: a number of 0 or more',
        'unparsable_discount': 'raw_columns corrects it: a discount_amount of 0 or more, a discount_percent from 0 to 100',
        'missing_ticket_id': 'raw_columns names the column of the id',
        'missing_feedback_id': 'raw_columns names the column of the id',
        'unparsable_resolved_at': 'missing_texts says which text means "not resolved", timestamp_formats how a date is written',
        'resolved_before_opened': 'raw_columns can correct the times',
        'unparsable_nps_score': 'raw_columns corrects it, missing_texts says which text means "no score"',
        'nps_score_off_scale': 'raw_columns puts it on the scale of whole numbers from 0 to 10',
        'no_score_and_no_text': 'raw_columns names the columns of nps_score and feedback_text, raw_rejects leaves such rows out on purpose',
        'missing_fiscal_period': 'raw_columns names the columns fiscal_year and fiscal_month',
        'not_a_fiscal_period': 'raw_columns can correct it: a year from 1900 to 2200, a quarter from 1 to 4, a month from 1 to 12, a week from 1 to 54',
        'unparsable_rate': 'decimal_separator says how it is written',
    }) }}
{% endmacro %}


{#- The same as branches of a CASE over the reason. -#}
{% macro remedy_branches() -%}
    {%- for reason, remedy in retention_ledger.remedies().items() -%}
    when '{{ reason }}' then {{ retention_ledger.text_literal('(' ~ reason ~ ') ' ~ remedy) }}{{ ' ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
