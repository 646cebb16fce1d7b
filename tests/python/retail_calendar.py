"""Calendars as tables: that of the National Retail Federation, and the common one day by day.

The oracle counts by the first; the project reads both from a file.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

ONE_DAY = timedelta(days=1)
#: Weeks of the months of a quarter; the twelfth month of a year of 53 weeks has one more.
WEEKS_OF_MONTHS = (4, 5, 4)


@dataclass(frozen=True)
class RetailDay:
    """One day: the fiscal year and the numbers of its quarter, month and week in it."""

    day: date
    year: int
    quarter: int
    month: int
    week: int


def last_day_of_year(year: int) -> date:
    """The Saturday nearest to 31 January of the following year ends the retail year."""
    near = [date(year + 1, 1, 28) + n * ONE_DAY for n in range(7)]
    [saturday] = [day for day in near if day.isoweekday() == 6]
    return saturday


def retail_days(first_year: int, last_year: int) -> list[RetailDay]:
    """Every day of the retail years from ``first_year`` to ``last_year``."""
    found = []
    for year in range(first_year, last_year + 1):
        day = last_day_of_year(year - 1) + ONE_DAY
        weeks = [length for _ in range(4) for length in WEEKS_OF_MONTHS]
        weeks[11] += ((last_day_of_year(year) - day).days + 1) // 7 - 52
        week = 0
        for month, length in enumerate(weeks, start=1):
            for _ in range(length):
                week += 1
                for _ in range(7):
                    found.append(RetailDay(day, year, (month + 2) // 3, month, week))
                    day += ONE_DAY
    return found


class RetailCalendar:
    """Periods of the retail calendar, in the shape of the oracle's functions."""

    def __init__(self, first_year: int, last_year: int) -> None:
        self.days = {each.day: each for each in retail_days(first_year, last_year)}
        self._starts: dict[tuple[str, int, int], date] = {}
        self._ends: dict[tuple[str, int, int], date] = {}
        for day in sorted(self.days):
            for grain in ("week", "month", "quarter", "year"):
                self._starts.setdefault(self.period(day, grain), day)
                self._ends[self.period(day, grain)] = day

    def period(self, day: date, grain: str) -> tuple[str, int, int]:
        """Grain, year and number of the period with the day in it."""
        each = self.days[day]
        return (grain, each.year, 1 if grain == "year" else getattr(each, grain))

    def period_start(self, day: date, grain: str) -> date:
        """First day of the period with the day in it."""
        return self._starts[self.period(day, grain)]

    def same_period_a_year_before(self, start: date, grain: str) -> date | None:
        """First day of the period of the same number in the year before; None where it has none."""
        _, year, number = self.period(start, grain)
        return self._starts.get((grain, year - 1, number))

    def year_before(self, day: date) -> date:
        """The day of the month twelve months before that closes like this one: the same day of the
        month; of the last day the last, and of a day that the month before has not the last too."""
        _, year, number = self.period(day, "month")
        start = self._starts["month", year - 1, number]
        end = self._ends["month", year - 1, number]
        if day == self._ends["month", year, number]:
            return end
        return min(start + (day - self._starts["month", year, number]), end)


def write_calendar(path: Path, rows: list[tuple], header: str) -> Path:
    """A CSV file of a calendar."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def write_retail_calendar(path: Path, first_year: int = 2019, last_year: int = 2027) -> Path:
    """The retail calendar as a file with all columns."""
    return write_calendar(
        path,
        [(d.day, d.year, d.quarter, d.month, d.week) for d in retail_days(first_year, last_year)],
        "calendar_date,fiscal_year,fiscal_quarter,fiscal_month,fiscal_week",
    )


def write_common_calendar(path: Path, first_year: int = 2019, last_year: int = 2027) -> Path:
    """The common calendar with typed columns: weeks and quarters are left to the rules."""
    duckdb.sql(
        f"""
        copy (
            select day::date as calendar_date, year(day)::integer as fiscal_year, month(day)::integer as fiscal_month
            from range(date '{first_year}-01-01', date '{last_year + 1}-01-01', interval 1 day) as days(day)
        ) to '{path}' (format parquet)
        """
    )
    return path
