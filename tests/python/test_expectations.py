"""What is expected of raw tables and marts: each expectation fires where it should, and is silent next to it."""

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest
from dbt_project import ROOT, build, manifest_of

from retention_ledger.cli.dbt import Dbt
from retention_ledger.cli.progress import console
from retention_ledger.cli.project import Project
from retention_ledger.cli.validate import validate
from retention_ledger.errors import Stop
from retention_ledger.expectations import landing, publish
from retention_ledger.expectations.delivery import Delivery
from retention_ledger.expectations.limits import Limits
from retention_ledger.expectations.report import Report
from retention_ledger.expectations.runner import TABLES, Expectations, facts_of, sentences

Row = dict[str, Any]
LAST_DAY = date(2024, 12, 30)


def shop() -> list[Row]:
    """Orders of fifteen months, a dozen or so on each day but Sundays, in a random order of ids."""
    numbers = random.Random(7)
    rows, day = [], date(2023, 10, 2)
    while day <= LAST_DAY:
        for _ in range(0 if day.weekday() == 6 else numbers.randrange(11, 17)):
            rows.append({
                "order_id": str(len(rows)), "ordered_at": day, "amount": round(numbers.lognormvariate(3.5, 0.5), 2),
                "status": "paid" if numbers.random() < 0.9 else "refused", "email": "a@b.uk" if numbers.random() < 0.97 else None,
            })  # fmt: skip
        day += timedelta(days=1)
    return rows


def delivery_of(rows: Iterable[Row]) -> Delivery:
    """What the macros count, counted in plain Python."""
    rows = list(rows)
    amounts = sorted(row["amount"] for row in rows if row["amount"] is not None)
    by_month: dict[date, list[float]] = {}
    for row in rows:
        if row["amount"] is not None:
            by_month.setdefault(row["ordered_at"].replace(day=1), []).append(row["amount"])
    columns = ("order_id", "ordered_at", "amount", "status", "email")
    return Delivery(
        "orders",
        rows=len(rows),
        key="order_id",
        ids=len({row["order_id"] for row in rows}),
        filled={column: sum(row[column] is not None for row in rows) for column in columns},
        values={"status": dict(Counter(row["status"] for row in rows))},
        refused={"missing_amount": found} if (found := sum(row["amount"] is None for row in rows)) else {},
        days=dict(Counter(row["ordered_at"] for row in rows)),
        amount="amount",
        quantiles={str(percent): amounts[len(amounts) * percent // 100] for percent in (25, 50, 75)},
        medians={month: median(found) for month, found in by_month.items()},
    )  # fmt: skip


SHOP = shop()
LAST = json.loads(json.dumps({"orders": delivery_of(SHOP).profile()}))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Report]:
    """Makes reports; the library is imported once."""
    folder = tmp_path_factory.mktemp("docs")
    return lambda: Report("run", folder)


def landed(
    report: Callable[[], Report], rows: Iterable[Row], *, last: dict | None = LAST, until: date | None = LAST_DAY,
    setting: dict | None = None,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Errors and warnings about orders, against the load of `SHOP` unless there is no last one."""
    sheets = landing.sheets(
        {"orders": delivery_of(rows)}, last, until, Limits(setting or {}, TABLES)
    )
    return sentences(report().validate("landing", sheets))


def changed(share: float, **values: Any) -> list[Row]:
    """The shop with other values in a share of its rows."""
    numbers = random.Random(1)
    return [{**row, **values} if numbers.random() < share else row for row in SHOP]


def without(*days: date) -> list[Row]:
    """The shop without these days."""
    return [row for row in SHOP if row["ordered_at"] not in days]


def times(factor: float, since: date = date.min) -> list[Row]:
    """The shop with other amounts from a day on."""
    return [
        {**row, "amount": row["amount"] * factor} if row["ordered_at"] >= since else row
        for row in SHOP
    ]


def month(year: int, number: int) -> list[date]:
    """The days of a month."""
    return [date(year, number, 1) + timedelta(days=day) for day in range(31)]


#: A load, and the start and a part of the sentences that it must give, and no others.
LOADS: dict[str, tuple[list[Row], list[str], list[str]]] = {
    "the same": (SHOP, [], []),
    "grown by a week": (SHOP + [{**row, "order_id": "n" + row["order_id"], "ordered_at": row["ordered_at"] + timedelta(days=7)} for row in SHOP if row["ordered_at"] > LAST_DAY - timedelta(days=7)], [], []),
    "one row of a hundred gone": ([row for place, row in enumerate(SHOP) if place % 100], [], []),
    "cut to two thirds": (
        random.Random(3).sample(SHOP, len(SHOP) * 2 // 3),
        ["landing: orders: 3,494 rows; expected at least 4,193 rows, because the last load had 5,241"],
        ["has .* of the rows that it had in the last load"],
    ),
    "a month gone": (
        without(*month(2024, 5)),
        ["column ordered_at: 2024-05 has 0.0% of the rows that it had in the last load"],
        ["rows; expected at least", "2024-05 has 0.0% of the rows of the months around it"],
    ),
    "a day gone": (without(date(2024, 5, 14)), [], ["column ordered_at: 2024-05-14 has 0.0% of the rows of the same weekdays around it"]),
    "the last ten days gone": (
        [row for row in SHOP if row["ordered_at"] <= LAST_DAY - timedelta(days=10)],
        ["column ordered_at: the latest day is 2024-12-20, 10 days before that of the last load, 2024-12-30"],
        ["rows; expected at least", "days before the as_of_date"],
    ),
    "more empty amounts": (changed(0.1, amount=None), [], ["column amount: .* of the rows have no value; expected at most 5.0%", "cannot be used, most of them for missing_amount"]),
    "a few empty amounts": (changed(0.015, amount=None), [], []),
    "mostly empty e-mails": (changed(0.5, email=None), ["column email: .* of the rows have no value"], []),
    "a new status": (changed(0.02, status="on hold"), [], ["column status: the value 'on hold' is new; expected the values of the last load \\(paid, refused\\)"]),
    "other shares of statuses": (changed(0.3, status="refused"), [], ["column status: compared with the last load .* of the rows have moved to another value"]),
    "pounds delivered as pence": (times(100), ["the lower quartile is", "the median is [0-9,.]+; expected from 3.3", "the upper quartile is"], []),
    "dearer": (times(1.3), [], []),
    "twice as dear": (times(2), [], ["the lower quartile is", "the median is", "the upper quartile is"]),
    "a month in pence": (times(100, date(2024, 12, 1)), ["column amount: the median of 2024-12 is"], []),
    "appended twice": (SHOP * 2, ["column order_id: each value occurs 2.00 times on average"], []),
    "a fifth twice": (SHOP + SHOP[: len(SHOP) // 5], [], ["column order_id: each value occurs 1.20 times on average"]),
    "a few twice": (SHOP + SHOP[: len(SHOP) // 20], [], []),
}  # fmt: skip


def assert_said(said: list[str], expected: list[str]) -> None:
    """Each pattern is in a sentence of its own, and there is no other sentence."""
    assert len(said) == len(expected), said
    for pattern in expected:
        assert any(re.search(pattern, sentence) for sentence in said), (pattern, said)


@pytest.mark.parametrize("name", LOADS)
def test_a_load_next_to_the_one_before(name: str, report: Callable[[], Report]) -> None:
    rows, errors, warnings = LOADS[name]
    said = landed(report, rows)
    assert_said(said[0], errors)
    assert_said(said[1], warnings)


def test_a_first_load_is_looked_at_by_itself(report: Callable[[], Report]) -> None:
    assert landed(report, SHOP, last=None) == ([], [])
    errors, warnings = landed(report, without(*month(2024, 5)), last=None)
    assert errors == []
    assert_said(
        warnings,
        ["2024-05 has 0.0% of the rows of the months"],
    )
    # Half a month is no hole, and neither are the Sundays on which nobody ever orders.
    half = [
        row for row in SHOP if row["ordered_at"] not in month(2024, 5) or int(row["order_id"]) % 2
    ]
    assert landed(report, half, last=None) == ([], [])
    errors, _ = landed(report, times(100, date(2024, 12, 1)), last=None)
    assert_said(errors, ["the median of 2024-12 is"])


def test_a_hole_that_is_known_is_not_said_again(report: Callable[[], Report]) -> None:
    rows = without(date(2024, 5, 14), *month(2024, 2))
    last = {"orders": delivery_of(rows).profile()}
    assert landed(report, rows, last=last) == ([], [])


@pytest.mark.parametrize(
    ("days", "severity"), [(0, None), (3, None), (8, "warning"), (40, "error")]
)
def test_freshness_has_the_rhythm_of_the_table(
    days: int, severity: str | None, report: Callable[[], Report]
) -> None:
    errors, warnings = landed(report, SHOP, until=LAST_DAY + timedelta(days=days))
    sentence = f"the latest day is 2024-12-30, {days} days before the as_of_date"
    assert_said(errors, [sentence] if severity == "error" else [])
    assert_said(warnings, [sentence] if severity == "warning" else [])


def test_a_dozen_rows_are_no_trend(report: Callable[[], Report]) -> None:
    few = SHOP[:12]
    errors, _ = landed(report, few[:8], last={"orders": delivery_of(few).profile()}, until=None)
    assert errors == []


def test_limits_are_settings(report: Callable[[], Report]) -> None:
    rows = random.Random(3).sample(SHOP, len(SHOP) * 2 // 3)
    off = {"rows_lost": {"error": None}, "orders": {"month_rows_lost": {"warn": None}}}
    errors, warnings = landed(report, rows, setting=off)
    assert errors == []
    assert_said(warnings, ["3,494 rows; expected at least 5,137 rows"])
    for setting, sentence in (
        ({"rows_lots": {}}, "has a limit `rows_lots` that does not exist: did you mean `rows_lost`?"),
        ({"orders": {"drfit": {}}}, "`orders.drfit` that does not exist"),
        ({"rows_lost": 0.5}, "rows_lost: 0.5, and it must be like {warn: 0.05, error: 0.3}"),
        ({"rows_lost": {"warn": "a lot"}}, "rows_lost.warn: 'a lot', and it must be a number from 0 on, or null"),
    ):  # fmt: skip
        with pytest.raises(Stop, match=re.escape(sentence)):
            Limits(setting, TABLES)


def mart(
    values: list[float | None], *, due: bool = True, least: float = 0.01, most: float = 0.2
) -> dict[str, Any]:
    """Facts of retention_by_period: churn of the months from 2021 on; customers and retention beside it."""
    series = []
    for place, value in enumerate(values):
        start = date(2021 + place // 12, place % 12 + 1, 1)
        end = (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if value != "no row":
            text = None if value is None else str(value)
            due_text = "yes" if due or value is not None else "no"
            series.append(
                [
                    "window",
                    "month",
                    str(start),
                    str(end),
                    "yes",
                    text,
                    due_text,
                    text and "0.9",
                    due_text,
                    "1000",
                    "yes",
                ]
            )
    ranges = [
        ["rows", None, None, "500"],
        ["least", "customer_churn_rate", None, str(least)],
        ["most", "customer_churn_rate", None, str(most)],
    ]
    return {"ranges": ranges, "series": series}  # fmt: skip


COLUMNS = {
    "retention_by_period": {"series": {"customer_churn_rate": 1, "retention_rate": 1, "closing_customers": 1}},
    "mrr_by_period": {"series": {"closing_mrr": 1, "grr": 1, "nrr": 1}},
}  # fmt: skip
CHURN = [0.05 + random.Random(place).uniform(-0.01, 0.01) for place in range(30)]
#: Figures of churn by month, and the errors and warnings that they must give.
MARTS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "as ever": (mart(CHURN), [], []),
    "somewhat higher": (mart([*CHURN, 0.08]), [], []),
    "five times as high": (mart([*CHURN, 0.25]), [], ["column customer_churn_rate: the window, month of 2023-07-01 has 25.0%; expected from"]),
    "as high as each July": (mart([*CHURN[:18], 0.25, *CHURN[19:], 0.25]), [], []),
    "too short a history": (mart([*CHURN[:8], 0.25]), [], []),
    "above one": (mart(CHURN, most=1.2), ["column customer_churn_rate: the largest value is 120.0%; expected from 0 to 1 in every row"], []),
    "below zero": (mart(CHURN, least=-0.1), ["column customer_churn_rate: the smallest value is -10.0%"], []),
    "none in a complete period": (
        mart([*CHURN[:9], None, *CHURN[10:]]),
        ["column customer_churn_rate: the window, month of 2021-10-01 is complete and has none", "column retention_rate: .* has none"],
        [],
    ),
    "none where nobody was there to lose": (mart([*CHURN[:9], None, *CHURN[10:]], due=False), [], []),
    "a period missing": (
        mart([*CHURN[:9], "no row", *CHURN[10:]]),
        ["column period_start: after the window, month of 2021-09-01 the next one begins 32 days after its end"],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MARTS)
def test_a_mart_before_it_is_read(name: str, report: Callable[[], Report]) -> None:
    facts, errors, warnings = MARTS[name]
    said = sentences(
        report().validate(
            "publish", publish.sheets({"retention_by_period": facts}, COLUMNS, Limits({}, TABLES))
        )
    )
    assert_said(said[0], errors)
    assert_said(said[1], warnings)


@pytest.mark.parametrize(("factor", "warnings"), [(1.1, 0), (0.5, 1), (3, 1)])
def test_amounts_drift_by_factors(
    factor: float, warnings: int, report: Callable[[], Report]
) -> None:
    series = [
        ["all", "month", f"{2021 + place // 12}-{place % 12 + 1:02}-01", f"{2021 + place // 12}-{place % 12 + 1:02}-28", "yes",
         str(1000 * 1.03**place * (factor if place == 30 else 1)), "yes", None, "no", None, "no"]
        for place in range(31)
    ]  # fmt: skip
    facts = {"ranges": [["rows", None, None, "31"]], "series": series}
    sheets = publish.sheets({"mrr_by_period": facts}, COLUMNS, Limits({}, TABLES))
    _, said = sentences(report().validate("publish", sheets))
    assert len(said) == warnings, said


def opened(database: Path, settings: dict[str, Any]) -> Expectations:
    """The expectations of a database that is built, by a project that has been read before."""
    project = Project(ROOT, ROOT, ROOT / "profiles", None)
    return Expectations(Dbt(project, settings, manifest=manifest_of(settings, database)), database)


def test_the_warehouse_counts_what_python_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a load is remembered once, the last ten of them are kept, and one that was accepted stands."""
    rows = changed(0.01, amount=None)
    lines = [
        f"{row['order_id']},c1,{row['ordered_at']},{row['status']},{row['amount'] or ''},{row['email'] or ''}"
        for row in rows
    ]
    settings = {
        "raw_tables": ["orders"], "raw_files": str(tmp_path / "{name}.csv"), "counted_order_statuses": ["paid"],
        "uncounted_order_statuses": ["refused"], "raw_columns": {"orders": {"updated_at": None}},
    }  # fmt: skip
    files = {
        "orders.csv": "\n".join(["order_id,customer_id,ordered_at,status,amount,email", *lines, ""])
    }
    built = build(tmp_path, settings, files, select=("base_orders", "stg_orders"))
    monkeypatch.setenv("RETENTION_LEDGER_DB", str(built.database))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    run = opened(built.database, settings)
    facts = facts_of(run.dbt, "landing_facts")
    counted, expected = Delivery.of_facts("orders", facts["tables"]["orders"]), delivery_of(rows)
    assert (counted.rows, counted.ids, counted.key) == (expected.rows, expected.ids, "order_id")
    assert {column: counted.filled[column] for column in expected.filled} == expected.filled
    assert counted.lists()["status"] == expected.values["status"]
    assert counted.refused == expected.refused and expected.refused
    accepted = Counter(row["ordered_at"] for row in rows if row["amount"] is not None)
    assert counted.days == dict(accepted)
    assert counted.quantiles["50"] == pytest.approx(expected.quantiles["50"], rel=0.01)
    assert counted.medians == pytest.approx(expected.medians, rel=0.05)
    assert facts["loads"] == []
    # What is remembered is what is read again; more than ten loads are not kept.
    run.load, run.run_id = {"orders": counted.profile()}, "20250101T000000"
    run.remember()
    with duckdb.connect(str(built.database)) as connection:
        connection.execute(
            "insert into expectations.landed_loads select '2024010' || range || 'T000000', false, data, '{}' "
            "from range(10), expectations.landed_loads"
        )
    run.choose_last(facts_of(run.dbt, "landing_facts")["loads"])
    assert (run.same["load_id"], run.last["load_id"]) == ("20250101T000000", "20240109T000000")
    run.remember()
    run.run_id, run.accepts = "20250102T000000", True
    run.remember()
    loads = facts_of(run.dbt, "landing_facts")["loads"]
    assert [load["load_id"][:8] for load in loads] == [
        *(f"2024010{day}" for day in range(1, 10)),
        "20250102",
    ]
    run.choose_last(loads)
    assert run.last == loads[-1] and "accepted as it is" in run.compared_with()


def test_the_demo_is_as_expected_and_its_data_docs_open_offline(
    demo_database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    """By the command. Then with a mart that somebody has written into: an error, and no other."""
    database = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setattr(
        Dbt, "read", lambda dbt: setattr(dbt, "manifest", manifest_of({}, database))
    )
    look = partial(
        validate,
        console(),
        Project(ROOT, ROOT, ROOT / "profiles", None),
        None,
        database,
        None,
        False,
    )
    look()
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    tables = {tuple(row[:2]): row[3:] for row in said if row[:1] in (["landing"], ["publish"])}
    assert {
        "orders",
        "customers",
        "refunds",
        "subscriptions",
        "retention_by_period",
        "mrr_by_period",
    } <= {table for _, table in tables}
    assert {tuple(found) for found in tables.values()} == {("0", "0")}

    [page] = (tmp_path / "built_data_docs").glob("*/index.html")
    pages = list(page.parent.rglob("*.html"))
    assert len(pages) == 1 + 2 * len(tables)
    for text in (path.read_text(encoding="utf-8") for path in pages):
        assert not re.search(
            r"""(src|href)=["']?(https?:)?//|url\(|@import|<link|<img|<script src""", text
        )
        assert "<style>" in text
    assert {path.suffix for path in page.parent.rglob("*") if path.is_file()} == {".html"}
    first = page.read_text(encoding="utf-8")
    for link in re.findall(r'href="([^"#]+\.html)"', first):
        assert (page.parent / link).is_file(), link
    assert first.count(">open</a>") == 2 * len(tables)

    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.mrr_by_period set grr = 1.25 where segment_dimension = 'country' and grr = 1"
        )
    with pytest.raises(Stop, match="One expectation of severity error is not met"):
        look()
    out = capsys.readouterr().out
    assert (
        "publish: mrr_by_period, column grr: the largest value is 125.0%; expected from 0 to 1 in every row."
        in out
    )
