{#- One setting of the policy: the var, checked when dbt reads the project. Everything that decides what is counted is read
    through here, so that a wrong value stops the parse with a sentence. -#}
{% macro policy(name) %}
    {% set value = policy_value(name) %}
    {% if not execute %}
        {% do check_policy_value(name, value, policy_rules()[name]) %}
    {% endif %}
    {{ return(value) }}
{% endmacro %}


{#- The same without the check, for those who read every setting at once. -#}
{% macro policy_value(name) %}
    {% set value = var(name) %}
    {% if name == 'latest_valid_date' and value is none and reads_demo_seeds() %}
        {% set value = var('demo_latest_valid_date') %}
    {% elif name == 'as_of_date' and value is none and reads_demo_seeds() %}
        {% set value = var('demo_as_of_date') %}
    {% elif name == 'gross_margin_rate' and value is none and reads_demo_seeds() %}
        {% set value = var('demo_gross_margin_rate') %}
    {% elif name == 'raw_tables' and value is none %}
        {% set value = raw_tables_by_default() %}
    {% endif %}
    {#- YAML reads 2025-01-31 as a date. -#}
    {% if name.endswith('_date') and value is not none %}
        {{ return(value | string) }}
    {% endif %}
    {{ return(value) }}
{% endmacro %}


{#- All of it checked, before a build begins; first what decides whether others are right. -#}
{% macro check_policy() %}
    {% set rules = policy_rules() %}
    {% for name in ['raw_tables', 'status_bases'] + rules | list %}
        {% do check_policy_value(name, policy_value(name), rules[name]) %}
    {% endfor %}
{% endmacro %}


{#- Every setting: what it must be, whether it is part of a definition (and so of policy_version),
    and what it means. `among` lists what is allowed, or says it (policy_choices). -#}
{% macro policy_rules() %}
    {{ return({
        'policy_release': {
            'kind': 'text', 'defines': true,
            'meaning': 'Readable version of the policy; the first part of policy_version.',
        },
        'status_bases': {
            'kind': 'list', 'among': 'bases', 'defines': true,
            'meaning': 'Which rules for "active" are built, as far as raw_tables has the table they are made of.',
        },
        'headline_basis': {
            'kind': 'text', 'among': 'bases', 'may_be_null': true, 'defines': true,
            'meaning': 'The basis of the customers in business_by_period and business_cells; null: subscriptions where they are built, else the first of status_bases that is.',
        },
        'inactivity_days': {
            'kind': 'whole number', 'least': 1, 'most': 3660, 'defines': true,
            'meaning': 'orders_window: an order keeps a customer active for this many days.',
        },
        'subscription_grace_days': {
            'kind': 'whole number', 'least': 0, 'most': 366, 'defines': true,
            'meaning': 'subscriptions: a customer stays active for this many days after the last paid day.',
        },
        'subscription_ends': {
            'kind': 'text', 'among': ['inclusive', 'exclusive'], 'may_be_null': true, 'defines': true,
            'meaning': 'What ended_on of a subscription is: the last paid day (inclusive) or the first day that is not paid (exclusive); null: the latter, unless the gaps between periods say otherwise.',
        },
        'free_periods_are_active': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'States or plans of subscriptions whose free periods make a customer active without MRR, like trialing, paused or lifetime; all: every one.',
        },
        'period_grains': {
            'kind': 'list', 'among': ['week', 'month', 'quarter', 'year'], 'defines': true,
            'meaning': 'Which period lengths are built.',
        },
        'segment_dimensions': {
            'kind': 'list', 'among': 'attributes of customers',
            'may_be_empty': true, 'defines': true,
            'meaning': 'Which customer attributes the balances are split by.',
        },
        'customer_attributes': {
            'kind': 'own columns', 'of': 'customers', 'may_be_empty': true,
            'meaning': 'Columns of customers of your own that can be segment_dimensions, beside country, acquisition_channel and customer_segment.',
        },
        'order_attributes': {
            'kind': 'own columns', 'of': 'orders', 'may_be_empty': true,
            'meaning': 'Columns of orders of your own that are passed through to the mart orders.',
        },
        'counted_order_statuses': {
            'kind': 'list', 'defines': true,
            'meaning': 'Order statuses that count as a purchase (lower case).',
        },
        'uncounted_order_statuses': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'Order statuses that are known and do not count (lower case).',
        },
        'reject_negative_amounts': {
            'kind': 'yes or no', 'defines': true,
            'meaning': 'Whether an order or a refund with an amount below 0 is rejected.',
        },
        'negative_orders': {
            'kind': 'text', 'among': ['refuse', 'refund', 'keep'], 'may_be_null': true, 'defines': true,
            'meaning': 'What an order with an amount below 0 is: refused, money that goes back, or an order; null: refused while reject_negative_amounts is true, else an order.',
        },
        'refund_order_statuses': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'Order statuses that mean money that goes back, whatever the sign of the amount (lower case).',
        },
        'customer_identity': {
            'kind': 'text', 'among': ['customer_id', 'email'], 'defines': true,
            'meaning': 'Who is one customer: each customer id, or all ids that have one e-mail address.',
        },
        'unknown_customers': {
            'kind': 'text', 'among': ['refuse', 'keep'], 'defines': true,
            'meaning': 'Orders and subscriptions of customers who are not in the table of customers: refused, or kept with (unknown) segments.',
        },
        'placeholder_customer_ids': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'Customer ids that stand for nobody, like 0 or guest; letter case does not matter.',
        },
        'placeholder_customers': {
            'kind': 'text', 'among': ['refuse', 'split_by_email'], 'defines': true,
            'meaning': 'Orders of placeholder_customer_ids: refused, or each e-mail address of the order is a customer.',
        },
        'test_account_emails': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'SQL LIKE patterns (lower case) of the e-mail addresses of test accounts.',
        },
        'cancel_reasons': {
            'kind': 'lists', 'defines': true,
            'meaning': 'Reasons for leaving, each with the texts that mean it; any other text is "other".',
        },
        'involuntary_cancel_reasons': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'Those of cancel_reasons with which nobody has chosen to leave.',
        },
        'complaint_topics': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'Topics of support tickets, in lower case, that are complaints.',
        },
        'reporting_currency': {
            'kind': 'currency', 'defines': true,
            'meaning': 'The currency of every amount in the marts, and of raw amounts that name none.',
        },
        'repeat_purchase_unit': {
            'kind': 'text', 'among': ['order', 'purchase_day'], 'defines': true,
            'meaning': 'What one purchase is: each order, or all orders of a day together.',
        },
        'gross_margin_rate': {
            'kind': 'share', 'may_be_null': true, 'defines': true,
            'meaning': 'Share of revenue that is left after the cost of what was sold; null: not known, and margins are null.',
        },
        'max_lifespan_years': {
            'kind': 'whole number', 'least': 1, 'most': 100, 'defines': true,
            'meaning': 'The textbook lifespan (active days / churn events) is cut off here.',
        },
        'discount_rate': {
            'kind': 'share', 'defines': true,
            'meaning': 'Yearly rate at which predicted purchases are discounted.',
        },
        'prediction_horizon_days': {
            'kind': 'whole number', 'least': 365, 'most': 36500, 'defines': true,
            'meaning': 'How far into the future predicted lifetime value looks.',
        },
        'holdout_days': {
            'kind': 'whole number', 'least': 7, 'most': 3660, 'defines': true,
            'meaning': 'The last days of the data, on which the prediction is checked.',
        },
        'risk_horizon_days': {
            'kind': 'whole number', 'least': 1, 'most': 3660, 'defines': true,
            'meaning': 'risk_score is the probability of leaving within this many days.',
        },
        'risk_history_months': {
            'kind': 'whole number', 'least': 4, 'most': 120, 'defines': true,
            'meaning': 'On the last days of how many months the weights of the risk score are fitted and checked.',
        },
        'risk_recent_days': {
            'kind': 'whole number', 'least': 7, 'most': 3660, 'defines': true,
            'meaning': 'How long an event speaks for leaving, and the days whose orders are compared with as many before.',
        },
        'risk_overdue_factor': {
            'kind': 'whole number', 'least': 1, 'most': 100, 'defines': true,
            'meaning': 'A customer is overdue after this many times the usual gap between the own orders.',
        },
        'risk_slow_ticket_days': {
            'kind': 'whole number', 'least': 0, 'most': 366, 'defines': true,
            'meaning': 'A support ticket that is older than this many days without being resolved is bad service.',
        },
        'negative_words': {
            'kind': 'list', 'may_be_empty': true, 'defines': true,
            'meaning': 'Words in feedback that speak for leaving, in any language that writes spaces; letter case does not matter.',
        },
        'risk_decline_share': {
            'kind': 'share', 'defines': true,
            'meaning': 'Orders or spend have declined when they are lower by at least this share.',
        },
        'business_timezone': {
            'kind': 'time zone', 'defines': true,
            'meaning': 'Time zone whose days are counted.',
        },
        'calendar': {
            'kind': 'text', 'among': ['common', 'table'], 'defines': true,
            'meaning': 'Where weeks, months, quarters and years come from: the common calendar with the next two settings, or the raw table calendar (a retail 4-4-5 year).',
        },
        'week_starts_on': {
            'kind': 'text', 'among': 'days of the week', 'defines': true,
            'meaning': 'First day of a week.',
        },
        'fiscal_year_starts_in': {
            'kind': 'whole number', 'least': 1, 'most': 12, 'defines': true,
            'meaning': 'Month in which a year begins (1 = January); quarters are the three months from there on.',
        },
        'cohort_grain': {
            'kind': 'text', 'among': ['week', 'month', 'quarter', 'year'], 'defines': true,
            'meaning': 'Length of the periods by which cohorts are made and followed.',
        },
        'seasonal_cycles': {
            'kind': 'whole number', 'least': 2, 'most': 20, 'defines': true,
            'meaning': 'How many full years of ratios to the trend a seasonal index takes; a year more of data, because the trend of the first and last half year is not known.',
        },
        'as_of_date': {
            'kind': 'date', 'may_be_null': true,
            'meaning': 'Last day the data is complete through; null: the last day of any counted order. Must be set where there are subscriptions.',
        },
        'earliest_valid_date': {
            'kind': 'date', 'defines': true, 'meaning': 'A row dated before this day is rejected.',
        },
        'latest_valid_date': {
            'kind': 'date', 'may_be_null': true,
            'meaning': 'An order or refund dated after this day is rejected; null: no limit.',
        },
        'raw_timezones': {
            'kind': 'reading', 'may_be_null': true, 'defines': true,
            'meaning': 'Time zone of times that name none: one for all tables, or per table; null: business_timezone.',
        },
        'raw_time_units': {
            'kind': 'reading', 'defines': true,
            'meaning': 'Per table and column: what a number in a column of dates counts. Without it a number is no date.',
        },
        'timezone_abbreviations': {
            'kind': 'reading', 'defines': true,
            'meaning': 'What abbreviations of time zones mean (an offset or a zone), beyond those that have one meaning.',
        },
        'timestamp_formats': {
            'kind': 'reading', 'defines': true,
            'meaning': 'strptime formats that are tried after ISO 8601: a list for all tables, or one per table.',
        },
        'decimal_separator': {
            'kind': 'reading', 'defines': true,
            'meaning': 'Decimal separator of amounts in text: one for all tables, or per table.',
        },
        'missing_texts': {
            'kind': 'reading', 'defines': true,
            'meaning': 'Texts that mean "no value": a list for every column, or `default` and further ones per table.column.',
        },
        'id_cleaning': {
            'kind': 'reading', 'defines': true,
            'meaning': 'Per table.column, or `all`: what is done to ids beyond trimming them.',
        },
        'max_rejected_share': {
            'kind': 'share', 'meaning': 'The build stops when a larger share of a raw table is rejected.',
        },
        'max_days_without_orders': {
            'kind': 'whole number', 'least': 1, 'most': 36600,
            'meaning': 'The build stops when the orders pause for longer: a date is likely wrong.',
        },
        'expectations': {
            'kind': 'limits',
            'meaning': 'From where on retention-ledger validate warns or stops, where that differs from docs/expectations.md: limit, or table and limit -> warn, error.',
        },
        'raw_tables': {
            'kind': 'list', 'among': 'raw tables',
            'meaning': 'Which raw tables exist; null: those that a setting names, where one setting is meant for all customers, orders and refunds, and in the demo all.',
        },
        'raw_files': {
            'kind': 'files', 'may_be_null': true,
            'meaning': 'Own files: a path with {name} for the table, or per table a path or a list of paths; patterns with * will do.',
        },
        'raw_file_formats': {
            'kind': 'file formats',
            'meaning': 'Per table of raw_files: delimiter, quote, escape, encoding, header, columns, may_lack, where they are not to be found out.',
        },
        'raw_models': {
            'kind': 'models',
            'meaning': 'Per table: the model of the project that has installed this package, or [package, model].',
        },
        'raw_relations': {
            'kind': 'relations',
            'meaning': 'Per table: the own table that it is read from, as table, schema.table or database.schema.table.',
        },
        'raw_queries': {
            'kind': 'queries',
            'meaning': 'Per table: a SELECT of its raw rows; {name} stands for a raw table or a file of raw_files.',
        },
        'raw_schema': {
            'kind': 'text', 'may_be_null': true, 'meaning': 'Schema of own raw tables.',
        },
        'raw_database': {
            'kind': 'text', 'may_be_null': true, 'meaning': 'Database of own raw tables.',
        },
        'attached_databases': {
            'kind': 'databases',
            'meaning': 'Other databases that raw_relations, raw_schema and raw_queries read from, by name: path, and type (duckdb, sqlite or postgres).',
        },
        'raw_freshness': {
            'kind': 'freshness',
            'meaning': 'Per own table: loaded_at (SQL of when a row came), warn_after_hours and error_after_hours, for dbt source freshness.',
        },
        'raw_columns': {
            'kind': 'mapping', 'of_tables': true,
            'meaning': 'Per table: canonical column -> SQL expression over the raw columns.',
        },
        'raw_line_level': {
            'kind': 'list', 'among': ['orders', 'refunds'], 'may_be_empty': true, 'defines': true,
            'meaning': 'Tables with several rows per id, to be summed.',
        },
        'raw_rejects': {
            'kind': 'mapping', 'of_tables': true, 'defines': true,
            'meaning': 'Per table: reason -> SQL condition of raw rows to leave out.',
        },
        'subscription_versions': {
            'kind': 'text', 'among': ['corrections', 'changes'], 'may_be_null': true, 'defines': true,
            'meaning': 'What a newer row of a subscription and start is: the correction of the older one from its start on, or a change from updated_at on; null: a correction, unless prices say otherwise.',
        },
        'raw_deleted': {
            'kind': 'conditions', 'defines': true,
            'meaning': 'Per table: SQL condition of raw rows that say that their id is deleted.',
        },
    }) }}
{% endmacro %}


{#- A readable version and a hash of all that defines a number: the settings marked `defines` and what makes
    a metric. The words of a metric, as_of_date, thresholds and where the data is are not in it. -#}
{% macro policy_version() %}
    {% set settings = {} %}
    {% for name, rule in policy_rules().items() if rule.defines %}
        {% do settings.update({name: policy_value(name)}) %}
    {% endfor %}
    {{ return(policy('policy_release') ~ '+' ~ definitions_hash(settings, metric_catalogue())) }}
{% endmacro %}

{% macro definitions_hash(settings, metrics) %}
    {% set identities = [] %}
    {% for metric in metrics %}
        {#- What makes a metric this one; its words can be bettered without that. -#}
        {% do identities.append([
            metric.name, metric.mart, metric.kind, metric.numerator, metric.denominator, metric.condition,
            metric.can_be_partial, metric.basis, metric.version, metric.unit, metric.is_proportion,
        ]) %}
    {% endfor %}
    {{ return(local_md5(tojson(settings) ~ tojson(identities))[:8]) }}
{% endmacro %}


{#- The column every mart carries. -#}
{% macro policy_version_column() -%}
    cast({{ retention_ledger.text_list([retention_ledger.policy_version()]) }} as {{ dbt.type_string() }}) as policy_version
{%- endmacro %}
