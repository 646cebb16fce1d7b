{#- Which row stands for an id that occurs several times. Ties break on every column, so that the
    choice never depends on the order in which rows are read; rows that differ only in how they are
    written are told apart by `raw_row`, which matters where the losers are listed. Where a tie is one of
    contents that matter, the build stops and asks for `updated_at` (see `rival_versions`). -#}

{% macro order_version_rank(raw_row=none) -%}
    row_number() over (
        partition by order_id
        order by updated_at desc nulls last, ordered_at desc, amount desc, status asc, customer_id asc, currency asc,
            reject_reason asc nulls first
            {%- for attribute in own_attributes('orders') %}, {{ attribute }} asc nulls last{% endfor %}
            {{- ', ' ~ raw_row if raw_row }}
    )
{%- endmacro %}


{% macro refund_version_rank(raw_row) -%}
    row_number() over (
        partition by refund_id, is_version
        order by updated_at desc nulls last, refunded_at desc, original_amount desc, order_id asc, left_out_reason asc nulls first, {{ raw_row }}
    )
{%- endmacro %}


{#- Rows that share a subscription, the item where there are several, and the day it starts are versions of one period. -#}
{% macro subscription_version_rank(raw_row=none) -%}
    row_number() over (
        partition by subscription_id, item_id, started_on
        order by
            updated_at desc nulls last,
            started_at desc,
            ended_on desc nulls first,
            amount desc,
            customer_id asc,
            plan asc,
            currency asc,
            cancel_requested_on desc nulls last,
            cancel_reason asc nulls last,
            reject_reason asc nulls first
            {{- ', ' ~ raw_row if raw_row }}
    )
{%- endmacro %}


{% macro customer_version_rank(raw_row=none) -%}
    row_number() over (
        partition by customer_id
        order by
            updated_at desc nulls last,
            case when reject_reason is null then 0 else 1 end,
            signed_up_at desc nulls last,
            email asc nulls last,
            country asc nulls last,
            acquisition_channel asc nulls last,
            customer_segment asc nulls last
            {%- for attribute in own_attributes('customers') %},
            {{ attribute }} asc nulls last
            {%- endfor %}
            {{- ', ' ~ raw_row if raw_row }}
    )
{%- endmacro %}


{#- A version as a few words, for the sentence that shows two of them. -#}
{% macro order_version_words(row) -%}
    {{ version_words([
        ('', 'cast(' ~ row ~ '.amount as decimal(28, 2))'), (' ', row ~ '.currency'), (', ', row ~ '.status'), (' of customer ', row ~ '.customer_id'),
        (' on ', row ~ '.ordered_on'), (', left out as ', row ~ '.reject_reason'),
    ]) }}
{%- endmacro %}


{% macro subscription_version_words(row) -%}
    {{ version_words([
        ('', 'cast(' ~ row ~ '.amount as decimal(28, 2))'), (' ', row ~ '.currency'), (', plan ', row ~ '.plan'), (' of customer ', row ~ '.customer_id'),
        (', ends ', row ~ '.ended_on'), (', left out as ', row ~ '.reject_reason'),
    ]) }}
{%- endmacro %}


{% macro refund_version_words(row) -%}
    {{ version_words([
        ('', 'cast(' ~ row ~ '.original_amount as decimal(28, 2))'), (' of order ', row ~ '.order_id'), (' on ', row ~ '.refunded_on'),
        (', left out as ', row ~ '.left_out_reason'),
    ]) }}
{%- endmacro %}


{% macro version_words(parts) -%}
    '(' ||
    {%- for before, column in parts %}
    coalesce('{{ before }}' || cast({{ column }} as {{ dbt.type_string() }}), '') ||
    {%- endfor %} ')'
{%- endmacro %}
