"""What customers cost and what it is worth to keep them, against a brute force over each customer."""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from dbt_project import query, records
from oracle import period_start

WINDOW = timedelta(days=90)
MARGIN = Fraction(6, 10)
LONGEST_LIFE = 10
GRAINS = ("week", "month", "quarter", "year")
SCALE = 10**10


@dataclass
class Won:
    """A customer of one basis: days of activity, and what was earned on them."""

    channel: str
    active: list[tuple[date, date | None]] = field(default_factory=list)  # from, until (not with)
    bookings: list[tuple[date, Decimal]] = field(default_factory=list)
    paid: list[tuple[date, date | None, Decimal]] = field(default_factory=list)  # MRR

    @property
    def won_on(self) -> date:
        """The first active day."""
        return min(since for since, _ in self.active)

    def is_active(self, day: date) -> bool:
        """Whether active on a day."""
        return any(since <= day and (until is None or day < until) for since, until in self.active)

    def earned_through(self, day: date) -> Fraction:
        """Revenue up to and with a day; MRR day by day is 12 / 365 of it a day."""
        total = sum(
            (Fraction(amount) for booked, amount in self.bookings if booked <= day), Fraction(0)
        )
        for since, until, mrr in self.paid:
            last = day if until is None else min(day, until - timedelta(days=1))
            total += Fraction(mrr) * max((last - since).days + 1, 0) * Fraction(12, 365)
        return total


def rounded(value: Fraction | None, places: int = 6) -> Decimal | None:
    """Half away from zero, as the marts keep it."""
    if value is None:
        return None
    step = Decimal(1).scaleb(-places)
    sign = -1 if value < 0 else 1
    whole = (abs(value) * 10**places + Fraction(1, 2)).__floor__()
    return (sign * Decimal(whole) * step).quantize(step, ROUND_HALF_UP)


def over(numerator: Fraction | int, denominator: Fraction | int) -> Fraction | None:
    """A quotient; none over 0."""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


def month_end(day: date, months: int) -> date:
    """Last day of the month that comes so many months after that of a day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def last_day(start: date, grain: str) -> date:
    """Last day of a period."""
    if grain == "week":
        return start + timedelta(days=6)
    return month_end(start, {"month": 0, "quarter": 2, "year": 11}[grain])


@pytest.fixture(scope="module")
def as_of(demo_database: Path) -> date:
    """The last day of the demo."""
    [(day,)] = query(demo_database, "select as_of_date from intermediate.int_as_of_date")
    return day


@pytest.fixture(scope="module")
def won(demo_database: Path, as_of: date) -> dict[str, dict[str, Won]]:
    """Basis -> customer -> what is known; an order keeps its customer for 90 days."""
    channels = dict(
        query(demo_database, "select customer_id, acquisition_channel from marts.customers")
    )
    found: dict[str, dict[str, Won]] = {"orders_window": {}, "subscriptions": {}}
    for customer, day, amount in query(
        demo_database,
        "select customer_id, ordered_on, gross_amount from marts.orders where is_counted",
    ):
        each = found["orders_window"].setdefault(customer, Won(channels[customer]))
        each.active.append((day, day + WINDOW))
        each.bookings.append((day, amount))
    for customer, day, amount in query(
        demo_database,
        """
        select orders.customer_id, refunds.refunded_on, refunds.amount
        from intermediate.int_refunds_resolved as refunds inner join marts.orders using (order_id)
        where refunds.reject_reason is null and orders.is_counted
        """,
    ):
        found["orders_window"][customer].bookings.append((day, -amount))
    for customer, since, until, mrr in query(
        demo_database,
        "select customer_id, started_on, active_until_on, mrr from marts.subscription_periods where is_paid",
    ):
        if since <= as_of:
            each = found["subscriptions"].setdefault(customer, Won(channels[customer]))
            each.active.append((since, until))
            each.paid.append((since, until, mrr))
    return found


@pytest.fixture(scope="module")
def spend(demo_database: Path) -> list[tuple[date, str, Decimal]]:
    """Accepted spend: day, channel, amount in pounds."""
    return query(
        demo_database,
        "select spent_on, acquisition_channel, amount from intermediate.int_marketing_spend",
    )


def expected_of_period(
    customers: list[Won], cost: Fraction, end: date, as_of: date
) -> dict[str, object]:
    """What the mart says of customers won in a complete period: from the definitions."""
    cac = rounded(over(cost, len(customers)))
    if end > as_of or cac is None:
        return dict.fromkeys(("cac", "payback", "status", "observed", "lost_customers", "lost"))
    latest = max(customer.won_on for customer in customers)
    observed, payback = None, None
    month = 0
    while month_end(latest, month) <= as_of:
        earned = sum(
            (each.earned_through(month_end(each.won_on, month)) for each in customers), Fraction(0)
        )
        if payback is None and MARGIN * earned >= cost:
            payback = month
        observed, month = month, month + 1
        # Nothing that comes later changes when it was paid back: go to the end without adding up.
        if payback is not None:
            while month_end(latest, month) <= as_of:
                observed, month = month, month + 1
    left = [each for each in customers if not each.is_active(as_of)]
    missing = [
        Fraction(cac) - max(MARGIN * each.earned_through(as_of), Fraction(0)) for each in left
    ]
    status = (
        "paid_back" if payback is not None else "not_observed" if observed is None else "not_yet"
    )
    return {
        "cac": cac,
        "payback": payback,
        "status": status,
        "observed": observed,
        "lost_customers": sum(each > 0 for each in missing),
        "lost": sum((each for each in missing if each > 0), Fraction(0)),
    }


@pytest.mark.parametrize("basis", ["orders_window", "subscriptions"])
def test_acquisition_cost(
    basis: str,
    demo_database: Path,
    won: dict[str, dict[str, Won]],
    spend: list[tuple[date, str, Decimal]],
    as_of: date,
) -> None:
    rows = records(
        demo_database,
        f"select * from marts.acquisition_cost_by_period where basis = '{basis}'",
    )
    customers: dict[tuple, list[Won]] = defaultdict(list)
    costs: dict[tuple, Fraction] = defaultdict(Fraction)
    for grain in GRAINS:
        for each in won[basis].values():
            start = period_start(each.won_on, grain)
            customers[grain, start, "all"].append(each)
            customers[grain, start, each.channel].append(each)
        for day, channel, amount in spend:
            start = period_start(day, grain)
            costs[grain, start, "all"] += Fraction(amount)
            costs[grain, start, channel] += Fraction(amount)
    seen = set()
    for row in rows:
        key = (row["period_grain"], row["period_start"], row["segment_value"])
        assert key not in seen
        seen.add(key)
        there = customers.get(key, [])
        expected = expected_of_period(
            there, costs[key], last_day(row["period_start"], row["period_grain"]), as_of
        )
        assert row["spend_coverage"] == "complete", key
        assert row["acquired_customers"] == len(there), key
        assert row["acquisition_spend"] == rounded(costs[key], 2), key
        assert (
            row["customer_acquisition_cost"], row["payback_months"], row["payback_status"],
            row["payback_months_observed"], row["unrecovered_customers"],
        ) == (
            expected["cac"], expected["payback"], expected["status"],
            expected["observed"], expected["lost_customers"],
        ), key  # fmt: skip
        if expected["cac"] is None:
            assert row["unrecovered_acquisition_cost"] is None, key
        else:
            # Each customer's margin is kept with ten decimals.
            assert abs(
                Fraction(row["unrecovered_acquisition_cost"]) - expected["lost"]
            ) <= Fraction(51, 10000), key
    assert {key for key in customers if key[0] in GRAINS} <= seen
    assert {key for key, cost in costs.items() if cost} <= seen
    statuses = {row["payback_status"] for row in rows}
    assert statuses == {None, "paid_back", "not_yet"} | ({"not_observed"} & statuses)


@pytest.mark.parametrize("basis", ["orders_window", "subscriptions"])
def test_lifetime_value_beside_it(
    basis: str, demo_database: Path, won: dict[str, dict[str, Won]], as_of: date
) -> None:
    """Revenue of the year for each time that somebody left in it, over the cost."""
    [row] = records(
        demo_database,
        f"""
        select * from marts.acquisition_cost_by_period
        where basis = '{basis}' and segment_value = 'all' and period_start = date '2024-01-01' and period_grain = 'year'
        """,
    )
    first, last = date(2024, 1, 1), date(2024, 12, 31)
    before, revenue, left = first - timedelta(days=1), Fraction(0), 0
    for each in won[basis].values():
        revenue += each.earned_through(last) - each.earned_through(before)
        if basis == "orders_window":  # refunds are not taken off it
            revenue -= sum(
                Fraction(amount)
                for day, amount in each.bookings
                if amount < 0 and first <= day <= last
            )
        days = [first + timedelta(days=n) for n in range(366)]
        active = [each.is_active(day) for day in (before, *days)]
        left += sum(was and not now for was, now in pairwise(active))
    # MRR is kept with ten decimals.
    assert row["lifetime_revenue"] == rounded(revenue / left, 2)
    assert row["lifetime_value"] == rounded(MARGIN * revenue / left, 2)
    expected = (
        MARGIN * revenue * row["acquired_customers"] / (left * Fraction(row["acquisition_spend"]))
    )
    assert abs(row["ltv_to_cac_ratio"] - rounded(expected)) <= Decimal("0.000002")


@pytest.mark.parametrize("basis", ["orders_window", "subscriptions"])
def test_what_retention_is_worth(
    basis: str, demo_database: Path, won: dict[str, dict[str, Won]]
) -> None:
    first, last = date(2024, 1, 1), date(2024, 12, 31)
    before = first - timedelta(days=1)
    customers = won[basis].values()
    opening = [each for each in customers if each.is_active(before)]
    kept = [each for each in opening if each.is_active(last)]
    revenue = sum(
        (each.earned_through(last) - each.earned_through(before) for each in customers), Fraction(0)
    )
    if basis == "subscriptions":
        brought = sum(
            (
                12 * Fraction(mrr)
                for each in kept
                for since, until, mrr in each.paid
                if since <= last and (until is None or last < until)
            ),
            Fraction(0),
        )
    else:
        brought = sum(
            (each.earned_through(last) - each.earned_through(before) for each in kept), Fraction(0)
        )
    rows = {
        row["improvement"]: row
        for row in records(
            demo_database, f"select * from marts.retention_worth where basis = '{basis}'"
        )
    }
    assert set(rows) == {"one_point", "five_points", "five_percent"}
    for improvement, row in rows.items():
        assert (row["period_start"], row["period_end"]) == (first, last)
        assert (row["opening_customers"], row["retained_customers"]) == (len(opening), len(kept))
        rate = Fraction(len(kept), len(opening))
        better = {
            "one_point": rate + Fraction(1, 100),
            "five_points": rate + Fraction(5, 100),
            "five_percent": rate * Fraction(105, 100),
        }[improvement]
        better = min(better, Fraction(1))
        life = min(1 / (1 - rate), Fraction(LONGEST_LIFE))
        longer = (
            min(1 / (1 - better), Fraction(LONGEST_LIFE)) if better < 1 else Fraction(LONGEST_LIFE)
        )
        more = (better - rate) * len(opening)
        each_brings = brought / len(kept)
        expected = {
            "retention_rate": rate,
            "improved_retention_rate": better,
            "revenue": revenue,
            "revenue_per_retained_customer": each_brings,
            "expected_life_years": life,
            "improved_life_years": longer,
            "kept_customers": more,
            "kept_revenue": more * each_brings,
            "kept_profit": more * each_brings * MARGIN,
            "relative_profit_change": more * each_brings / revenue,
            "lifetime_value": each_brings * MARGIN * life,
            "improved_lifetime_value": each_brings * MARGIN * longer,
            "relative_lifetime_value_change": longer / life - 1,
        }
        for column, value in expected.items():
            # Balances of MRR are kept in cents: 12 x half a cent for each of them, over the customers who were kept.
            step = (
                Fraction(1, 100)
                if -row[column].as_tuple().exponent == 2
                else Fraction(1, 1_000_000)
            )
            slack = step if basis == "orders_window" else max(step, abs(value) / 10**5)
            assert abs(Fraction(row[column]) - value) <= slack, (
                improvement,
                column,
                row[column],
                float(value),
            )


def test_the_claim_about_five_percent_does_not_hold_in_the_demo(demo_database: Path) -> None:
    """ "5% more retention, 25 to 95% more profit": neither of a year nor of a whole life, on no basis."""
    shares = query(
        demo_database,
        """
        select relative_profit_change, relative_lifetime_value_change from marts.retention_worth
        where improvement in ('five_percent', 'five_points')
        """,
    )
    assert len(shares) == 6
    assert all(0 < share < Decimal("0.25") for row in shares for share in row)
