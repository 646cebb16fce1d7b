{#- What a subscription pays a month, where the raw row says what it pays each billing interval: `price` for each
    of `quantity`, less `discount_percent` of it, less `discount_amount`, every `billing_interval_count` intervals. -#}

{#- How often each billing interval comes round in a year, and how it may be written (lower case). -#}
{% macro billing_intervals() %}
    {{ return({
        'day': {'per_year': 365, 'words': ['day', 'days', 'daily', 'd']},
        'week': {'per_year': 52, 'words': ['week', 'weeks', 'weekly', 'w']},
        'month': {'per_year': 12, 'words': ['month', 'months', 'monthly', 'm']},
        'quarter': {'per_year': 4, 'words': ['quarter', 'quarters', 'quarterly', 'q']},
        'year': {'per_year': 1, 'words': ['year', 'years', 'yearly', 'annual', 'annually', 'y']},
    }) }}
{% endmacro %}


{% macro intervals_per_year(text) -%}
    case
        {%- for interval in billing_intervals().values() %}
            when lower({{ text }}) in ({{ text_list(interval.words) }}) then {{ interval.per_year }}
        {%- endfor %}
        end
{%- endmacro %}


{#- What one billing interval costs, with all its decimals; null where a part of it cannot be read. -#}
{% macro amount_of_an_interval() -%}
    {%- set quantity = cast_or_null('case when quantity_text is null then 1 else quantity end', 'decimal(12, 4)') -%}
    {%- set percent_paid = cast_or_null('case when percent_text is null then 100 else 100 - discount_percent end', 'decimal(9, 6)') -%}
    {%- set gross = cast_or_null('price * ' ~ quantity, 'decimal(24, 8)') -%}
    cast({{ cast_or_null(gross ~ ' * ' ~ percent_paid, 'decimal(28, 8)') }} * cast(0.01 as decimal(2, 2)) as decimal(28, 10))
            - case when discount_text is null then 0 else discount_amount end
{%- endmacro %}


{% macro months_of_an_interval() -%}
    {{ cast_or_null('12 * coalesce(interval_count, 1)', dbt.type_int()) }}
{%- endmacro %}


{#- Branches of a CASE: rows whose amount has to be derived and cannot be. -#}
{% macro billing_reject_reasons() -%}
    when amount_text is null and price_text is null then 'missing_amount'
            when is_amount_derived and price is null then 'unparsable_amount'
            when is_amount_derived and interval_text is null then 'missing_billing_interval'
            when
                is_amount_derived
                and (
                    intervals_a_year is null
                    or (count_text is not null and interval_count is null)
                    or interval_count < 1
                    or interval_count > 1000
                    or interval_count <> floor(interval_count)
                )
                then 'unknown_billing_interval'
            when is_amount_derived and ((quantity_text is not null and quantity is null) or quantity < 0) then 'unparsable_quantity'
            when
                is_amount_derived
                and (
                    (discount_text is not null and discount_amount is null)
                    or (percent_text is not null and discount_percent is null)
                    or discount_amount < 0
                    or discount_percent < 0
                    or discount_percent > 100
                )
                then 'unparsable_discount'
{%- endmacro %}


{% macro rejected_billing() -%}
    when 'missing_billing_interval' then {{ raw_text('raw_price') }}
            when 'unknown_billing_interval' then coalesce({{ raw_text('raw_count') }} || ' ', '') || {{ raw_text('raw_interval') }}
            when 'unparsable_quantity' then {{ raw_text('raw_quantity') }}
            when 'unparsable_discount' then coalesce({{ raw_text('raw_percent') }}, {{ raw_text('raw_discount') }})
{%- endmacro %}
