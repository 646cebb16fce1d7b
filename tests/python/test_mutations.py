"""Each line here is a mistake that somebody could make; the unit tests must notice every one."""

import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import ROOT, dbt, manifest_of

#: (file, what stands there, what a mistake would put there, the model whose unit tests must fail)
MUTANTS = [
    ("macros/ledger/spells_of_orders.sql", "ordered_on > previous_continues_through",
     "ordered_on >= previous_continues_through", "int_spells_orders_window"),
    ("macros/ledger/spells_of_orders.sql", "next_order_on > continues_through as is_spell_end",
     "next_order_on >= continues_through as is_spell_end", "int_spells_orders_window"),
    ("macros/ledger/spells_of_orders.sql", "<= as_of.as_of_date\n", "< as_of.as_of_date\n",
     "int_spells_orders_window"),
    ("macros/ledger/spells_of_orders.sql", "add_periods('month', 2,", "add_periods('month', 1,",
     "int_spells_orders_calendar"),
    ("models/marts/ledger/customer_movements.sql", "start_events > churn_events and is_acquired",
     "start_events > churn_events and not is_acquired", "customer_movements"),
    ("models/marts/ledger/customer_movements.sql", "first_start_on < first_churn_on",
     "first_start_on > first_churn_on", "customer_movements"),
    ("models/marts/ledger/customer_movements.sql", "events.event_on <= as_of.as_of_date",
     "events.event_on < as_of.as_of_date + 1000", "customer_movements"),
    ("models/marts/ledger/helpers/int_periods.sql", "when every_period.period_end <= as_of.as_of_date",
     "when every_period.period_end < as_of.as_of_date", "int_periods"),
    ("macros/metrics/rate_columns.sql", "period_status = 'complete'", "period_status <> 'none'",
     "retention_by_period"),
    ("macros/metrics/retention_metrics.sql", "churned_customers + transient_customers', denominator='opening_customers', is_column=true",
     "churned_customers', denominator='opening_customers', is_column=true", "retention_by_period"),
    ("macros/cross_db/safe_divide.sql", "nullif({{ denominator }}, 0)", "greatest({{ denominator }}, 1)",
     "retention_by_period"),
    ("models/marts/accepted/orders.sql", "partition by customer_id, is_counted", "partition by customer_id",
     "orders"),
    ("macros/accepted/newest_first.sql", "updated_at desc nulls last", "updated_at asc nulls last",
     "int_orders_resolved"),
    ("models/marts/accepted/helpers/int_refunds_resolved.sql", "refunded_on < orders.ordered_on",
     "refunded_on <= orders.ordered_on", "int_refunds_resolved"),
    ("models/marts/metrics/metric_values.sql", "when 'quarter' then lag(value, 4)",
     "when 'quarter' then lag(value, 3)", "metric_values"),
    ("models/marts/retention/cohort_retention.sql", "+ last_ordering_customers as", "as",
     "cohort_retention"),
    ("macros/purchases/purchases.sql", "previous_purchase_on < {{ period_start(grain",
     "previous_purchase_on <= {{ period_start(grain", "int_purchases_daily"),
    ("models/marts/purchases/repeat_purchase_by_cohort.sql", "purchases.next_purchase_on <= {{ window_ends_on }}",
     "purchases.next_purchase_on < {{ window_ends_on }}", "repeat_purchase_by_cohort"),
    ("models/marts/lifetime_value/helpers/int_lifespans.sql", "and churn_events > 0", "", "int_lifespans"),
    ("models/marts/accepted/helpers/int_subscriptions_resolved.sql", "next_started_on < ended_on then", "next_started_on > ended_on then",
     "int_subscriptions_resolved"),
    ("models/marts/accepted/helpers/int_subscriptions_resolved.sql", "over (partition by ranked.subscription_id, ranked.currency) as first",
     "over (partition by ranked.subscription_id, ranked.started_on) as first", "int_subscriptions_resolved"),
    ("models/marts/accepted/helpers/int_paid_runs.sql", "started_on > paid_until_on", "started_on >= paid_until_on", "int_paid_runs"),
    ("models/marts/accepted/helpers/int_paid_runs.sql", "coalesce(next_started_on <=", "coalesce(next_started_on <", "int_paid_runs"),
    ("models/marts/ledger/helpers/int_spells_subscriptions.sql", "lapses_on <= as_of_date", "lapses_on <= as_of_date + 1",
     "int_spells_subscriptions"),
    ("models/marts/ledger/helpers/int_mrr_changes.sql", "changed_on <= as_of.as_of_date", "changed_on < as_of.as_of_date", "int_mrr_changes"),
    ("models/marts/ledger/helpers/int_mrr_plan_periods.sql", "closing_mrr = mrr_change and is_acquired", "closing_mrr = mrr_change",
     "int_mrr_plan_periods"),
    ("models/marts/ledger/helpers/int_mrr_plan_periods.sql", "then plan_change else -plan_change", "then plan_change else plan_change",
     "int_mrr_plan_periods"),
    ("models/marts/revenue/helpers/int_mrr_cells.sql", "plan_periods.plan_opening_mrr > 0 and plan_periods.plan_closing_mrr = 0",
     "plan_periods.plan_opening_mrr > 0 and plan_periods.plan_closing_mrr < 0", "int_mrr_cells"),
    ("macros/metrics/revenue_metrics.sql", "opening_mrr + expansion_mrr - churn_mrr", "opening_mrr + expansion_mrr + reactivation_mrr - churn_mrr",
     "int_metrics_measured"),
    ("macros/metrics/revenue_metrics.sql", "numerator='12 * ' ~ gross_margin()", "numerator='13 * ' ~ gross_margin()", "mrr_by_period"),
    ("macros/retention/tenure.sql", "< {{ add_months", "<= {{ add_months", "churned_customers"),
    ("macros/staging/cancel_reasons.sql", "or {{ cancel_reason }} is not null then", "then", "int_ended_subscriptions"),
    ("models/marts/retention/cancellations_pending.sql", "ended_on > as_of", "ended_on >= as_of", "cancellations_pending"),
    ("macros/accepted/currency.sql", "else {{ rate }} end", "else coalesce({{ rate }}, 1) end", "int_orders_resolved"),
    ("models/marts/accepted/helpers/int_exchange_rates.sql", "days.day >= intervals.valid_from", "days.day > intervals.valid_from",
     "int_exchange_rates"),
    ("models/marts/retention/helpers/int_ended_spells.sql", "is not null then 0 else 1 end", "is not null then 1 else 0 end", "int_ended_spells"),
    ("models/marts/metrics/business_cells.sql", "or followed.closing_customers <> 0",
     "or followed.closing_customers > 99", "business_cells"),
    ("models/marts/metrics/business_by_period.sql", "where segment_dimension <> 'plan'",
     "where true", "business_by_period"),
    ("models/marts/metrics/helpers/int_business_flows.sql", "sum(second_purchases) as second",
     "sum(first_purchases) as second", "int_business_flows"),
    ("models/marts/ledger/helpers/int_calendar_days.sql", "numbered.number_of_month + 12", "numbered.number_of_month + 11",
     "int_calendar_days"),
    ("models/marts/ledger/helpers/int_calendar_days.sql", "numbered.fiscal_week = earlier_weeks.fiscal_week",
     "earlier_weeks.fiscal_week = 1", "int_calendar_days"),
    ("models/marts/ledger/helpers/int_calendar_faults.sql", "days.calendar_day = days.previous_day", "false",
     "int_calendar_faults"),
    ("models/marts/ledger/helpers/int_periods.sql", "beginnings.first_active_on <= {{ grain }}s.period_end",
     "beginnings.first_active_on <= {{ grain }}s.period_start", "int_periods"),
    ("macros/calendar/calendar.sql", "of_calendar_day('day_a_year_later', day)", "add_months(12, day)",
     "int_mrr_trailing_changes"),
    ("macros/ledger/spells_of_orders.sql", "of_calendar_day('end_of_next_month'", "of_calendar_day('end_of_month'",
     "int_spells_orders_calendar"),
    ("macros/calendar/calendar.sql", "case {{ retention_ledger.of_calendar_day('weeks_since_a_year_ago', period_start) }}", "case 52",
     "metric_values"),
    ("macros/metrics/wilson.sql", "+ 4 * {{ successes }}", "+ 2 * {{ successes }}", "metric_values"),
    ("models/marts/risk/helpers/int_risk_customers.sql", "spells.ended_on > snapshots.snapshot_on", "spells.ended_on >= snapshots.snapshot_on",
     "int_risk_customers"),
    ("models/marts/risk/helpers/int_risk_customers.sql", "horizon_ends_on <= as_of_date", "snapshot_on < as_of_date",
     "int_risk_customers"),
    ("models/marts/risk/helpers/int_risk_orders.sql", "customers.snapshot_on >= purchase_days.ordered_on", "customers.snapshot_on <> purchase_days.ordered_on",
     "int_risk_orders"),
    ("models/marts/risk/helpers/int_risk_orders.sql", "known.purchase_days >= 3", "known.purchase_days >= 2",
     "int_risk_orders"),
    ("models/marts/risk/helpers/int_risk_subscriptions.sql", "priced.cancel_requested_on <= customers.snapshot_on", "priced.cancel_requested_on is not null",
     "int_risk_subscriptions"),
    ("models/marts/risk/helpers/int_risk_subscriptions.sql", "and priced.ended_on <= customers.snapshot_on", "and priced.ended_on is not null",
     "int_risk_subscriptions"),
    ("models/marts/risk/helpers/int_risk_service.sql", "tickets.resolved_on is null or tickets.resolved_on >= tickets.slow_from_on", "tickets.resolved_on is null",
     "int_risk_service"),
    ("models/marts/risk/helpers/int_risk_onboarding.sql", "snapshots.snapshot_on >= gaps.second_order_on", "1 = 1",
     "int_risk_onboarding"),
    ("macros/cross_db/has_word_of.sql", "like '% \" ~", "like '%\" ~",
     "int_risk_service"),
    ("macros/risk/risk_signals.sql", "signal.raw_table not in policy('raw_tables')", "false",
     "int_risk_signals"),
    ("models/marts/risk/helpers/int_risk_scores.sql", "risk_state.risk_note is null", "1 = 1",
     "int_risk_scores"),
    ("models/marts/risk/risk_check.sql", "score_auc > coalesce(silent_days_auc", "score_auc >= coalesce(silent_days_auc",
     "risk_check"),
]  # fmt: skip


Mutant = tuple[str, str, str, str]


def rounds(mutants: list[Mutant]) -> list[list[Mutant]]:
    """Mutants that one dbt run can tell apart: mistakes in the files of different models.

    A unit test brings the rows of everything its model reads, so it sees the mistake in that model
    alone. A macro may stand in many models: its mistakes are looked at one at a time.
    """
    by_model: dict[str, list[Mutant]] = defaultdict(list)
    alone = []
    for mutant in mutants:
        file, *_, model = mutant
        if Path(file).stem == model:
            by_model[model].append(mutant)
        else:
            alone.append([mutant])
    most = max(len(group) for group in by_model.values())
    together = [[group[n] for group in by_model.values() if n < len(group)] for n in range(most)]
    return together + alone


def make_mistake(manifest: Manifest, mutant: Mutant) -> None:
    """Write a mistake into what dbt has read, where it would have read it in the file."""
    file, right, wrong, _ = mutant
    assert right in (ROOT / file).read_text(encoding="utf-8"), (
        f"{file} no longer says {right!r}: bring the mutant up to date"
    )
    changed = 0
    for node in manifest.nodes.values():
        if node.original_file_path == file and right in node.raw_code:
            node.raw_code = node.raw_code.replace(right, wrong)
            changed += 1
    for macro in manifest.macros.values():
        if macro.original_file_path == file and right in macro.macro_sql:
            macro.macro_sql = macro.macro_sql.replace(right, wrong)
            changed += 1
    assert changed, f"{right!r} stands in {file}, but in no model or macro of it"


@pytest.fixture(scope="module")
def noticed(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> set[Mutant]:
    """The mutants at which a unit test of their model fails: without them all pass (demo_database)."""
    database = tmp_path_factory.mktemp("mutants") / "built.duckdb"
    shutil.copy(demo_database, database)
    found = set()
    for mutants in rounds(MUTANTS):
        manifest = manifest_of({}, database)
        assert isinstance(manifest, Manifest), manifest
        for mutant in mutants:
            make_mistake(manifest, mutant)
        selection = [f"{model},test_type:unit" for *_, model in mutants]
        run = dbt("test", "--select", *selection, database=database, manifest=manifest)
        failed = {
            result.node.unique_id.split(".")[2]
            for result in run.outcome.result or []
            if result.status in ("fail", "error")
        }
        assert run.outcome.result, run.text
        found |= {mutant for mutant in mutants if mutant[3] in failed}
    return found


@pytest.mark.parametrize(
    "mutant", MUTANTS, ids=[f"{model}: {wrong}" for *_, wrong, model in MUTANTS]
)
def test_the_unit_tests_notice(mutant: Mutant, noticed: set[Mutant]) -> None:
    file, right, wrong, _ = mutant
    assert mutant in noticed, f"{wrong!r} instead of {right!r} in {file} went unnoticed"
