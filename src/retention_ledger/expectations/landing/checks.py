"""What may be expected of any raw table; the modules beside this one say what is expected of which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from retention_ledger.expectations.delivery import Delivery, days_around, months_around
from retention_ledger.expectations.limits import LEAST_ROWS, Limit, Limits
from retention_ledger.expectations.sheet import Sheet


@dataclass
class Landing:
    """A raw table of this load, its profile in the last load (None: there is none), and its sheet."""

    delivery: Delivery
    last: dict[str, Any] | None
    until: date | None  # the as_of_date
    limits: Limits
    sheet: Sheet
    day: str = ""  # the raw column of its day

    def limit(self, name: str) -> Limit:
        """A limit of this table."""
        return self.limits.of(self.delivery.table, name)

    @property
    def is_comparable(self) -> bool:
        """Whether the last load has enough rows to be compared with."""
        return self.last is not None and self.last["rows"] >= LEAST_ROWS


def volume(of: Landing) -> None:
    """Rows, against the last load; and those of each month in the middle, which has been over for long."""
    if not of.is_comparable:
        return
    last = of.last["rows"]
    fact = of.sheet.fact("rows", of.delivery.rows)
    why = f"rows, because the last load had {last:,}"
    of.sheet.at_least(
        fact, "", of.limit("rows_lost"), lambda share: math.ceil(last * (1 - share)),
        observed="{} rows", expected=f"at least {{}} {why}",
    )  # fmt: skip
    of.sheet.at_most(
        fact, "", of.limit("rows_gained"), lambda share: math.floor(last * (1 + share)),
        observed="{} rows", expected=f"at most {{}} {why}",
    )  # fmt: skip
    months = of.delivery.months()
    kept = {
        month[:7]: months[date.fromisoformat(month)] / rows
        for month, rows in of.last["months"].items()
        if rows >= LEAST_ROWS and date.fromisoformat(month) in list(months)[1:-1]
    }
    if kept:
        fact = of.sheet.fact("rows of a month as share of the last load", kept)
        of.sheet.at_least(
            fact, of.day, of.limit("month_rows_lost"), lambda share: 1 - share, unit="share",
            observed="{of} has {} of the rows that it had in the last load", expected="at least {} of them",
        )  # fmt: skip


def holes(of: Landing) -> None:
    """Months and days with hardly any rows between others; those that the last load had too are known."""
    known = set((of.last or {}).get("holes", []))
    months = {
        f"{month:%Y-%m}": rows / usual
        for month, (rows, usual) in months_around(of.delivery).items()
        if usual >= LEAST_ROWS and month.isoformat() not in known
    }
    if months:
        fact = of.sheet.fact("rows of a month as share of the months around", months)
        of.sheet.at_least(
            fact, of.day, of.limit("month_of_neighbours"), lambda share: share, unit="share",
            observed="{of} has {} of the rows of the months around it", expected="at least {} of them",
        )  # fmt: skip
    # The days of a month that is a hole are not said one by one.
    said = {
        month
        for month, share in months.items()
        if share < (of.limit("month_of_neighbours").warn or 0)
    }
    days = {
        day.isoformat(): rows / usual
        for day, (rows, usual) in days_around(of.delivery).items()
        if usual >= 10
        and not {day.isoformat(), f"{day:%Y-%m}-01"} & known
        and f"{day:%Y-%m}" not in said
    }
    if days:
        fact = of.sheet.fact("rows of a day as share of the weekdays around", days)
        of.sheet.at_least(
            fact, of.day, of.limit("day_of_neighbours"), lambda share: share, unit="share",
            observed="{of} has {} of the rows of the same weekdays around it", expected="at least {} of them",
        )  # fmt: skip


def empty_shares(of: Landing, *columns: str) -> None:
    """Rows without a value in a column, against the last load."""
    if not of.is_comparable:
        return
    last = of.last["rows"]
    for column in columns or tuple(of.delivery.filled):
        before = 1 - of.last["filled"].get(column, 0) / last
        if before == 1:  # it cannot rise
            continue
        # Chance alone moves a share by so much: three standard errors of it.
        chance = 3 * math.sqrt(before * (1 - before) / max(of.delivery.rows, 1))
        fact = of.sheet.fact(
            f"{column}: share of rows without a value", of.delivery.empty_share(column)
        )
        of.sheet.at_most(
            fact, column, of.limit("empty_share_rise"),
            lambda rise, before=before, chance=chance: min(before + max(rise, chance), 1), unit="share",
            observed="{} of the rows have no value", expected=f"at most {{}}, because in the last load {before:.1%} had none",
        )  # fmt: skip


def refused(of: Landing) -> None:
    """Rows that staging refuses, against the last load."""
    if of.is_comparable and of.last["rows"]:
        before = sum(of.last["refused"].values()) / of.last["rows"]
        chance = 3 * math.sqrt(before * (1 - before) / max(of.delivery.rows, 1))
        fact = of.sheet.fact("share of rows that cannot be used", of.delivery.refused_share)
        reason = max(of.delivery.refused, key=of.delivery.refused.get, default="")
        of.sheet.at_most(
            fact, "", of.limit("refused_share_rise"), lambda rise: min(before + max(rise, chance), 1), unit="share",
            observed=f"{{}} of the rows cannot be used, most of them for {reason}",
            expected=f"at most {{}}, because in the last load it was {before:.1%}",
        )  # fmt: skip


def repeated_ids(of: Landing) -> None:
    """How often an id occurs, against the last load: a load that was appended twice."""
    if of.is_comparable and of.last["ids"]:
        key, before = of.delivery.key, of.last["rows"] / of.last["ids"]
        fact = of.sheet.fact(f"{key}: rows per value", of.delivery.rows_per_id)
        of.sheet.at_most(
            fact, key, of.limit("rows_per_id_factor"), lambda factor: before * factor, unit="times",
            observed="each value occurs {} times on average",
            expected=f"at most {{}} times, because in the last load it was {before:.2f}",
        )  # fmt: skip


def value_sets(of: Landing) -> None:
    """Values that the last load did not have, and shares of values that have moved, in columns that are short lists."""
    if not of.is_comparable:
        return
    for column, values in of.delivery.lists().items():
        before = of.last["values"].get(column)
        if not before:
            continue
        limit = of.limit("new_values")
        new = [value for value in values if value not in before]
        for severity, most in (("error", limit.error), ("warning", limit.warn)):
            if most is not None and (len(new) > most or severity == "warning"):
                fact = of.sheet.fact(
                    f"{column}: values", {f"{column} {value}": value for value in values}
                )
                some = sorted(before)
                of.sheet.among(
                    fact, column, severity, [*some, *(new if len(new) <= most else [])],
                    observed="the value '{}' is new",
                    expected=f"the values of the last load ({', '.join(some[:6])}{', ...' if len(some) > 6 else ''})",
                )  # fmt: skip
        shares = [
            {name: rows / sum(each.values()) for name, rows in each.items()}
            for each in (values, before)
        ]
        moved = (
            sum(abs(shares[0].get(name, 0) - shares[1].get(name, 0)) for name in {*values, *before})
            / 2
        )
        fact = of.sheet.fact(f"{column}: share of rows that moved to another value", moved)
        of.sheet.at_most(
            fact, column, of.limit("value_share_shift"), lambda share: share, unit="share",
            observed="compared with the last load {} of the rows have moved to another value", expected="at most {}",
        )  # fmt: skip


def freshness(of: Landing) -> None:
    """The latest day with rows: against the as_of_date, in the rhythm of the table, and against the last load."""
    last_day = of.delivery.last_day(of.until)
    gap = of.delivery.usual_gap(of.until)
    if last_day and of.until and gap:
        fact = of.sheet.fact(
            f"{of.day}: days from the latest one to the as_of_date", (of.until - last_day).days
        )
        of.sheet.at_most(
            fact, of.day, of.limit("days_behind"), lambda gaps: gap * gaps,
            observed=f"the latest day is {last_day}, {{}} days before the as_of_date {of.until}",
            expected=f"at most {{}} days, because there is hardly ever more than {gap} {'day' if gap == 1 else 'days'} between two days with rows",
        )  # fmt: skip
    if of.last and of.last["last_day"] and of.delivery.days:
        before, now = date.fromisoformat(of.last["last_day"]), max(of.delivery.days)
        fact = of.sheet.fact(
            f"{of.day}: days that the latest one has gone back", max((before - now).days, 0)
        )
        of.sheet.at_most(
            fact, of.day, of.limit("days_gone_back"), lambda days: days,
            observed=f"the latest day is {now}, {{}} days before that of the last load, {before}", expected="at most {} days",
        )  # fmt: skip


def amounts(of: Landing) -> None:
    """Quartiles against the last load, and the median of each month against the others: pounds delivered as pence."""
    column, quantiles = of.delivery.amount, of.delivery.quantiles
    names = {"25": "lower quartile", "50": "median", "75": "upper quartile"}
    for percent, name in names.items() if of.is_comparable else ():
        before, now = of.last["quantiles"].get(percent, 0), quantiles.get(percent, 0)
        if before > 0 and now > 0:
            fact = of.sheet.fact(f"{column}: {name}", now)
            limit = of.limit("amount_factor")
            for severity, factor in (("error", limit.error), ("warning", limit.warn)):
                if factor:
                    of.sheet.between(
                        fact, column, severity, least=before / factor, most=before * factor, unit="money",
                        observed=f"the {name} is {{}}",
                        expected=f"from {before / factor:,.2f} to {before * factor:,.2f}, because in the last load it was {before:,.2f}",
                    )  # fmt: skip
    months = of.delivery.months()
    medians = {
        month: amount for month, amount in of.delivery.medians.items()
        if amount > 0 and months.get(month, 0) >= LEAST_ROWS
    }  # fmt: skip
    if len(medians) >= 3:
        usual = sorted(medians.values())[len(medians) // 2]
        fact = of.sheet.fact(
            f"{column}: median of a month",
            {f"{month:%Y-%m}": amount for month, amount in sorted(medians.items())},
        )
        limit = of.limit("month_amount_factor")
        for severity, factor in (("error", limit.error), ("warning", limit.warn)):
            if factor:
                of.sheet.between(
                    fact, column, severity, least=usual / factor, most=usual * factor, unit="money",
                    observed="the median of {of} is {}",
                    expected=f"from {usual / factor:,.2f} to {usual * factor:,.2f}, because that of most months is about {usual:,.2f}",
                )  # fmt: skip
