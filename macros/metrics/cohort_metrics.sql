{#- Metrics of cohorts: customers followed from their first month on. -#}
{% macro cohort_metrics() %}
    {% set cell = dict(
        metric_defaults('ratio', 'cohort_retention'), is_by_period=false, is_column=true, direction='up',
        nulls='Null until the month is over, and on the basis `subscriptions`, of which orders say nothing.',
    ) %}
    {% set window = dict(
        metric_defaults('ratio', 'repeat_purchase_by_cohort'), is_by_period=false, can_be_partial=false, is_column=true,
        basis="'orders'",
    ) %}
    {% set count = metric_defaults('count', 'onboarding_by_month') %}
    {% set ratio = metric_defaults('ratio', 'onboarding_by_month') %}
    {{ return([
        dict(cell,
            name='ordering_rate', label='Classic cohort retention', numerator='ordering_customers', denominator='cohort_size', is_proportion=true,
            description='Classic retention: share of the cohort with a counted order in the month.', synonyms='classic, N-month retention',
            sources='amplitude.com/docs/faq/retention-analysis (return on)',
        ),
        dict(cell,
            name='active_rate', label='Cohort retention by status', numerator='active_customers', denominator='cohort_size', is_proportion=true,
            description='Status retention: share of the cohort that is active on the last day of the month.', synonyms='survival',
            nulls='Null until the month is over.',
        ),
        dict(cell,
            name='ordering_or_later_rate', label='Unbounded cohort retention', is_proportion=true,
            numerator='ordering_or_later_customers', denominator='cohort_size',
            description='Unbounded retention: share of the cohort with a counted order in the month or later. Grows as time passes: the last months have had less time.',
            synonyms='unbounded, rolling retention', sources='amplitude.com/docs/faq/retention-analysis (return on or after)',
        ),
        dict(cell,
            name='revenue_retention_rate', label='Revenue retained by a cohort',
            numerator='net_revenue', denominator='first_month_net_revenue',
            description='Net revenue of the cohort in the month over that of its first month.', synonyms='cohort revenue retention',
            nulls='Null until the month is over, where the first month has a net revenue of 0, and on the basis `subscriptions`, of which orders say nothing.',
        ),
        dict(cell,
            name='cumulative_revenue_per_customer', label='Cumulative net revenue per acquired customer', unit='money',
            numerator='cumulative_net_revenue', denominator='cohort_size',
            description='Net revenue of the cohort from its first month to the end of the month, per acquired customer.', synonyms='cohort LTV to date',
        ),
        dict(cell,
            name='mrr_retention_rate', label='MRR retained by a cohort', mart='mrr_cohorts', basis="'subscriptions'",
            numerator='closing_mrr', denominator='starting_mrr',
            description='Net MRR retention of a cohort: what its customers pay on the last day of the month, over what each of them paid on the first paid day. Expansion, losses and returns are in it.',
            synonyms='cohort net revenue retention, net MRR retention by cohort',
            sources='ChartMogul cohort analysis: help.chartmogul.com/hc/en-us/articles/203359411-Cohort-MRR-Net-Retention',
            nulls='Null until the month is over, and where the cohort started with less than half a cent.',
        ),
        dict(window,
            name='window_repeat_rate', label='Repeat purchase rate within a window', direction='up', is_proportion=true,
            numerator='repeat_customers', denominator='observed_customers',
            description='Of the customers whose first purchase lies at least the window back, the share who purchased again within it.',
            nulls='Null where the window has not passed for anybody of the cohort.',
            synonyms='30/60/90/180/365-day repeat rate',
        ),
        dict(count,
            name='new_last_month_customers', label='Customers acquired in the month before', direction='up',
            numerator='new_last_month_customers',
            description='Customers whose first spell of activity started in the month before.', synonyms='onboarding cohort',
        ),
        dict(ratio,
            name='onboarding_churn_rate', label='First-month churn of new customers', direction='down', is_column=true, is_proportion=true,
            numerator='new_last_month_customers - kept_customers', denominator='new_last_month_customers',
            condition=bases_with_onboarding_churn(),
            description='Of the customers acquired in the month before, the share who are inactive at the close of this one.',
            nulls='Null while the month is partial, where nobody was acquired in the month before, and on `orders_window` where `inactivity_days` reaches beyond two months (62 days; with another `cohort_grain`, two of its periods): one order keeps a customer active for as long, so that nobody can be lost.',
            synonyms='month-1 churn, early churn',
        ),
        dict(ratio,
            name='onboarding_repeat_rate', label='New customers who ordered again the month after', direction='up', is_column=true, is_proportion=true,
            numerator='ordering_again_customers', denominator='new_last_month_customers',
            description='Of the customers acquired in the month before, the share who ordered in this one: classic month-1 retention.',
            nulls='Null while the month is partial, where nobody was acquired in the month before, and on the basis `subscriptions`, of which orders say nothing.',
            synonyms='month-1 retention',
        ),
    ]) }}
{% endmacro %}


{#- The rows in which a customer can be lost by the end of the period after the first: not where one order keeps a
    customer active for longer than the longest two periods. -#}
{% macro bases_with_onboarding_churn() %}
    {% set longest_two = {'week': 14, 'month': 62, 'quarter': 184, 'year': 731}[policy('cohort_grain')] %}
    {{ return("basis <> 'orders_window'" if policy('inactivity_days') >= longest_two else none) }}
{% endmacro %}
