{#- Branches of a CASE that every dated raw table shares. They stand after the missing ids. Whether the
    raw value was missing is asked only where it could not be read: raw_date and raw_amount are as they
    came. What starts in the future is fine for a subscription (`may_lie_ahead`). -#}
{% macro date_reject_reasons(timestamp, field, may_lie_ahead=false) -%}
    when {{ timestamp }} is null and {{ clean_text('raw_date', field) }} is null then 'missing_date'
            when {{ timestamp }} is null then 'unparsable_date'
            when {{ timestamp }} < {{ date_literal(policy('earliest_valid_date')) }} then 'date_too_early'
    {%- if policy('latest_valid_date') is not none and not may_lie_ahead %}
            when cast({{ timestamp }} as date) > {{ date_literal(policy('latest_valid_date')) }} then 'future_date'
    {%- endif %}
{%- endmacro %}


{#- A date that need not be there, and that decides something where it is: what cannot be read is not taken for
    "there is none". -#}
{% macro unreadable_reason(timestamp, field, raw_value, reason) -%}
    when {{ timestamp }} is null and {{ clean_text(raw_value, field) }} is not null then '{{ reason }}'
{%- endmacro %}


{#- Lines of an order may be negative (a discount): with line-level data the sum is judged. What is paid
    by the month never is, but for an item of it. A refund's currency is its order's: its signs are judged there. What a
    subscription lacks is said before, by billing_reject_reasons. -#}
{% macro amount_reject_reasons(table) -%}
    {%- if table != 'subscriptions' -%}
    when amount is null and {{ clean_text('raw_amount', table ~ '.amount', is_amount=true) }} is null then 'missing_amount'
            {% endif -%}
    when amount is null then 'unparsable_amount'
    {%- if table != 'refunds' %}
            when amount_signs is not null and not {{ signs_agree('amount_signs', 'currency') }} then 'currency_sign_disagrees'
    {%- endif %}
    {%- if table == 'orders' and negative_orders() == 'refuse' and table not in policy('raw_line_level') %}
            when {{ is_refused_as_negative('status', 'amount') }} then 'negative_amount'
    {%- elif table == 'subscriptions' %}
            when amount < 0 and item_id is null then 'negative_amount'
    {%- elif table == 'refunds' and policy('reject_negative_amounts') and table not in policy('raw_line_level') %}
            when amount < 0 then 'negative_amount'
    {%- endif %}
{%- endmacro %}


{#- A spreadsheet has rounded the id: many customers have become one, and nobody can tell them apart again. -#}
{% macro scientific_id_reason(columns) -%}
    when {% for column in columns %}{{ is_scientific(column) }}{{ ' or ' if not loop.last }}{% endfor %} then 'id_in_scientific_notation'
{%- endmacro %}


{% macro scientific_id_of(columns) -%}
    case {% for column in columns %}when {{ is_scientific(column) }} then {{ column }} {% endfor %}end
{%- endmacro %}


{#- The raw values that the reasons of the macros above are about, for the sentence that stops a build. -#}
{% macro rejected_date(raw_value) -%}
    when 'unparsable_date' then {{ raw_text(raw_value) }}
            when 'date_too_early' then {{ raw_text(raw_value) }}
            when 'future_date' then {{ raw_text(raw_value) }}
{%- endmacro %}


{% macro rejected_amount(raw_value) -%}
    when 'unparsable_amount' then {{ raw_text(raw_value) }}
            when 'currency_sign_disagrees' then {{ raw_text(raw_value) }}
            when 'negative_amount' then {{ raw_text(raw_value) }}
{%- endmacro %}


{% macro raw_text(raw_value) -%}
    cast({{ raw_value }} as {{ dbt.type_string() }})
{%- endmacro %}
