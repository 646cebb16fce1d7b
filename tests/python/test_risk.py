"""Who is at risk: signals against an oracle, nothing from after the snapshot, and an honest back-test."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import oracle_risk
import oracle_subscriptions as subs
import pytest
from dbt_project import ROOT, Built, build, query, records
from oracle_risk import Seen
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from test_predictions import build_value_marts

from retention_ledger.prediction import predict
from retention_ledger.prediction.risk import Snapshots, backtest, fit_risk, top_left
from retention_ledger.prediction.risk_tables import MEASURES, SIGNALS

AS_OF = date(2025, 12, 14)
#: The signals, by the name of their day in the oracle and in the tables.
REASONS = (
    "cancellation_requested", "failed_payment", "downgrade", "price_rise",
    "overdue", "fewer_orders", "lower_spend", "poor_onboarding",
)  # fmt: skip


@pytest.fixture(scope="module")
def predicted(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo with predictions."""
    database = tmp_path_factory.mktemp("risk") / "built.duckdb"
    shutil.copy(demo_database, database)
    assert "risk of leaving" in predict(database)
    build_value_marts(database)
    return database


def test_signals_and_labels_equal_the_oracle_on_every_snapshot(demo_database: Path) -> None:
    cleaned, cleaned_subscriptions = subs.clean_seeds(ROOT / "seeds")
    rows = subs.rows_by_customer(cleaned_subscriptions.rows)
    active = subs.active_by_customer(cleaned_subscriptions.rows, 0, AS_OF)
    orders: dict[str, list] = {}
    for order in cleaned.orders.values():
        if order.is_counted and order.ordered_on <= AS_OF:
            orders.setdefault(order.customer_id, []).append((order.ordered_on, order.amount))
    expected: dict[tuple[date, str], tuple] = {}
    for snapshot in [AS_OF, *oracle_risk.month_ends(AS_OF, 24)]:
        usual_days = oracle_risk.usual_day(orders, snapshot)
        for customer, days in active.items():
            if snapshot in days:
                found = oracle_risk.seen(
                    rows[customer], orders.get(customer, []), days, usual_days, snapshot
                )
                label = oracle_risk.leaves(days, snapshot, AS_OF)
                expected[snapshot, customer] = (*vars(found).values(), label)
    columns = ", ".join(
        "mrr" if name == "mrr" else f"{name}_on" if name in REASONS else name
        for name in Seen.__dataclass_fields__
    )
    actual = {
        (snapshot, customer): tuple(values)
        for snapshot, customer, *values in query(
            demo_database,
            f"select snapshot_on, customer_id, {columns}, has_left from intermediate.int_risk_signals",
        )
    }
    assert len(expected) > 10_000
    assert actual.keys() == expected.keys()
    assert {key: row for key, row in actual.items() if row != expected[key]} == {}
    # Each of them fires somewhere, and the flag is the day.
    for reason, signal in zip(REASONS, SIGNALS, strict=True):
        assert query(
            demo_database,
            f"select count(*) > 30, count(*) filter ({signal} <> ({reason}_on is not null))"
            f" from intermediate.int_risk_signals where {signal}",
        ) == [(True, 0)], reason


def test_a_signal_happened_by_the_day_on_which_it_is_seen(demo_database: Path) -> None:
    latest = ", ".join(f"{reason}_on" for reason in REASONS)
    assert query(
        demo_database,
        f"select count(*) from intermediate.int_risk_signals where greatest({latest}, last_order_on) > snapshot_on",
    ) == [(0,)]
    # A cancellation that is pending is one that was asked for, and nobody else asked.
    assert query(
        demo_database,
        "select customer_id from marts.customers_at_risk where has_asked_to_cancel order by 1",
    ) == query(
        demo_database,
        "select distinct customer_id from marts.cancellations_pending order by 1",
    )
