"""Weeks, months, quarters and years start where the policy says, in every mart: by its settings, or by a table."""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import oracle
import oracle_subscriptions as subs
import pytest
import test_subscriptions_against_oracle as of_subscriptions
import test_value_against_oracle as of_value
from dbt.contracts.graph.manifest import Manifest
from dbt_project import (
    BUILD,
    PUBLISHED,
    ROOT,
    TABLES,
    both_attached,
    build,
    dbt,
    differing_marts,
    predict_and_build,
    query,
)
from oracle import Policy
from retail_calendar import (
    RetailCalendar,
    retail_days,
    write_calendar,
    write_common_calendar,
    write_retail_calendar,
)
from test_ledger_against_oracle import assert_marts_equal_oracle

from retention_ledger.cli.headline import headline

CALENDARS = [("sunday", 4), ("wednesday", 12)]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def first_day(day: date, grain: str, week_starts_on: str, year_starts_in: int) -> date:
    """The start of the period with the day in it, found by walking back a day at a time."""
    starts = {
        "week": lambda d: WEEKDAYS[d.weekday()] == week_starts_on,
        "month": lambda d: d.day == 1,
        "quarter": lambda d: d.day == 1 and (d.month - year_starts_in) % 3 == 0,
        "year": lambda d: d.day == 1 and d.month == year_starts_in,
    }[grain]
    while not starts(day):
        day -= timedelta(days=1)
    return day


@pytest.mark.parametrize(("week_starts_on", "year_starts_in"), CALENDARS)
def test_every_day_falls_into_its_period(
    week_starts_on: str, year_starts_in: int, tmp_path: Path
) -> None:
    grains = ["week", "month", "quarter", "year"]
    run = dbt(
        "compile", "--inline",
        "select day, " + ", ".join(
            f"{{{{ period_start('{grain}', 'day') }}}}, {{{{ period_end('{grain}', period_start('{grain}', 'day')) }}}}"
            for grain in grains
        ) + " from days",
        database=tmp_path / "built.duckdb",
        settings={"week_starts_on": week_starts_on, "fiscal_year_starts_in": year_starts_in},
    )  # fmt: skip
    assert run.ok, run.text
    sql = run.outcome.result.results[0].node.compiled_code
    rows = duckdb.execute(
        "with days as (select cast(unnest(range(date '2023-12-01', date '2026-03-10', interval 1 day)) as date) as day) "
        + sql
    ).fetchall()
    assert len(rows) == 830
    for day, *found in rows:
        for grain, start, end in zip(grains, found[::2], found[1::2], strict=True):
            assert start == first_day(day, grain, week_starts_on, year_starts_in), (day, grain)
            assert first_day(end, grain, week_starts_on, year_starts_in) == start, (day, grain)
            assert first_day(end + timedelta(days=1), grain, week_starts_on, year_starts_in) > end


# A table of days

DEMO_TABLES = [
    "customers", "orders", "refunds", "subscriptions", "exchange_rates", "marketing_spend", "support_tickets", "feedback",
]  # fmt: skip


def demo_by_a_table(calendar: Path) -> dict[str, Any]:
    """The settings with which the demo's raw data is read from files, beside a calendar."""
    return {
        "calendar": "table",
        "raw_tables": [*DEMO_TABLES, "calendar"],
        "raw_files": {
            **{table: str(ROOT / "seeds" / f"raw_{table}.csv") for table in DEMO_TABLES},
            "calendar": str(calendar),
        },
        "as_of_date": "2025-12-14",
        "latest_valid_date": "2025-12-31",
        "gross_margin_rate": 0.6,
    }


@pytest.fixture(scope="module")
def retail_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo by the retail calendar, with every data test."""
    folder = tmp_path_factory.mktemp("retail")
    settings = demo_by_a_table(write_retail_calendar(folder / "calendar.csv"))
    run = dbt(*BUILD, database=folder / "built.duckdb", settings=settings)
    assert run.ok, run.text
    return folder / "built.duckdb"


@pytest.fixture
def retail(monkeypatch: pytest.MonkeyPatch) -> Iterator[RetailCalendar]:
    """The oracle counts by the retail calendar."""
    calendar = RetailCalendar(2019, 2027)
    monkeypatch.setattr(oracle, "period_start", calendar.period_start)
    monkeypatch.setattr(subs, "year_before", calendar.year_before)
    yield calendar


def test_the_retail_calendar_is_the_published_one() -> None:
    """National Retail Federation: 2023 had 53 weeks, to 2024-02-03, as 2017 had, to 2018-02-03."""
    years = {
        year: (days[0].day, days[-1].day, days[-1].week)
        for year in (2016, 2017, 2022, 2023, 2024)
        if (days := retail_days(year, year))
    }
    assert years == {
        2016: (date(2016, 1, 31), date(2017, 1, 28), 52),
        2017: (date(2017, 1, 29), date(2018, 2, 3), 53),
        2022: (date(2022, 1, 30), date(2023, 1, 28), 52),
        2023: (date(2023, 1, 29), date(2024, 2, 3), 53),
        2024: (date(2024, 2, 4), date(2025, 2, 1), 52),
    }


def test_customers_and_orders_equal_the_oracle(retail_demo: Path, retail: RetailCalendar) -> None:
    cleaned = oracle.clean_seeds(ROOT / "seeds")
    assert_marts_equal_oracle(
        retail_demo,
        oracle.order_days(cleaned),
        oracle.segments_of(cleaned),
        Policy(),
        cleaned.as_of,
    )
    customers = of_value.customers_of(retail_demo)
    for basis in ("orders_window", "orders_calendar"):
        of_value.assert_cohort_retention_equals(basis, retail_demo, customers, cleaned.as_of)
    of_value.test_repeat_purchase_by_period(retail_demo, customers, cleaned.as_of)


def test_subscriptions_equal_the_oracle(retail_demo: Path, retail: RetailCalendar) -> None:
    cleaned, subscriptions = subs.clean_seeds(ROOT / "seeds")
    case = of_subscriptions.Case(
        retail_demo, subscriptions, cleaned.customers, oracle.segments_of(cleaned),
        subs.SubscriptionPolicy(), cleaned.as_of,
    )  # fmt: skip
    of_subscriptions.assert_mrr_movements_equal(case)
    of_subscriptions.assert_mrr_by_period_equals(case)
    of_subscriptions.assert_mrr_cohorts_equal(case)
    of_subscriptions.assert_cohorts_equal(case)


def test_a_period_compares_with_the_one_of_its_number_a_year_before(
    retail_demo: Path, retail: RetailCalendar
) -> None:
    values: dict[tuple, dict[date, tuple]] = defaultdict(dict)
    for metric, basis, grain, start, *found in query(
        retail_demo,
        "select metric, basis, period_grain, period_start, value, previous_year_value "
        "from marts.metric_values where segment_dimension = 'all'",
    ):
        values[metric, basis, grain][start] = tuple(found)
    for key, of_periods in values.items():
        for start, (_, year_before) in of_periods.items():
            counterpart = retail.same_period_a_year_before(start, key[2])
            expected = of_periods[counterpart][0] if counterpart in of_periods else None
            assert year_before == expected, (key, start)
    weeks = values["opening_customers", "orders_window", "week"]
    assert weeks[date(2024, 1, 28)] == (weeks[date(2024, 1, 28)][0], None)  # week 53
    assert weeks[date(2024, 2, 4)][1] == weeks[date(2023, 1, 29)][0] is not None  # week 1


def test_retail_weeks_add_up_to_retail_months(retail_demo: Path, retail: RetailCalendar) -> None:
    found: dict[str, dict[date, int]] = {"week": defaultdict(int), "month": {}}
    for grain, start, orders in query(
        retail_demo,
        "select period_grain, period_start, orders from marts.repeat_purchase_by_period "
        "where segment_dimension = 'all' and period_grain in ('week', 'month')",
    ):
        if grain == "week":
            found["week"][retail.period_start(start, "month")] += orders
        else:
            found["month"][start] = orders
    assert len(found["month"]) >= 48
    assert found["week"] == found["month"]


def test_the_headline_names_retail_periods_by_their_first_day(retail_demo: Path) -> None:
    [customers, _, revenue] = headline(retail_demo)[2:5]
    for table, column in ((customers, 1), (revenue, 0)):
        names = [str(cell) for cell in table.columns[column].cells]
        assert next(name for name in names if name.startswith("month")) == "month of 2025-11-02"


def test_the_demo_again_by_the_common_calendar_as_a_table_gives_the_same_marts(
    demo_database: Path, tmp_path: Path
) -> None:
    """From files, by one thread and with another reading of the calendar: also, a build depends on nothing but its data."""
    settings = demo_by_a_table(write_common_calendar(tmp_path / "calendar.parquet"))
    run = dbt(*TABLES, database=tmp_path / "built.duckdb", settings=settings)
    assert run.ok, run.text
    predict_and_build(tmp_path / "built.duckdb", command=TABLES, **settings)
    differing = differing_marts(
        demo_database, tmp_path / "built.duckdb", but="policy_version",
        leave_out={*PUBLISHED, "policy_settings"},
    )  # fmt: skip
    assert differing == []
    with both_attached(demo_database, tmp_path / "built.duckdb") as connection:
        other_settings = connection.execute("""
            select setting from one.marts.policy_settings as one full join other.marts.policy_settings as other using (setting)
            where one.value is distinct from other.value
            """).fetchall()
    assert {name for (name,) in other_settings} <= {*settings, "policy_version"}


def test_the_tests_between_grains_look_periods_up(retail_demo: Path, tmp_path: Path) -> None:
    """An order more in a week of the quarter's edge, and a customer more at a month's close, are noticed."""
    database = Path(shutil.copy(retail_demo, tmp_path / "built.duckdb"))
    settings = demo_by_a_table(retail_demo.parent / "calendar.csv")
    names = ["test_name:finer_periods_add_up", "test_name:coarser_period_shares_edges"]
    select = ["test", "--select", *(f"retention_by_period,{name}" for name in names)]
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.retention_by_period set start_events = start_events + 1, closing_customers = closing_customers + 1 "
            "where basis = 'orders_window' and period_grain = 'month' and period_start = date '2023-04-02' "
            "and segment_dimension = 'all'"
        )
    run = dbt(*select, database=database, settings=settings)
    assert {name for name, status in run.statuses().items() if status == "fail"} == {
        "months_add_up_to_the_quarter",
        "months_add_up_to_the_year",
        "quarter_opens_and_closes_with_its_months",
    }, run.text


def test_unit_tests_say_which_calendar_they_expect(demo_manifest: Manifest) -> None:
    """They hold for everybody, also where a company's own calendar is a table."""
    [days] = [each for each in demo_manifest.nodes if each.endswith(".int_calendar_days")]
    silent = {
        test.name
        for test in demo_manifest.unit_tests.values()
        for model in test.depends_on.nodes
        if days in demo_manifest.nodes[model].depends_on.nodes
        and "calendar" not in (test.overrides.vars if test.overrides else {})
    }
    assert silent == set()


def test_periods_are_looked_up_where_every_warehouse_allows_it() -> None:
    """A lookup is a subquery, which not all take in GROUP BY, in a window or in the condition of a join."""
    clause = re.compile(
        r"\s*(group by|partition by|order by|on|and) .*\b(\w*period\w*|a_year_later)\("
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("models", "tests/generic", "tests/singular")
        for path in sorted((ROOT / folder).rglob("*.sql"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if clause.match(line)
    ]
    assert found == [], "compute the period in a CTE before"


ORDERS = "order_id,customer_id,ordered_at\n1,ada,2023-02-01\n2,ada,2024-02-03\n"
NO_AMOUNTS = {"orders": {"status": None, "amount": None, "updated_at": None}}


def retail_rows(first_year: int, last_year: int) -> list[tuple]:
    """The days of a calendar without quarters."""
    return [(d.day, d.year, d.month, d.week) for d in retail_days(first_year, last_year)]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [row for row in retail_rows(2023, 2023) if row[0] != date(2023, 5, 17)],
            "it has no row between 2023-05-16 and 2023-05-18",
        ),
        (
            [*retail_rows(2023, 2023), retail_rows(2023, 2023)[40]],
            "it has the day 2023-03-10 more than once",
        ),
        (
            [(day, year, 5 if month == 6 else month, week) for day, year, month, week in retail_rows(2023, 2023)],
            "on 2023-07-30 month 7 of 2023 follows month 5 of 2023",
        ),
        (
            retail_rows(2024, 2024),
            "it begins on 2024-02-04, and the data on 2023-02-01",
        ),
        (
            retail_rows(2022, 2022),
            "it ends on 2023-01-28, before as_of_date, which is 2024-02-03",
        ),
    ],
    ids=["a hole", "a day twice", "a month left out", "begins late", "ends early"],
)  # fmt: skip
def test_a_calendar_with_a_fault_stops_the_build(
    rows: list[tuple], sentence: str, tmp_path: Path
) -> None:
    calendar = write_calendar(
        tmp_path / "calendar.csv", rows, "calendar_date,fiscal_year,fiscal_month,fiscal_week"
    )
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    settings = {
        "calendar": "table", "raw_tables": ["orders", "calendar"], "raw_columns": NO_AMOUNTS,
        "raw_files": str(calendar.parent / "{name}.csv"),
    }  # fmt: skip
    failed = build(tmp_path, settings, select=("+int_calendar_days",), fails=True)
    assert "The raw calendar cannot be counted by: " + sentence in failed.run.text
    assert "Mend the table, or set the var calendar to common" in failed.run.text


@pytest.mark.parametrize(("setting", "tables"), [("table", []), ("common", ["calendar"])])
def test_a_calendar_and_its_setting_go_together(
    setting: str, tables: list[str], tmp_path: Path
) -> None:
    settings = {"calendar": setting, "raw_tables": ["orders", *tables], "raw_columns": NO_AMOUNTS}
    write_retail_calendar(tmp_path / "calendar.csv", 2023, 2023)
    failed = build(
        tmp_path, settings, {"orders.csv": ORDERS}, select=("base_calendar",), fails=True
    )
    assert f"The policy var `calendar` is '{setting}'" in failed.run.text
    assert "raw_tables has" in failed.run.text
