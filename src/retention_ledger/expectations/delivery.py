"""A raw table as it was delivered, in facts: what the warehouse counted, and what follows from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

Facts = list[list[str | None]]


@dataclass
class Delivery:
    """One raw table of one load.

    rows        how many
    ids         column of the key, and how many different ones
    filled      column -> rows with a value
    values      column -> value (lower case) -> rows; the most frequent 100
    refused     reason -> rows that staging refuses for it
    days        day -> rows that staging accepts
    quantiles   percent -> amount
    medians     month (its first day) -> median amount
    """

    table: str
    rows: int = 0
    key: str = ""
    ids: int = 0
    filled: dict[str, int] = field(default_factory=dict)
    values: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    refused: dict[str, int] = field(default_factory=dict)
    days: dict[date, int] = field(default_factory=dict)
    amount: str = ""
    quantiles: dict[str, float] = field(default_factory=dict)
    medians: dict[date, float] = field(default_factory=dict)

    @classmethod
    def of_facts(cls, table: str, facts: Facts) -> Delivery:
        """From the rows of macros/expectations/landing.sql: fact, column, entry, number."""
        made = cls(table)
        for fact, column, entry, text in facts:
            number = 0.0 if text is None else float(text)
            if fact == "rows":
                made.rows = int(number)
            elif fact == "ids":
                made.key, made.ids = str(column), int(number)
            elif fact == "filled":
                made.filled[str(column)] = int(number)
            elif fact == "value":
                made.values[str(column)][str(entry)] = int(number)
            elif fact == "refused":
                made.refused[str(entry)] = int(number)
            elif fact == "day":
                made.days[date.fromisoformat(str(entry)[:10])] = int(number)
            elif text is not None and fact == "quantile":
                made.amount, made.quantiles[str(entry)] = str(column), number
            elif text is not None and fact == "median of month":
                made.medians[date.fromisoformat(str(entry)[:10])] = number
        return made

    def empty_share(self, column: str) -> float:
        """Share of rows without a value in a column."""
        return 1 - self.filled.get(column, 0) / self.rows if self.rows else 0.0

    @property
    def refused_share(self) -> float:
        """Share of rows that staging refuses."""
        return sum(self.refused.values()) / self.rows if self.rows else 0.0

    @property
    def rows_per_id(self) -> float:
        """How often an id occurs, on average."""
        return self.rows / self.ids if self.ids else 1.0

    def lists(self) -> dict[str, dict[str, int]]:
        """The columns whose values are a short list."""
        return {column: values for column, values in self.values.items() if len(values) <= 100}

    def months(self) -> dict[date, int]:
        """Month (its first day) -> rows; a month without any between two others is 0."""
        counted = Counter[date]()
        for day, rows in self.days.items():
            counted[day.replace(day=1)] += rows
        if not counted:
            return {}
        month, last, all_months = min(counted), max(counted), {}
        while month <= last:
            all_months[month] = counted[month]
            month = (month + timedelta(days=31)).replace(day=1)
        return all_months

    def last_day(self, until: date | None = None) -> date | None:
        """The latest day with rows, not after `until`."""
        return max((day for day in self.days if until is None or day <= until), default=None)

    def usual_gap(self, until: date | None = None) -> int | None:
        """Days from one day with rows to the next one, of 95% of the gaps in the last two years; None where too few."""
        last = self.last_day(until)
        if last is None:
            return None
        days = sorted(day for day in self.days if last - timedelta(days=730) <= day <= last)
        gaps = sorted((after - before).days for before, after in pairwise(days))
        return gaps[int(0.95 * (len(gaps) - 1))] if len(gaps) >= 10 else None

    def profile(self) -> dict[str, Any]:
        """What the next load is compared with: months instead of days, so that it stays some kilobytes."""
        return {
            "rows": self.rows,
            "key": self.key,
            "ids": self.ids,
            "filled": self.filled,
            "values": self.lists(),
            "refused": self.refused,
            "months": {month.isoformat(): rows for month, rows in self.months().items()},
            "first_day": min(self.days).isoformat() if self.days else None,
            "last_day": max(self.days).isoformat() if self.days else None,
            "holes": [
                *map(date.isoformat, missing_days(self, 0.02)),
                *map(date.isoformat, thin_months(self, 0.3)),
            ],
            "quantiles": self.quantiles,
        }


def months_around(delivery: Delivery) -> dict[date, tuple[int, float]]:
    """Month -> its rows, and the median of the two months before and after; whole months in the middle only."""
    months = list(delivery.months().items())
    found = {}
    for place in range(
        1, len(months) - 2
    ):  # the first may have begun, and the last ended, within the month
        around = [
            rows for _, rows in months[max(place - 2, 0) : place] + months[place + 1 : place + 3]
        ]
        found[months[place][0]] = (months[place][1], float(median(around)))
    return found


def days_around(delivery: Delivery) -> dict[date, tuple[int, float]]:
    """Day -> its rows, and the median of the same weekday in the four weeks before and after."""
    if not delivery.days:
        return {}
    first, last = min(delivery.days), max(delivery.days)
    found, day = {}, first + timedelta(days=1)
    while day < last:
        around = [
            delivery.days.get(day + timedelta(weeks=weeks), 0)
            for weeks in (-4, -3, -2, -1, 1, 2, 3, 4)
            if first <= day + timedelta(weeks=weeks) <= last
        ]
        if around:
            found[day] = (delivery.days.get(day, 0), float(median(around)))
        day += timedelta(days=1)
    return found


def thin_months(delivery: Delivery, share: float) -> list[date]:
    """Months with less than a share of the rows of the months around them."""
    around = months_around(delivery)
    return [
        month for month, (rows, usual) in around.items() if usual >= 20 and rows < share * usual
    ]


def missing_days(delivery: Delivery, share: float) -> list[date]:
    """Days with less than a share of the rows of the same weekdays around them, of which there are always ten or more."""
    around = days_around(delivery)
    return [day for day, (rows, usual) in around.items() if usual >= 10 and rows < share * usual]
