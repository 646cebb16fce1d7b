{%- set rates = rates_of('mrr_by_period') -%}

with balances as (
    select * from {{ ref('int_mrr_balances') }}
),

retention_by_period as (
    select * from {{ ref('retention_by_period') }}
    where basis = 'subscriptions'
),

year_before as (
    select * from {{ ref('int_mrr_trailing') }}
),

revenue as (
    select * from {{ ref('int_mrr_revenue') }}
),

-- The balance after each movement, in the order in which the columns stand.
levels as (
    select
        *,
        closing_mrr - new_mrr - reactivation_mrr - expansion_mrr + contraction_mrr + churn_mrr - transferred_mrr
            as opening_mrr
    from balances
),

-- Rounded once, and so that the row adds up to the cent: each balance on the way from opening to close is rounded, and a
-- movement is what lies between two of them.
rounded as (
    select
        *,
        {{ in_cents('opening_mrr') }} as opening_cents,
        {{ in_cents('opening_mrr + new_mrr') }} as after_new,
        {{ in_cents('opening_mrr + new_mrr + reactivation_mrr') }} as after_reactivation,
        {{ in_cents('opening_mrr + new_mrr + reactivation_mrr + expansion_mrr') }} as after_expansion,
        {{ in_cents('closing_mrr - transferred_mrr + churn_mrr') }} as after_contraction,
        {{ in_cents('closing_mrr - transferred_mrr + churn_mrr - voluntary_churn_mrr') }} as after_voluntary_churn,
        {{ in_cents('closing_mrr - transferred_mrr + expired_churn_mrr') }} as after_involuntary_churn,
        {{ in_cents('closing_mrr - transferred_mrr') }} as after_churn,
        {{ in_cents('closing_mrr') }} as closing_cents
    from levels
),

counted as (
    select
        balances.period_grain,
        balances.period_start,
        balances.period_end,
        balances.period_status,
        balances.is_latest_complete_period,
        balances.segment_dimension,
        balances.segment_value,
        cast(balances.closing_customers - balances.customers_change as {{ dbt.type_bigint() }}) as opening_customers,
        balances.new_customers,
        balances.reactivation_customers as reactivated_customers,
        balances.expansion_customers as expanded_customers,
        balances.contraction_customers as contracted_customers,
        balances.churn_customers as churned_customers,
        balances.voluntary_churn_customers as voluntary_churned_customers,
        balances.involuntary_churn_customers as involuntary_churned_customers,
        balances.expired_churn_customers as expired_churned_customers,
        cast(balances.closing_customers as {{ dbt.type_bigint() }}) as closing_customers,
        retention_by_period.acquired_customers,
        balances.opening_cents as opening_mrr,
        cast(balances.after_new - balances.opening_cents as decimal(28, 2)) as new_mrr,
        cast(balances.after_reactivation - balances.after_new as decimal(28, 2)) as reactivation_mrr,
        cast(balances.after_expansion - balances.after_reactivation as decimal(28, 2)) as expansion_mrr,
        cast(balances.after_expansion - balances.after_contraction as decimal(28, 2)) as contraction_mrr,
        cast(balances.after_contraction - balances.after_churn as decimal(28, 2)) as churn_mrr,
        cast(balances.after_contraction - balances.after_voluntary_churn as decimal(28, 2)) as voluntary_churn_mrr,
        cast(balances.after_voluntary_churn - balances.after_involuntary_churn as decimal(28, 2)) as involuntary_churn_mrr,
        cast(balances.after_involuntary_churn - balances.after_churn as decimal(28, 2)) as expired_churn_mrr,
        cast(balances.closing_cents - balances.after_churn as decimal(28, 2)) as transferred_mrr,
        balances.closing_cents as closing_mrr,
        {{ in_cents('12 * balances.closing_mrr') }} as annual_run_rate,
        revenue.mrr_days,
        revenue.churn_events,
        cast(year_before.then_customers as {{ dbt.type_bigint() }}) as year_before_customers,
        cast(year_before.lost_customers as {{ dbt.type_bigint() }}) as year_before_customers_lost,
        {{ in_cents('year_before.then_mrr') }} as year_before_mrr,
        {{ in_cents('year_before.retained_mrr') }} as year_before_mrr_retained,
        {{ in_cents('year_before.kept_mrr') }} as year_before_mrr_kept
    from rounded as balances
    left join retention_by_period
        on balances.period_grain = retention_by_period.period_grain
        and balances.segment_dimension = retention_by_period.segment_dimension
        and balances.segment_value = retention_by_period.segment_value
        and balances.period_start = retention_by_period.period_start
    left join year_before
        on balances.period_grain = year_before.period_grain
        and balances.segment_dimension = year_before.segment_dimension
        and balances.segment_value = year_before.segment_value
        and balances.period_start = year_before.period_start
    left join revenue
        on balances.period_grain = revenue.period_grain
        and balances.segment_dimension = revenue.segment_dimension
        and balances.segment_value = revenue.segment_value
        and balances.period_start = revenue.period_start
),

rated as (
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        segment_dimension,
        segment_value,
        opening_customers,
        new_customers,
        reactivated_customers,
        churned_customers,
        closing_customers,
        expanded_customers,
        contracted_customers,
        voluntary_churned_customers,
        involuntary_churned_customers,
        expired_churned_customers,
        acquired_customers,
        opening_mrr,
        new_mrr,
        reactivation_mrr,
        expansion_mrr,
        contraction_mrr,
        churn_mrr,
        voluntary_churn_mrr,
        involuntary_churn_mrr,
        expired_churn_mrr,
        transferred_mrr,
        closing_mrr,
        annual_run_rate,
        mrr_days,
        churn_events,
        year_before_customers,
        year_before_customers_lost,
        year_before_mrr,
        year_before_mrr_retained,
        year_before_mrr_kept,
        {{ rates.grr }} as grr,
        {{ rates.nrr }} as nrr,
        {{ rates.mrr_churn_rate }} as mrr_churn_rate,
        {{ rates.net_mrr_churn_rate }} as net_mrr_churn_rate,
        {{ rates.trailing_grr }} as trailing_grr,
        {{ rates.trailing_nrr }} as trailing_nrr,
        {{ rates.trailing_logo_churn_rate }} as trailing_logo_churn_rate,
        {{ rates.quick_ratio }} as quick_ratio,
        {{ rates.arpa }} as arpa,
        {{ rates.subscription_lifetime_value }} as subscription_lifetime_value,
        {{ policy_version_column() }}
    from counted
)

select * from rated
