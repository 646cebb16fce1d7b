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
    }) }}
{% endmacro %}


{#- The rules as rows. -#}
{% macro finding_rule_rows() -%}
    {%- for finding, rule in finding_rules().items() %}
    select
        '{{ finding }}' as finding,
        '{{ rule.severity }}' as severity,
        {{ dbt.string_literal(dbt.escape_single_quotes(rule.meaning)) }} as meaning,
        '{{ rule.setting }}' as setting,
        {{ dbt.string_literal(dbt.escape_single_quotes(rule.remedy)) }} as remedy
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Up to three texts in quotes, for an aggregation over rows that are ranked from 1 on. -#}
{% macro three_examples(text, rank='example_rank') -%}
    {%- for number in [1, 2, 3] -%}
    coalesce({{ "', ' || " if number > 1 }}max(case when {{ rank }} = {{ number }} then '''' || {{ text }} || '''' end), '')
        {{- ' || ' if number < 3 }}
    {%- endfor -%}
{%- endmacro %}


{#- A number as text, and a part as a percentage of the whole. -#}
{% macro in_words(number) -%}
    cast({{ number }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro percent_in_words(part, whole) -%}
    {{ in_words('cast(round(100.0 * ' ~ part ~ ' / nullif(' ~ whole ~ ', 0)) as ' ~ dbt.type_bigint() ~ ')') }} || '%'
{%- endmacro %}
