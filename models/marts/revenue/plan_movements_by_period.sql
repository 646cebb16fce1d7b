{%- set rates = rates_of('plan_movements_by_period') -%}

with balances as (
    select * from {{ ref('int_plan_balances') }}
),

-- The balances in the order in which the columns stand: from the opening up to what was gained, and from there down.
levels as (
    select
        *,
        closing_mrr + churn_mrr as before_churn_mrr,
        closing_mrr + churn_mrr + transferred_out_mrr as before_transferred_out_mrr,
        closing_mrr + churn_mrr + transferred_out_mrr + contraction_mrr as highest_mrr
    from balances
),

-- Rounded once, and so that the row adds up to the cent: see mrr_by_period.
rounded as (
    select
        *,
        {{ in_cents('highest_mrr - expansion_mrr - transferred_in_mrr - reactivation_mrr - new_mrr') }} as opening_cents,
        {{ in_cents('highest_mrr - expansion_mrr - transferred_in_mrr - reactivation_mrr') }} as after_new,
        {{ in_cents('highest_mrr - expansion_mrr - transferred_in_mrr') }} as after_reactivation,
        {{ in_cents('highest_mrr - expansion_mrr') }} as after_transferred_in,
        {{ in_cents('highest_mrr') }} as after_expansion,
        {{ in_cents('before_transferred_out_mrr') }} as after_contraction,
        {{ in_cents('before_churn_mrr') }} as after_transferred_out,
        {{ in_cents('closing_mrr') }} as closing_cents
    from levels
),

counted as (
    select
        period_grain,
        period_start,
        period_end,
        period_status,
        is_latest_complete_period,
        plan,
        cast(
            closing_customers - new_customers - reactivation_customers - transferred_in_customers
            + transferred_out_customers + churn_customers as {{ dbt.type_bigint() }}
        ) as opening_customers,
        new_customers,
        reactivation_customers as reactivated_customers,
        transferred_in_customers,
        transferred_out_customers,
        churn_customers as churned_customers,
        cast(closing_customers as {{ dbt.type_bigint() }}) as closing_customers,
        expansion_customers as expanded_customers,
        contraction_customers as contracted_customers,
        opening_cents as opening_mrr,
        cast(after_new - opening_cents as decimal(28, 2)) as new_mrr,
        cast(after_reactivation - after_new as decimal(28, 2)) as reactivation_mrr,
        cast(after_transferred_in - after_reactivation as decimal(28, 2)) as transferred_in_mrr,
        cast(after_expansion - after_transferred_in as decimal(28, 2)) as expansion_mrr,
        cast(after_expansion - after_contraction as decimal(28, 2)) as contraction_mrr,
        cast(after_contraction - after_transferred_out as decimal(28, 2)) as transferred_out_mrr,
        cast(after_transferred_out - closing_cents as decimal(28, 2)) as churn_mrr,
        closing_cents as closing_mrr
    from rounded
),

rated as (
    select
        *,
        {{ rates.plan_churn_rate }} as plan_churn_rate,
        {{ rates.plan_exit_rate }} as plan_exit_rate,
        {{ rates.plan_grr }} as plan_grr,
        {{ rates.plan_nrr }} as plan_nrr,
        {{ policy_version_column() }}
    from counted
)

select * from rated
