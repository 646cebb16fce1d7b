"""Who is at risk: signals against an oracle, nothing from after the snapshot, and an honest back-test."""

import csv
import io
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import oracle
import oracle_risk
import oracle_subscriptions as subs
import pytest
import yaml
from dbt_project import ROOT, build, dbt, query, records
from oracle_risk import Feedback, Seen, Ticket
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from retention_ledger.prediction import predict, risk_tables
from retention_ledger.prediction.risk import Snapshots, backtest, fit_risk, top_left
from retention_ledger.prediction.risk_tables import MEASURES, SIGNALS

AS_OF = date(2025, 12, 14)
#: The signals, by the name of their day in the oracle and in the tables.
REASONS = (
    "cancellation_requested", "failed_payment", "complaint", "slow_service", "low_nps",
    "negative_feedback", "downgrade", "price_rise", "overdue", "fewer_orders", "lower_spend",
    "poor_onboarding",
)  # fmt: skip
TABLES = (
    "customers", "orders", "refunds", "subscriptions", "exchange_rates", "support_tickets", "feedback",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small matrices: several threads wait for each other on a busy machine. `predict` does the same."""
    with threadpool_limits(limits=1):
        yield


def test_signals_and_labels_equal_the_oracle_on_every_snapshot(demo_database: Path) -> None:
    cleaned, cleaned_subscriptions = subs.clean_seeds(ROOT / "seeds")
    rows = subs.rows_by_customer(cleaned_subscriptions.rows)
    active = subs.active_by_customer(cleaned_subscriptions.rows, 0, AS_OF)
    orders: dict[str, list] = {}
    for order in cleaned.orders.values():
        if order.is_counted and order.ordered_on <= AS_OF:
            orders.setdefault(order.customer_id, []).append((order.ordered_on, order.amount))
    tickets: dict[str, list[Ticket]] = {}
    for customer, *ticket in query(
        demo_database,
        "select customer_id, opened_on, resolved_on, is_complaint from intermediate.int_support_tickets",
    ):
        tickets.setdefault(customer, []).append(Ticket(*ticket))
    feedback: dict[str, list[Feedback]] = {}
    for customer, *answer in query(
        demo_database,
        """
        select customer_id, given_on, nps_score, feedback_text from intermediate.int_feedback
        order by given_on, feedback_id
        """,
    ):
        feedback.setdefault(customer, []).append(Feedback(*answer))
    words = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["negative_words"]
    expected: dict[tuple[date, str], tuple] = {}
    for snapshot in [AS_OF, *oracle_risk.month_ends(AS_OF, 24)]:
        usual_days = oracle_risk.usual_day(orders, snapshot)
        for customer, days in active.items():
            if snapshot in days:
                found = oracle_risk.seen(
                    rows[customer],
                    orders.get(customer, []),
                    tickets.get(customer, []),
                    feedback.get(customer, []),
                    words,
                    days,
                    usual_days,
                    snapshot,
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


# --- Nothing from after the snapshot ---------------------------------------------------------

#: When a raw row happened, and what of it became known only later.
HAPPENED = {
    "orders": ("ordered_at", ()),
    "refunds": ("refunded_at", ()),
    "subscriptions": ("started_on", ("ended_on", "cancel_requested_on")),
    "support_tickets": ("opened_at", ("resolved_at",)),
    "feedback": ("given_at", ()),
}


def as_known_on(day: date, table: str) -> str:
    """The demo's raw rows of a table that had happened by a day, without what was not known of them yet."""
    with (ROOT / "seeds" / f"raw_{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0])
    writer.writeheader()
    happened, known_later = HAPPENED.get(table, (None, ()))

    def is_later(text: str | None) -> bool:
        moment = oracle._moment(text, oracle.DEMO_TIMEZONE)
        return moment is not None and moment.date() > day

    for row in rows:
        if happened and is_later(row[happened]):
            continue
        for column in known_later:
            if is_later(row[column]):
                row[column] = ""
                if column == "ended_on":
                    row["cancel_reason"] = ""
        writer.writerow(row)
    return written.getvalue()


def test_without_the_rows_after_a_snapshot_its_signals_are_the_same(
    demo_database: Path, tmp_path: Path
) -> None:
    day = date(2025, 3, 31)
    past = build(
        tmp_path,
        {"raw_tables": list(TABLES), "as_of_date": str(day)},
        {f"{table}.csv": as_known_on(day, table) for table in TABLES},
        select=("+int_risk_signals",),
    )
    known = f"""
        select * exclude (is_today, has_left) from intermediate.int_risk_signals
        where snapshot_on between date '2023-12-31' and date '{day}' order by snapshot_on, customer_id
    """
    expected = query(demo_database, known)
    assert len(expected) > 8_000
    assert past.query(known) == expected
    # Labels that were complete then are those of today; the others were not known.
    labels = (
        "select snapshot_on, customer_id, has_left from intermediate.int_risk_signals order by all"
    )
    today = {row[:2]: row[2] for row in query(demo_database, labels)}
    then = {row[:2]: row[2] for row in past.query(labels) if row[:2] in today}
    assert {
        key: label
        for key, label in then.items()
        if label != (today[key] if key[0] + timedelta(days=90) <= day else None)
    } == {}


# --- The weights -----------------------------------------------------------------------------


def made_up(customers: int = 400, days: int = 12, seed: int = 1) -> Snapshots:
    """Customers with one signal that doubles the odds of leaving four times, one that says nothing, and a measure."""
    random = np.random.default_rng(seed)
    rows = customers * days
    signal, noise = random.random((2, rows)) < 0.2
    measure = random.exponential(50, rows)
    odds = -2.5 + np.log(16) * signal + 0.3 * np.log2(1 + measure) - 1
    return Snapshots(
        day=np.repeat(np.arange(days) * 30, customers),
        customer=np.tile(np.arange(customers), days),
        left=(random.random(rows) < 1 / (1 + np.exp(-odds))).astype(float),
        features=np.column_stack([signal, noise, np.full(rows, np.nan), measure]),
        names=("speaks", "says_nothing", "has_no_table", "measure"),
        is_measure=(False, False, False, True),
    )


def test_a_planted_weight_is_found_and_one_that_says_nothing_is_not() -> None:
    model = fit_risk(made_up())
    assert model.message is None
    speaks, says_nothing, has_no_table, measure = zip(model.weights, model.errors, strict=True)
    assert abs(speaks[0] - np.log(16)) < 3 * speaks[1] < 0.5
    assert abs(says_nothing[0]) < 3 * says_nothing[1]
    assert abs(measure[0] - 0.3) < 3 * measure[1] < 0.3
    assert np.isnan(has_no_table).all()


def test_the_weights_are_those_of_the_penalised_likelihood() -> None:
    """Against a general optimiser, with the penalty on standardised measures, in the published units."""
    snapshots = made_up(seed=2)
    model = fit_risk(snapshots)
    matrix = snapshots.matrix()[:, [0, 1, 3]]
    spread = np.array([1, 1, matrix[:, 2].std()])

    def loss(weights: np.ndarray) -> float:
        odds = weights[0] + matrix @ weights[1:]
        missed = np.logaddexp(0, odds) - snapshots.left * odds
        return missed.sum() + ((weights[1:] * spread) ** 2).sum() / 2

    found = minimize(loss, np.zeros(4), tol=1e-9).x
    np.testing.assert_allclose(
        [model.intercept, *model.weights[[0, 1, 3]]], found, rtol=1e-3, atol=1e-3
    )


def test_rows_that_repeat_a_customer_are_no_more_evidence() -> None:
    """Every row twice for the same customers leaves the errors nearly as they are; for others it makes them smaller."""
    once = made_up(seed=3)
    again = np.arange(len(once.left)).repeat(2)
    same = fit_risk(once.where(again))
    others = once.where(again)
    others.customer[1::2] += 10_000
    assert np.nanmax(abs(same.errors / fit_risk(once).errors - 1)) < 0.1
    smaller = fit_risk(others).errors / same.errors
    np.testing.assert_allclose(smaller[[0, 1, 3]], np.sqrt(0.5), rtol=0.02)


def test_too_few_who_left_give_no_weights_and_a_sentence() -> None:
    snapshots = made_up(customers=40, days=1)
    snapshots.left[:] = 0
    snapshots.left[:29] = 1
    model = fit_risk(snapshots)
    assert model.message == (
        "Too little to learn from: 29 customers left and 11 stayed within the horizon of a snapshot, "
        "and it takes 30 of each."
    )
    assert np.isnan(model.scores(snapshots)).all()


# --- The back-test ---------------------------------------------------------------------------


def test_the_top_of_equal_values_is_their_average() -> None:
    risk = np.array([5, 4, 4, 4, 1])
    left = np.array([1, 1, 0, 0, 1])
    # One above; of the three that are equal there is room for one, and a third of them left.
    assert top_left(risk, left, 2) == pytest.approx(1 + 1 / 3)
    assert top_left(risk, left, 1) == 1
    assert top_left(risk, left, 5) == 3


def test_a_month_is_tested_by_what_was_complete_before_it() -> None:
    """What happens in later months, and to labels that are not complete, does not change a test."""
    snapshots = made_up()
    silent = snapshots.features[:, 3]
    [*_, tested] = backtest(
        snapshots.where(snapshots.day <= 180), 90, {"silent_days": silent[:2800]}
    )
    later = made_up()
    later.left[(later.day > 60) & (later.day < 180)] = 1
    later.left[later.day > 180] = np.nan
    found = {row["day"]: row for row in backtest(later, 90, {"silent_days": silent})}
    assert list(found) == [0, 30, 60, 90, 120, 150, 180]
    assert found[180] == tested
    assert (tested["trained_through"], tested["trained_snapshots"]) == (60, 3 * 400)
    assert 0.5 < tested["silent_days_auc"] < tested["score_auc"] < 1
    assert found[90]["message"].startswith("Too little to learn from: 0 customers left")
    assert found[120]["message"] is None and found[120]["trained_through"] == 0


def snapshots_of(database: Path, before: date) -> tuple[Snapshots, np.ndarray]:
    """The complete snapshots of a database up to a day; and the days of silence."""
    names = (*SIGNALS, *MEASURES)
    rows = query(
        database,
        f"""
        select snapshot_on - date '1970-01-01', hash(customer_id) % 1000000007, has_left, {", ".join(names)}
        from intermediate.int_risk_signals where snapshot_on <= date '{before}' and has_left is not null
        order by snapshot_on, customer_id
        """,
    )
    table = np.array(rows, dtype=float)
    kinds = (False,) * len(SIGNALS) + (True,) * len(MEASURES)
    return (
        Snapshots(table[:, 0], table[:, 1], table[:, 2], table[:, 3:], names, kinds),
        table[:, 3 + names.index("silent_days")],
    )


def test_the_check_of_a_month_is_what_a_hand_count_gives(demo_database: Path) -> None:
    month = date(2025, 6, 30)
    [check] = records(
        demo_database, f"select * from marts.risk_check where snapshot_on = date '{month}'"
    )
    snapshots, silent = snapshots_of(demo_database, month)
    day = (month - date(1970, 1, 1)).days
    model = fit_risk(snapshots.where(snapshots.day < day - 90))
    now = snapshots.day == day
    left = snapshots.left[now]
    for name, risk in (("score", model.scores(snapshots.where(now))), ("silent_days", silent[now])):
        assert float(check[f"{name}_auc"]) == pytest.approx(roc_auc_score(left, risk), abs=2e-6)
        if name == "score":  # no two are equal
            best = sorted(zip(risk, left, strict=True), reverse=True)[: -(-len(left) // 10)]
            precision = sum(gone for _, gone in best) / len(best)
            assert float(check["score_precision"]) == pytest.approx(precision, abs=1e-6)
            lift = precision / (left.sum() / len(left))
            assert float(check["score_lift"]) == pytest.approx(lift, abs=2e-6)
            assert float(check["predicted_share"]) == pytest.approx(risk.mean(), abs=1e-6)
    assert (check["customers"], check["left_customers"]) == (len(left), left.sum())
    assert check["trained_through_on"] == date(2025, 3, 31)
    assert check["trained_snapshots"] == (snapshots.day < day - 90).sum()


def test_the_check_says_which_rule_tells_best(demo_database: Path) -> None:
    checks = records(demo_database, "select * from marts.risk_check order by snapshot_on")
    assert len(checks) == 21 and checks[-1]["snapshot_on"] == date(2025, 8, 31)
    tested = [check for check in checks if check["note"] is None]
    assert len(tested) == 18 and [check["score_auc"] for check in checks[:3]] == [None] * 3
    for by in ("auc", "lift"):
        for check in tested:
            others = {
                "days_since_last_order": check[f"silent_days_{by}"],
                "probability_alive": check[f"alive_{by}"],
                "expected_purchases": check[f"expected_purchases_{by}"],
            }
            best = max(value for value in others.values() if value is not None)
            winner = check[f"best_by_{by}"]
            assert (winner == "score") == (check[f"score_{by}"] > best)
            assert winner == "score" or others[winner] == best
    # Calibrated in all, within the noise of 1,300 leavers and three months of delay.
    happened = sum(check["left_customers"] for check in tested)
    predicted_left = sum(check["predicted_share"] * check["customers"] for check in tested)
    assert 0.8 < float(predicted_left) / happened < 1.25


def test_scores_are_the_weights_applied_to_the_signals(demo_database: Path) -> None:
    weights = dict(
        query(
            demo_database,
            "select feature, weight from intermediate.risk_fit where weight is not null",
        )
    )
    names = (*SIGNALS, *MEASURES)
    rows = query(
        demo_database,
        f"""
        select risk_score, value_at_risk, expected_value, {", ".join(names)}
        from marts.customers_at_risk where risk_note is null
        """,
    )
    assert len(rows) > 800
    for score, at_risk, value, *features in rows:
        odds = weights["intercept"]
        for name, feature in zip(names, features, strict=True):
            doublings = np.log2(1 + float(feature)) if name in MEASURES else float(feature)
            odds += weights.get(name, 0) * doublings
        assert float(score) == pytest.approx(1 / (1 + np.exp(-odds)), abs=2e-6)
        assert value is None or abs(score * value - at_risk) <= 0.0051
    calls = query(
        demo_database, "select value_at_risk from marts.customers_at_risk order by call_rank"
    )
    known = [value for (value,) in calls if value is not None]
    assert known == sorted(known, reverse=True) and known[0] > 0


def test_the_planted_effect_of_tickets_and_feedback_is_found(demo_database: Path) -> None:
    """The demo's seeds give who is about to leave more complaints, open tickets and low scores."""
    [(everybody,)] = query(
        demo_database, "select sum(left_customers) / sum(customers) from marts.risk_check"
    )
    found = {
        row["signal"]: row
        for row in records(
            demo_database,
            "select * from marts.risk_weights where kind = 'signal' and weight is not null",
        )
    }
    for signal in ("has_complained", "has_low_nps"):
        assert found[signal]["odds_ratio_lower_95"] > 1, signal
    for signal in ("has_complained", "has_low_nps", "has_slow_ticket", "has_negative_feedback"):
        assert found[signal]["weight"] > 0 and found[signal]["snapshots"] > 100, signal
        assert found[signal]["left_share"] > 1.4 * everybody, signal
    assert found["has_asked_to_cancel"]["odds_ratio"] > 10


def test_a_second_fit_gives_the_same(demo_database: Path, tmp_path: Path) -> None:
    again = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    predict(again)
    for table in ("risk_fit", "risk_backtest"):
        rows = f"select * from intermediate.{table} order by all"
        assert query(again, rows) == query(demo_database, rows)


def test_of_very_many_snapshots_a_sample_of_customers_is_fitted_and_tested(
    demo_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    [(rows,)] = query(database, "select count(*) from intermediate.int_risk_signals")
    monkeypatch.setattr(risk_tables, "MOST_ROWS", -(-rows // 2))
    monkeypatch.setattr(risk_tables, "MOST_HISTORIES", 500)
    predict(database)
    checks = """
        select snapshot_on, tested_customers, tested_left, alive_auc is not null
        from intermediate.risk_backtest where message is null order by 1
    """
    everybody = {day: (tested, left) for day, tested, left, _ in query(demo_database, checks)}
    sample = query(database, checks)
    assert [day for day, *_ in sample] == [*everybody] and sample[-1][3]
    for day, tested, left, _ in sample:
        assert 0.4 < tested / everybody[day][0] < 0.6 and left < everybody[day][1]
    counted = "select customers, left_customers from marts.risk_check where note is null order by snapshot_on"
    assert query(demo_database, counted) == [*everybody.values()]


def test_before_the_first_fit_there_are_reasons_and_no_score(
    demo_database: Path, tmp_path: Path
) -> None:
    database = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    with duckdb.connect(str(database)) as connection:
        connection.execute("truncate intermediate.risk_fit")
    run = dbt("run", "--select", "int_risk_state+", database=database)
    assert run.ok, run.text
    [(customers, scores, reasons, note)] = query(
        database,
        """
        select count(*), count(risk_score), count(*) filter (main_reason <> 'none'), any_value(risk_note)
        from marts.customers_at_risk
        """,
    )
    assert (customers, scores) == (817, 0) and reasons > 100
    assert note == "There are no scores yet: run `retention-ledger predict`."
    # What another policy or other data has fitted is not used either.
    shutil.copy(demo_database, database)
    run = dbt(
        "run", "--select", "int_risk_signals", "int_risk_state+",
        database=database, settings={"risk_recent_days": 60},
    )  # fmt: skip
    assert run.ok, run.text
    [(scores, note)] = query(
        database, "select count(risk_score), any_value(risk_note) from marts.customers_at_risk"
    )
    assert scores == 0 and "another policy" in note
    assert query(database, "select count(score_auc), count(*) from marts.risk_check") == [(0, 21)]


# --- Data of one kind ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "basis_signals"),
    [
        (["orders"], {"is_overdue", "has_fewer_orders", "has_lower_spend", "has_poor_onboarding"}),
        (
            ["subscriptions", "exchange_rates"],
            {"has_asked_to_cancel", "has_failed_payment", "has_downgraded", "has_price_rise"},
        ),
    ],
)
def test_signals_of_tables_that_do_not_exist_are_null(
    tables: list[str], basis_signals: set[str], tmp_path: Path
) -> None:
    settings: dict[str, object] = {"raw_tables": tables, "as_of_date": str(AS_OF)}
    marts = ("customers_at_risk", "risk_check", "risk_weights")
    shop = build(
        tmp_path,
        settings,
        {f"{table}.csv": (ROOT / "seeds" / f"raw_{table}.csv").read_text() for table in tables},
        select=(*(f"+{mart}" for mart in marts), "+lifetime_holdout", "lifetime_calibration", "policy_settings"),
    )  # fmt: skip
    assert "risk of leaving" in predict(shop.database)
    settings["raw_files"] = str(tmp_path / "{name}.csv")
    build(tmp_path, settings, select=tuple(f"config.materialized:kept+,+{mart}" for mart in marts))
    [counts] = shop.records(
        f"select {', '.join(f'count({signal}) as {signal}' for signal in SIGNALS)} from marts.customers_at_risk"
    )
    assert {signal for signal, count in counts.items() if count} == basis_signals
    rows = shop.records("select * from marts.customers_at_risk")
    assert len(rows) > 500 and all(0 < row["risk_score"] < 1 for row in rows)
    weights = dict(shop.query("select signal, note from marts.risk_weights"))
    assert weights["has_complained"] == "There is no raw table that would tell."
    checks = shop.records("select * from marts.risk_check where note is null")
    assert len(checks) >= 17
    has_orders = "orders" in tables
    assert all((check["silent_days_auc"] is not None) == has_orders for check in checks)
    assert all(check["score_auc"] > 0.5 for check in checks)
