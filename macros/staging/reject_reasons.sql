{#- Branches of a CASE that every dated raw table shares. They stand after the missing ids. Whether the
    raw value was missing is asked only where it could not be read: raw_date and raw_amount are as they
    came. What starts in the future is fine for a subscription (`may_lie_ahead`). -#}
{% macro date_reject_reasons(timestamp, may_lie_ahead=false) -%}
    when {{ timestamp }} is null and {{ clean_text('raw_date') }} is null then 'missing_date'
            when {{ timestamp }} is null then 'unparsable_date'
            when {{ timestamp }} < {{ date_literal(policy('earliest_valid_date')) }} then 'date_too_early'
    {%- if policy('latest_valid_date') is not none and not may_lie_ahead %}
            when cast({{ timestamp }} as date) > {{ date_literal(policy('latest_valid_date')) }} then 'future_date'
    {%- endif %}
{%- endmacro %}


{#- Lines of an order may be negative (a discount): with line-level data the sum is judged. What is paid
    by the month never is. -#}
{% macro amount_reject_reasons(table) -%}
    when amount is null and {{ clean_text('raw_amount') }} is null then 'missing_amount'
            when amount is null then 'unparsable_amount'
    {%- if table == 'orders' and negative_orders() == 'refuse' and table not in policy('raw_line_level') %}
            when {{ is_refused_as_negative('status', 'amount') }} then 'negative_amount'
    {%- elif table == 'subscriptions' or (table == 'refunds' and policy('reject_negative_amounts') and table not in policy('raw_line_level')) %}
            when amount < 0 then 'negative_amount'
    {%- endif %}
{%- endmacro %}
