"""Closed periods stay as they are.

That the same data gives the same marts is seen where the demo is built a second time, from files, by one thread, and by a
calendar that is a table: test_calendars.py.
"""

import shutil
from pathlib import Path

import pytest
from dbt_project import TABLES, dbt, query, rows_that_differ


@pytest.fixture(scope="module")
def earlier_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as it was on an earlier day, in the middle of a month, a quarter and a week."""
    database = tmp_path_factory.mktemp("earlier") / "built.duckdb"
    run = dbt(*TABLES, database=database, settings={"as_of_date": "2025-05-14"})
    assert run.ok, run.text
    return database


@pytest.mark.parametrize(
    "table",
    [
        "retention_by_period", "metric_values", "onboarding_by_month",
        "repeat_purchase_by_period", "lifetime_value_by_period", "mrr_by_period",
        "business_by_period", "business_cells", "plan_movements_by_period",
    ],
)  # fmt: skip
def test_a_period_complete_in_both_builds_has_the_same_values(
    table: str, demo_database: Path, earlier_database: Path
) -> None:
    columns = "* exclude (is_latest_complete_period)"
    complete = (
        f"select {columns} from {{db}}.marts.{table} where period_status = 'complete' "
        "and period_end <= date '2025-05-14'"
    )
    # A segment value that nobody had yet has no slice yet; the demo has all of them by then.
    rows, differing = rows_that_differ(earlier_database, demo_database, complete)
    assert rows > 1000
    assert differing == 0


def test_a_cohort_cell_complete_in_both_builds_has_the_same_values(
    demo_database: Path, earlier_database: Path
) -> None:
    """Without the unbounded columns, which grow by nature as time passes."""
    cells = """
        select * exclude (ordering_or_later_customers, ordering_or_later_rate)
        from {db}.marts.cohort_retention
        where period_status = 'complete' and activity_month < date '2025-05-01'
        """
    rows, differing = rows_that_differ(earlier_database, demo_database, cells)
    assert rows > 10_000
    assert differing == 0


def test_a_window_that_has_passed_for_a_whole_cohort_keeps_its_rate(
    demo_database: Path, earlier_database: Path
) -> None:
    passed = """
        select * from {db}.marts.repeat_purchase_by_cohort
        where cohort_month + interval 1 month + window_days * interval 1 day <= date '2025-05-14'
        """
    rows, differing = rows_that_differ(earlier_database, demo_database, passed)
    assert rows > 1000
    assert differing == 0


@pytest.mark.parametrize(
    ("table", "basis"),
    [
        ("customer_movements", "basis"),
        ("churned_customers", "basis"),
        ("mrr_movements", "'subscriptions'"),
        ("mrr_plan_changes", "'subscriptions'"),
    ],
)
def test_the_ledger_of_complete_periods_is_the_same(
    table: str, basis: str, demo_database: Path, earlier_database: Path
) -> None:
    ledger = f"""
        select ledger.* from (select *, {basis} as of_basis from {{db}}.marts.{table}) as ledger
        inner join (select distinct basis as of_basis, period_grain, period_start, period_end from {{db}}.marts.retention_by_period)
            as periods using (of_basis, period_grain, period_start)
        where periods.period_end <= date '2025-05-14'
        """
    rows, differing = rows_that_differ(earlier_database, demo_database, ledger)
    assert rows > 1000
    assert differing == 0


def test_the_earlier_build_sets_later_rows_aside(earlier_database: Path) -> None:
    aside = query(
        earlier_database,
        "select source_table, count(*) from marts.rejected_rows where reason = 'after_as_of_date' group by 1",
    )
    assert dict(aside)["orders"] > 100
    assert query(
        earlier_database, "select max(ordered_on) <= date '2025-05-14' from marts.orders"
    ) == [(True,)]


def test_the_same_settings_are_the_same_policy(demo_database: Path, tmp_path: Path) -> None:
    again = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    run = dbt("run", "--select", "policy_settings", database=again)
    assert run.ok, run.text
    rows, differing = rows_that_differ(
        demo_database, again, "select * from {db}.marts.policy_settings"
    )
    assert rows > 50
    assert differing == 0
