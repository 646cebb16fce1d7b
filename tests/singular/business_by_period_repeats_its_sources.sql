{%- set sources = {
    'retention_by_period': {
        'where': "basis = '" ~ headline_basis() ~ "'",
        'columns': [
            'opening_customers', 'new_customers', 'reactivated_customers', 'churned_customers', 'closing_customers',
            'retained_customers', 'transient_customers', 'interrupted_customers', 'acquired_customers', 'start_events',
            'churn_events', 'customer_churn_rate', 'retention_rate', 'gross_churn_rate', 'net_churn_rate', 'event_churn_rate',
        ],
    },
    'mrr_by_period': {
        'where': "segment_dimension <> 'plan'",
        'columns': [
            'opening_mrr', 'new_mrr', 'reactivation_mrr', 'expansion_mrr', 'contraction_mrr', 'churn_mrr', 'closing_mrr',
            'annual_run_rate', 'paying_customers', 'grr', 'nrr', 'mrr_churn_rate', 'net_mrr_churn_rate', 'trailing_grr',
            'trailing_nrr', 'trailing_logo_churn_rate', 'quick_ratio', 'arpa',
        ],
    },
    'repeat_purchase_by_period': {
        'where': 'orders is not null',
        'columns': [
            'orders', 'purchasers', 'first_time_purchasers', 'returning_purchasers', 'in_period_repeat_purchasers',
            'customers_to_date', 'repeat_customers_to_date', 'gross_revenue', 'refunds', 'net_revenue', 'repeat_purchase_rate',
            'in_period_repeat_rate', 'returning_purchaser_rate', 'average_order_value', 'purchase_frequency',
        ],
    },
    'onboarding_by_month': {
        'where': "basis = '" ~ headline_basis() ~ "' and period_grain in (" ~ text_list(policy('period_grains')) ~ ')',
        'columns': [
            'new_last_month_customers', 'kept_customers', 'ordering_again_customers', 'onboarding_churn_rate',
            'onboarding_repeat_rate',
        ],
    },
} -%}
{%- set elsewhere = {'paying_customers': 'closing_customers'} -%}
{%- set keys = [
    'period_grain', 'period_start', 'period_end', 'period_status', 'is_latest_complete_period', 'segment_dimension', 'segment_value',
] -%}

-- Every figure of the wide mart is that of the mart it comes from, and every row of those marts is in it: nothing is computed
-- again, dropped or counted twice.
with
{%- for mart, source in sources.items() %}
there_{{ loop.index }} as (
    select
        {%- for column in source.columns %}
        {{ elsewhere.get(column, column) }} as {{ column }},
        {%- endfor %}
        {{ keys | join(', ') }}
    from {{ ref(mart) }}
    where {{ source.where }}
),

-- A row without this source has none of its columns.
here_{{ loop.index }} as (
    select
        {{ (source.columns + keys) | join(', ') }}
    from {{ ref('business_by_period') }}
    where not ({{ source.columns | join(' is null and ') }} is null)
),

wrong_{{ loop.index }} as (
    {{ 'select * from here_' ~ loop.index ~ ' ' ~ dbt.except() ~ ' select * from there_' ~ loop.index }}
),

missing_{{ loop.index }} as (
    {{ 'select * from there_' ~ loop.index ~ ' ' ~ dbt.except() ~ ' select * from here_' ~ loop.index }}
),
{% endfor %}
differing as (
    {%- for mart in sources %}
    select
        '{{ mart }}' as mart,
        {{ keys | join(', ') }}
    from wrong_{{ loop.index }}
    union all
    select
        '{{ mart }}' as mart,
        {{ keys | join(', ') }}
    from missing_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from differing
