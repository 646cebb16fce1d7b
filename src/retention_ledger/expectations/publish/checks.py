"""What may be expected of any mart; the modules beside this one say what is expected of which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import exp, log
from statistics import median

from retention_ledger.expectations.limits import LEAST_CHANGES, Limits
from retention_ledger.expectations.sheet import Sheet

#: Changes below these are noise, whatever the history of the figure: of a share, and of the logarithm of an amount.
LEAST_CHANGE_OF_SHARE, LEAST_CHANGE_OF_LOGARITHM = 0.01, 0.05


@dataclass(frozen=True)
class Period:
    """A figure of one period in total. `value` is None where there is none, `is_due` says whether there should be."""

    basis: str
    grain: str
    start: date
    end: date
    is_complete: bool
    value: float | None
    is_due: bool

    @property
    def name(self) -> str:
        """The series and the day on which the period starts."""
        return f"{self.series} of {self.start}"

    @property
    def series(self) -> str:
        """What the period is one of."""
        return f"{'' if self.basis == 'all' else self.basis + ', '}{self.grain}"


@dataclass
class Mart:
    """A mart as it is about to be read: rows, ranges (column -> least, most), and figures by period."""

    rows: int
    least: dict[str, float | None]
    most: dict[str, float | None]
    figures: dict[str, list[Period]]
    limits: Limits
    sheet: Sheet

    @classmethod
    def of_facts(cls, name: str, facts: dict, columns: list[str], limits: Limits) -> Mart:
        """From the rows of macros/expectations/published.sql."""
        made = cls(0, {}, {}, {column: [] for column in columns}, limits, Sheet(name))
        for fact, column, _, text in facts["ranges"]:
            number = None if text is None else float(text)
            if fact == "rows":
                made.rows = int(number or 0)
            else:
                (made.least if fact == "least" else made.most)[column] = number
        for basis, grain, start, end, is_complete, *values in facts["series"]:
            for place, column in enumerate(columns):
                text, is_due = values[2 * place : 2 * place + 2]
                made.figures[column].append(
                    Period(
                        basis,
                        grain,
                        date.fromisoformat(start[:10]),
                        date.fromisoformat(end[:10]),
                        is_complete == "yes",
                        None if text is None else float(text),
                        is_due == "yes",
                    )
                )
        return made


def ranges(of: Mart, bounds: dict[str, tuple[float | None, float | None]]) -> None:
    """Columns between bounds, in every row and segment."""
    for column, (least, most) in bounds.items():
        reads = "share" if most == 1 else "times"
        within = f"from {least:g} to {most:g}" if least is not None and most is not None else (
            f"{least:g} or more" if most is None else f"{most:g} or less"
        )  # fmt: skip
        for name, found in (("least", of.least.get(column)), ("most", of.most.get(column))):
            bound = least if name == "least" else most
            if found is not None and bound is not None:
                of.sheet.between(
                    of.sheet.fact(f"{column}: {name} of all rows", found), column, "error", unit=reads,
                    observed=f"the {'smallest' if name == 'least' else 'largest'} value is {{}}", expected=f"{within} in every row",
                    **({"least": least} if name == "least" else {"most": most}),
                )  # fmt: skip


def filled(of: Mart, *columns: str) -> None:
    """A figure in every complete period that has what it is made of."""
    for column in columns:
        due = {
            period.name: float(period.value is None)
            for period in of.figures[column]
            if period.is_complete and period.is_due
        }
        if due:
            of.sheet.between(
                of.sheet.fact(f"{column}: is missing", due), column, "error", most=0,
                observed="the {of} is complete and has none", expected="a value in every complete period",
            )  # fmt: skip


def without_holes(of: Mart) -> None:
    """Each period begins on the day after the one before it."""
    found: dict[str, float] = {}
    for periods in by_series(next(iter(of.figures.values()), [])).values():
        for before, after in pairwise(periods):
            found[f"the {before.name}"] = (after.start - before.end).days
    if found:
        of.sheet.between(
            of.sheet.fact("period_start: days from the end of the period before", found), "period_start", "error",
            least=1, most=1, observed="after {of} the next one begins {} days after its end",
            expected="a row for every period between the first and the last",
        )  # fmt: skip


def drift(of: Mart, units: dict[str, str]) -> None:
    """The latest complete period of each figure, next to how it has changed before.

    From one period to the next a figure changes by some typical amount: the median of its changes, give or take
    their median absolute deviation. Amounts and counts change by a factor, so their logarithms are looked at.
    Robust on purpose: the one bad month in the history must not hide the next one. The change that the same
    period had a year ago is as good as a typical one: December is no drift.
    """
    threshold = of.limits.of(of.sheet.table, "drift")
    for column, unit in units.items():
        for name, periods in by_series(of.figures[column]).items():
            values = [
                period for period in periods if period.is_complete and period.value is not None
            ]
            band = usual_range(values, unit, LEAST_CHANGES)
            if band is None:
                continue
            last = values[-1]
            for severity, deviations in (("error", threshold.error), ("warning", threshold.warn)):
                if deviations is not None:
                    least, most = band(deviations)
                    read = {"share": "{:.1%}", "money": "{:,.2f}", "number": "{:,.0f}"}[unit]
                    of.sheet.between(
                        of.sheet.fact(f"{column}: latest {name}", last.value), column, severity, least=least, most=most, unit=unit,
                        observed=f"the {last.name} has {{}}",
                        expected=f"from {read.format(least)} to {read.format(most)}, because the one before had "
                        f"{read.format(values[-2].value)} and this is how it has changed in {len(values) - 2} periods before",
                    )  # fmt: skip


def usual_range(values: list[Period], unit: str, least_changes: int):
    """Function of a number of deviations to (least, most) for the last value; None where the history is too short."""
    is_share = unit == "share"
    values = values if is_share else [period for period in values if (period.value or 0) > 0]
    if len(values) < least_changes + 2:
        return None
    scale = [period.value if is_share else log(period.value) for period in values]
    changes = [after - before for before, after in pairwise(scale)]
    before = changes[:-1]
    usual = median(before)
    deviation = max(
        median(abs(change - usual) for change in before),
        LEAST_CHANGE_OF_SHARE if is_share else LEAST_CHANGE_OF_LOGARITHM,
    )
    year_ago = [
        change for change, period in zip(before, values[1:-1], strict=True)
        if abs((values[-1].start - period.start) - timedelta(days=365)) <= timedelta(days=8)
    ]  # fmt: skip

    def bounds(deviations: float) -> tuple[float, float]:
        least = scale[-2] + min([usual, *year_ago]) - deviations * deviation
        most = scale[-2] + max([usual, *year_ago]) + deviations * deviation
        return (max(least, 0), most) if is_share else (exp(least), exp(most))

    return bounds


def by_series(periods: Iterable[Period]) -> dict[str, list[Period]]:
    """Periods by basis and grain, in order."""
    found = defaultdict(list)
    for period in sorted(periods, key=lambda period: period.start):
        found[period.series].append(period)
    return dict(found)
