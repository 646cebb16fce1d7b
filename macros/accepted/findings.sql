{#- What is readable and still suspicious: every finding of intake_findings, once. `severity`: a warning where figures are
    likely wrong, a note where it is worth a look. `meaning` follows the sentence that says what was seen. -#}
{% macro finding_rules() %}
    {{ return({
        'one_id_has_many_rows': {
            'severity': 'warning', 'setting': 'placeholder_customer_ids',
            'meaning': 'One id with so many rows is hardly ever a person: it may stand for all guests, or for nobody, who then look like one loyal customer.',
            'remedy': 'The var placeholder_customer_ids lists ids that stand for nobody, and placeholder_customers says what becomes of their orders.',
        },
        'ids_are_written_differently': {
            'severity': 'warning', 'setting': 'id_cleaning',
            'meaning': 'Ids that differ in letter case, in `.0` or in leading zeros alone are likely one id: one customer is counted as two, or a row finds no partner.',
            'remedy': 'The var id_cleaning makes them alike: lower, strip_decimal_zero, strip_leading_zeros.',
        },
        'every_customer_has_one_order': {
            'severity': 'warning', 'setting': 'raw_columns',
            'meaning': 'Nobody ever returns: customer_id may be a number of the order and not of the person, and then every retention figure is wrong.',
            'remedy': 'The var raw_columns names the column with the person (raw_queries joins the table that has it); customer_identity: email makes one customer of all ids with one address.',
        },
        'window_is_shorter_than_rhythm': {
            'severity': 'warning', 'setting': 'inactivity_days',
            'meaning': 'Customers who have not left seem to churn and to come back, at the pace of the business.',
            'remedy': 'The var inactivity_days is the number of days for which an order keeps a customer active: set it well above the usual gap.',
        },
        'uncounted_orders_after_the_last_counted': {
            'severity': 'note', 'setting': 'counted_order_statuses',
            'meaning': 'Either a status that counts is missing from the list, and the last weeks look empty, or these are orders that lie ahead.',
            'remedy': 'The var counted_order_statuses lists the statuses that count, as_of_date the last day that is looked at.',
        },
        'first_month_is_small': {
            'severity': 'note', 'setting': 'raw_rejects',
            'meaning': 'The export may begin within that month, or with stray rows: its customers look new, and it cannot be compared.',
            'remedy': 'Export whole months, or leave the days before the first whole month out with the var raw_rejects.',
        },
        'last_month_is_small': {
            'severity': 'warning', 'setting': 'as_of_date',
            'meaning': 'The export may end before as_of_date: customers whose orders are missing look lost.',
            'remedy': 'The var as_of_date is the last day through which the data is complete.',
        },
        'amounts_look_like_cents': {
            'severity': 'warning', 'setting': 'raw_columns',
            'meaning': 'Amounts may be counted in hundredths: all revenue would be 100 times too large.',
            'remedy': 'The var raw_columns can divide: amount: cast(amount as decimal(18, 2)) / 100.',
        },
        'order_versions_differ_in_amount': {
            'severity': 'warning', 'setting': 'raw_line_level',
            'meaning': 'Rows of one id are taken for versions, and the newest stands; so many different amounts may be the lines of an order, which add up.',
            'remedy': 'The var raw_line_level: [orders] sums the rows of an id.',
        },
        'subscription_versions_differ_in_amount': {
            'severity': 'warning', 'setting': 'subscription_versions',
            'meaning': 'A newer price is taken for a correction from the start on; if it is a change from its day on, MRR before that day is wrong.',
            'remedy': 'The var subscription_versions says which: corrections or changes.',
        },
        'yearly_beside_monthly_prices': {
            'severity': 'warning', 'setting': 'raw_columns',
            'meaning': 'A price of a year may be taken for one of a month: MRR would be 12 times too large for these subscriptions.',
            'remedy': 'The var raw_columns can map price and billing_interval instead of monthly_amount: what is paid for a year then counts a twelfth a month.',
        },
        'gaps_of_one_day': {
            'severity': 'warning', 'setting': 'subscription_ends',
            'meaning': 'The end is probably inclusive, the last paid day, and is read as the first day that is not paid: everybody seems to leave for a day and to come back.',
            'remedy': 'The var subscription_ends: inclusive says so.',
        },
        'discounts_are_refused': {
            'severity': 'warning', 'setting': 'raw_columns',
            'meaning': 'Where they are discounts, MRR is too large by them.',
            'remedy': 'The var raw_columns can map item_id and, for all items of a subscription, the same subscription_id: these are netted.',
        },
        'starts_after_as_of_date': {
            'severity': 'warning', 'setting': 'as_of_date',
            'meaning': 'Nearly nothing is counted: as_of_date is too early, or the start is another date, such as the next renewal.',
            'remedy': 'The var as_of_date is the last day that is looked at; raw_columns names the column of the start.',
        },
        'dates_cannot_be_read': {
            'severity': 'note', 'setting': 'timestamp_formats',
            'meaning': 'The rows are kept without that date: a cancellation counts as asked for, on a day unknown, and a sign-up has none.',
            'remedy': 'The var timestamp_formats says how the dates are written, missing_texts which text means that there is none.',
        },
        'day_and_month_could_be_swapped': {
            'severity': 'warning', 'setting': 'timestamp_formats',
            'meaning': 'Nothing in the column says which number is the day: if it is the other one, these rows are counted in another month.',
            'remedy': 'The var timestamp_formats names the one order in which the column is written.',
        },
        'column_has_no_values': {
            'severity': 'note', 'setting': 'raw_columns',
            'meaning': 'The column is there and empty in every row: it may be the wrong one, and what rests on it (segments, versions, ends) says nothing.',
            'remedy': 'The var raw_columns names the right column, or maps this one to null on purpose.',
        },
        'spend_on_channels_without_customers': {
            'severity': 'warning', 'setting': 'raw_columns',
            'meaning': 'The channel may be called otherwise among the customers: its customers look free, and its money looks lost.',
            'remedy': 'The var raw_columns can translate it: marketing_spend: {acquisition_channel: case ... end}.',
        },
        'no_ticket_is_a_complaint': {
            'severity': 'note', 'setting': 'complaint_topics',
            'meaning': 'Complaints are likely called otherwise here: nobody seems to complain.',
            'remedy': 'The var complaint_topics lists the topics, in lower case, that are complaints.',
        },
        'scores_look_like_another_scale': {
            'severity': 'warning', 'setting': 'raw_columns',
            'meaning': 'Scores may go from 1 to 5: everybody then looks like a detractor.',
            'remedy': 'The var raw_columns can put them on the scale from 0 to 10, or leave them out.',
        },
        'margin_is_not_set': {
            'severity': 'note', 'setting': 'gross_margin_rate',
            'meaning': 'Nobody can know it from the data: margins, and the lifetime value of subscriptions, are null.',
            'remedy': 'The var gross_margin_rate is the share of revenue that is left after the cost of what was sold; there is no default that would be right for others.',
        },
    }) }}
{% endmacro %}


{#- From where on something is suspicious, with the reason for each. -#}
{% macro finding_threshold(name) %}
    {{ return(finding_thresholds()[name].value) }}
{% endmacro %}

{% macro finding_thresholds() %}
    {{ return({
        'least_rows_of_one_id': {'value': 10, 'why': 'the best customer of a small shop has fewer orders'},
        'share_of_one_id': {'value': 0.05, 'why': 'the best customer of Online Retail has 1.1% of the orders, that of the demo 0.6%'},
        'times_the_others': {'value': 10, 'why': 'a good customer orders several times as often as the others, not ten times'},
        'least_customers': {'value': 20, 'why': 'of fewer customers each may well have one order'},
        'share_with_one_order': {'value': 0.995, 'why': 'where people buy once in years, some 3% still come back'},
        'least_gaps': {'value': 10, 'why': 'the median of fewer gaps says little'},
        'days_of_open_orders': {'value': 7, 'why': 'orders of the last days are often not settled yet'},
        'small_month': {'value': 3, 'why': 'months of a growing or seasonal shop differ by a factor of two; in the demo by less than two'},
        'least_orders_of_a_month': {'value': 20, 'why': 'smaller months differ by chance'},
        'least_days_of_a_month': {'value': 7, 'why': 'fewer days may lie within one weekend'},
        'least_amounts': {'value': 20, 'why': 'of fewer amounts all may well be round'},
        'usual_amount_in_cents': {'value': 1000, 'why': 'ten units of the currency; half of all orders in whole units above 1,000 are rare'},
        'share_of_versions': {'value': 0.05, 'why': 'a shop edits some orders; lines would be in a large part of them'},
        'least_versions': {'value': 5, 'why': 'a few edited orders of a small shop are no pattern'},
        'least_periods': {'value': 5, 'why': 'the mean price of fewer says little'},
        'times_the_monthly_price': {'value': 6, 'why': 'by the month a year costs less or little more than a month; by the year 10 to 12 times as much'},
        'share_of_one_day_gaps': {'value': 0.8, 'why': 'people who really come back stay away for all sorts of spans'},
        'least_one_day_gaps': {'value': 3, 'why': 'one or two may be chance'},
        'share_of_late_starts': {'value': 0.9, 'why': 'an as_of_date in the past leaves starts out on purpose, but not nearly all'},
        'share_of_spend_without_customers': {'value': 0.2, 'why': 'a trial that wins nobody is hardly a fifth of all that is spent'},
        'least_tickets': {'value': 20, 'why': 'of fewer tickets none may well be a complaint'},
        'least_scores': {'value': 20, 'why': 'of fewer scores all may well be low'},
        'highest_score_of_another_scale': {'value': 5, 'why': 'among 20 customers somebody gives more than 5 of 10'},
        'least_rows_of_a_column': {'value': 10, 'why': 'in a few rows a column may well be empty'},
    }) }}
{% endmacro %}


{#- The rules as rows. -#}
{% macro finding_rule_rows() -%}
    {%- for finding, rule in finding_rules().items() %}
    select
        '{{ finding }}' as finding,
        '{{ rule.severity }}' as severity,
        {{ text_literal(rule.meaning) }} as meaning,
        '{{ rule.setting }}' as setting,
        {{ text_literal(rule.remedy) }} as remedy
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Up to three texts in quotes, for an aggregation over rows that are ranked from 1 on. -#}
{% macro three_examples(text, rank='example_rank') -%}
    {%- for number in [1, 2, 3] -%}
    coalesce({{ "', ' || " if number > 1 }}max(case when {{ rank }} = {{ number }} then {{ in_quotes(text) }} end), '')
        {{- ' || ' if number < 3 }}
    {%- endfor -%}
{%- endmacro %}


{#- A text between single quotes. The macro is called in full, because our generic tests call this in other projects too. -#}
{% macro in_quotes(text) -%}
    {%- set quote = retention_ledger.text_literal("'") -%}
    {{ quote }} || {{ text }} || {{ quote }}
{%- endmacro %}


{#- A number as text, and a part as a percentage of the whole. -#}
{% macro in_words(number) -%}
    cast({{ number }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro percent_in_words(part, whole) -%}
    {{ in_words('cast(round(100.0 * ' ~ part ~ ' / nullif(' ~ whole ~ ', 0)) as ' ~ dbt.type_bigint() ~ ')') }} || '%'
{%- endmacro %}


{#- Currencies in which most prices are below 1,000 and written with two decimals. -#}
{% macro currencies_with_cents() %}
    {{ return([
        'USD', 'EUR', 'GBP', 'CHF', 'CAD', 'AUD', 'NZD', 'SGD', 'AED', 'SAR', 'BRL', 'ILS', 'PLN', 'MYR', 'RON', 'BGN',
    ]) }}
{% endmacro %}


{#- Whether this command was given the setting, so that its value is a decision and no default. -#}
{% macro is_given(name) %}
    {% set given = invocation_args_dict.get('vars') %}
    {{ return(given is mapping and name in given) }}
{% endmacro %}


{#- Whether nobody has said what share of revenue is margin. -#}
{% macro is_margin_unknown() %}
    {{ return(policy('gross_margin_rate') is none) }}
{% endmacro %}


{#- Whether the command was told in which order a column writes day and month. -#}
{% macro order_of_day_is_given(field) %}
    {% set told = [] %}
    {% for written in timestamp_formats(field) if '%d' in written and '%m' in written %}
        {% do told.append(written) %}
    {% endfor %}
    {{ return((is_given('timestamp_formats') or policy('timestamp_formats') is mapping) and told | length > 0) }}
{% endmacro %}


{% macro tables_with_findings() %}
    {{ return(['customers', 'orders', 'refunds', 'subscriptions', 'marketing_spend', 'support_tickets', 'feedback']) }}
{% endmacro %}


{#- The columns that findings look at as they are written, each with its table and its name: dates, and those that may be empty. -#}
{% macro written_columns() %}
    {% set found = {'dates': [], 'optional': []} %}
    {% for table in tables_with_findings() %}
        {% for column, need in raw_table_columns()[table].items() %}
            {% if column in columns_by_kind()['dates'] %}
                {% do found.dates.append({'table': table, 'name': column}) %}
            {% endif %}
            {% if (need == 'optional' and column not in ['status', 'amount']) or column == 'ended_on' %}
                {% do found.optional.append({'table': table, 'name': column}) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
