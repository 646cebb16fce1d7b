"""Weeks, quarters and years start where the policy says, in every mart."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from dbt_project import dbt, query

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


def test_marts_add_up_by_another_calendar(tmp_path: Path) -> None:
    """All identities hold (they are data tests), and a quarter's figures are sums of those by default."""
    database = tmp_path / "built.duckdb"
    run = dbt(
        "build", "--exclude-resource-type", "unit_test", database=database,
        settings={"week_starts_on": "sunday", "fiscal_year_starts_in": 2, "cohort_grain": "quarter"},
    )  # fmt: skip
    assert run.ok, run.text
    [(starts,)] = query(
        database,
        "select list(distinct monthname(period_start) order by 1) from marts.retention_by_period where period_grain = 'year'",
    )
    assert starts == ["February"]
    assert query(
        database,
        "select distinct dayname(period_start) from marts.mrr_by_period where period_grain = 'week'",
    ) == [("Sunday",)]
    assert query(
        database, "select distinct month(cohort_month) from marts.cohort_retention order by 1"
    ) == [(2,), (5,), (8,), (11,)]
    # The year from February 2024, counted from the orders themselves.
    [(orders, revenue)] = query(
        database,
        "select orders, gross_revenue from marts.repeat_purchase_by_period "
        "where period_grain = 'year' and period_start = date '2024-02-01' and segment_dimension = 'all'",
    )
    assert (orders, revenue) == query(
        database,
        "select count(*), sum(gross_amount) from marts.orders where is_counted "
        "and ordered_on between date '2024-02-01' and date '2025-01-31'",
    )[0]
