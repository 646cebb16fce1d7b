"""The value marts against a brute force over the orders of each customer."""

import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, floor
from pathlib import Path

import oracle
import pytest
from dbt_project import dbt, query, records
from oracle import Policy, active_days, periods

ATTRIBUTES = ("country", "acquisition_channel", "customer_segment")


@dataclass
class Customer:
    """Counted orders (day, order id, gross) in order, and refunds (day, amount)."""

    segments: dict[str, str]
    orders: list[tuple[date, str, Decimal]] = field(default_factory=list)
    refunds: list[tuple[date, Decimal]] = field(default_factory=list)

    @cached_property
    def days(self) -> list[date]:
        """Days of the orders, one entry per order. Asked for when all orders are there."""
        return [day for day, _, _ in self.orders]

    def net(self, first: date, last: date) -> Decimal:
        """Orders less refunds booked from one day to another."""
        gross = sum((amount for day, _, amount in self.orders if first <= day <= last), Decimal(0))
        return gross - sum(
            (amount for day, amount in self.refunds if first <= day <= last), Decimal(0)
        )


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> Decimal | None:
    """A rate as the marts keep it."""
    if not denominator:
        return None
    exact = Decimal(numerator) / Decimal(denominator)
    return exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def customers(demo_database: Path) -> dict[str, Customer]:
    """The customers of the demo who have a counted order."""
    return customers_of(demo_database)


def customers_of(database: Path) -> dict[str, Customer]:
    """The customers of a database who have a counted order."""
    found = {
        row["customer_id"]: Customer({name: row[name] for name in ATTRIBUTES})
        for row in records(database, "select * from marts.customers")
    }
    for customer, day, order, amount in query(
        database,
        "select customer_id, ordered_on, order_id, gross_amount from marts.orders where is_counted order by ordered_at, order_id",
    ):
        found[customer].orders.append((day, order, amount))
    for customer, day, amount in query(
        database,
        """
        select orders.customer_id, refunds.refunded_on, refunds.amount
        from intermediate.int_refunds_resolved as refunds inner join marts.orders using (order_id)
        where refunds.reject_reason is null and orders.is_counted
        """,
    ):
        found[customer].refunds.append((day, amount))
    return {name: customer for name, customer in found.items() if customer.orders}


@pytest.fixture(scope="module")
def as_of(demo_database: Path) -> date:
    """The last day of the demo."""
    [(day,)] = query(demo_database, "select as_of_date from intermediate.int_as_of_date")
    return day


def slices(customers: dict[str, Customer]) -> dict[tuple[str, str], list[Customer]]:
    """(dimension, value) -> customers."""
    grouped: dict[tuple[str, str], list[Customer]] = {("all", "all"): list(customers.values())}
    for customer in customers.values():
        for name in ATTRIBUTES:
            grouped.setdefault((name, customer.segments[name]), []).append(customer)
    return grouped


def differences(
    actual: dict[tuple, tuple], expected: dict[tuple, tuple], limit: int = 5
) -> list[tuple]:
    """The first keys at which two tables differ, with both rows."""
    keys = sorted(actual.keys() | expected.keys(), key=str)
    return [
        (key, actual.get(key), expected.get(key))
        for key in keys
        if actual.get(key) != expected.get(key)
    ][:limit]


def month_of(day: date) -> date:
    """First day of the month."""
    return oracle.period_start(day, "month")


@pytest.mark.parametrize("basis", ["orders_window", "orders_calendar"])
def test_cohort_retention(
    basis: str, demo_database: Path, customers: dict[str, Customer], as_of: date
) -> None:
    assert_cohort_retention_equals(basis, demo_database, customers, as_of)


def assert_cohort_retention_equals(
    basis: str, database: Path, customers: dict[str, Customer], as_of: date
) -> None:
    """Every cell of every cohort and slice."""
    active = {
        id(customer): active_days(set(customer.days), basis, Policy(), as_of)
        for customer in customers.values()
    }
    first = min(customer.days[0] for customer in customers.values())
    months = periods(first, as_of, "month")
    expected: dict[tuple, tuple] = {}
    for (dimension, value), members in slices(customers).items():
        cohorts: dict[date, list[Customer]] = defaultdict(list)
        for customer in members:
            cohorts[month_of(customer.days[0])].append(customer)
        for cohort_month, cohort in cohorts.items():
            following = [month for month in months if month[0] >= cohort_month]
            first_revenue = sum(c.net(*following[0]) for c in cohort)
            for months_since, (start, end) in enumerate(following):
                key = (dimension, value, cohort_month, months_since)
                if end > as_of:
                    expected[key] = (len(cohort), *[None] * 8)
                    continue
                ordering = sum(any(start <= day <= end for day in c.days) for c in cohort)
                later = sum(any(day >= start for day in c.days) for c in cohort)
                on_last_day = sum(end in active[id(c)] for c in cohort)
                revenue = sum(c.net(start, end) for c in cohort)
                cumulative = sum(c.net(first, end) for c in cohort)
                expected[key] = (
                    len(cohort), on_last_day, ordering, later, revenue, cumulative,
                    ratio(ordering, len(cohort)), ratio(later, len(cohort)),
                    ratio(revenue, first_revenue),
                )  # fmt: skip
    actual = {
        tuple(row[:4]): tuple(row[4:])
        for row in query(
            database,
            f"""
            select segment_dimension, segment_value, cohort_month, months_since, cohort_size,
                active_customers, ordering_customers, ordering_or_later_customers, net_revenue,
                cumulative_net_revenue, ordering_rate, ordering_or_later_rate, revenue_retention_rate
            from marts.cohort_retention where basis = '{basis}'
            """,
        )
    }
    assert len(expected) > 10_000
    assert differences(actual, expected) == []


def purchase_keys(unit: str) -> Callable[[Customer], list[date]]:
    """The purchases of a customer as days: one per order, or one per day."""
    if unit == "order":
        return lambda customer: customer.days
    return lambda customer: sorted(set(customer.days))


def expected_purchases(
    customers: dict[str, Customer], as_of: date, unit: str
) -> dict[tuple, tuple]:
    """repeat_purchase_by_period by brute force: counts and money per grain, period and slice.

    Each customer is looked at once per period, and added to every slice the customer is in.
    """
    purchases_of = {name: purchase_keys(unit)(customer) for name, customer in customers.items()}
    first = min(customer.days[0] for customer in customers.values())
    all_slices = list(slices(customers))
    expected = {}
    for grain in ("week", "month", "quarter", "year"):
        for start, end in periods(first, as_of, grain):
            sums = {pair: [0, 0, 0, 0, 0, 0, 0, Decimal(0)] for pair in all_slices}
            for name, customer in customers.items():
                to_date = [day for day in purchases_of[name] if day <= end]
                if not to_date:
                    continue
                inside = [day for day in to_date if start <= day]
                counted = (
                    len(inside) > 0,
                    start <= to_date[0],
                    len(inside) > 1,
                    True,
                    len(to_date) > 1,
                    len(inside),
                    sum(start <= day <= end for day in customer.days),
                    customer.net(start, end),
                )
                for pair in (
                    ("all", "all"),
                    *((name, customer.segments[name]) for name in ATTRIBUTES),
                ):
                    sums[pair] = [
                        left + right for left, right in zip(sums[pair], counted, strict=True)
                    ]
            expected.update({(grain, start, *pair): tuple(row) for pair, row in sums.items()})
    return expected


REPEAT_PURCHASES = """
    select period_grain, period_start, segment_dimension, segment_value, purchasers,
        first_time_purchasers, in_period_repeat_purchasers, customers_to_date,
        repeat_customers_to_date, purchases, orders, net_revenue
    from marts.repeat_purchase_by_period
"""


def test_repeat_purchase_by_period(
    demo_database: Path, customers: dict[str, Customer], as_of: date
) -> None:
    actual = {tuple(row[:4]): tuple(row[4:]) for row in query(demo_database, REPEAT_PURCHASES)}
    assert differences(actual, expected_purchases(customers, as_of, "order")) == []


def test_repeat_purchase_by_period_in_purchase_days(
    demo_database: Path, customers: dict[str, Customer], as_of: date, tmp_path: Path
) -> None:
    database = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    settings = {"repeat_purchase_unit": "purchase_day"}
    run = dbt("run", "--select", "marts.purchases", database=database, settings=settings)
    assert run.ok, run.text
    actual = {tuple(row[:4]): tuple(row[4:]) for row in query(database, REPEAT_PURCHASES)}
    assert differences(actual, expected_purchases(customers, as_of, "purchase_day")) == []
    assert gaps_of(database) == expected_gaps(customers, "purchase_day", {"all", *ATTRIBUTES})


def gaps_of(database: Path) -> dict[tuple, tuple]:
    """time_between_purchases as (dimension, value) -> quantiles."""
    return {
        tuple(row[:2]): tuple(row[2:])
        for row in query(
            database,
            "select segment_dimension, segment_value, gaps, lower_quartile_days, median_days, upper_quartile_days from marts.time_between_purchases",
        )
    }


def expected_gaps(
    customers: dict[str, Customer], unit: str, dimensions: set[str]
) -> dict[tuple, tuple]:
    """The quantiles from the sorted list of all gaps."""
    purchases_of = purchase_keys(unit)
    expected = {}
    for (dimension, value), members in slices(customers).items():
        gaps = sorted(
            (later - earlier).days for c in members for earlier, later in pairwise(purchases_of(c))
        )
        if gaps and dimension in dimensions:
            expected[(dimension, value)] = (
                len(gaps),
                *(gaps[ceil(share * len(gaps) / 4) - 1] for share in (1, 2, 3)),
            )
    return expected


def test_time_between_purchases(demo_database: Path, customers: dict[str, Customer]) -> None:
    assert gaps_of(demo_database) == expected_gaps(customers, "order", {"all", *ATTRIBUTES})


def test_repeat_purchase_by_cohort(
    demo_database: Path, customers: dict[str, Customer], as_of: date
) -> None:
    expected = {}
    for (dimension, value), members in slices(customers).items():
        for cohort_month in {month_of(c.days[0]) for c in members}:
            cohort = [c for c in members if month_of(c.days[0]) == cohort_month]
            for window in (30, 60, 90, 180, 365):
                seen = [c for c in cohort if c.days[0] + timedelta(window) <= as_of]
                again = [
                    c for c in seen if len(c.days) > 1 and (c.days[1] - c.days[0]).days <= window
                ]
                expected[(dimension, value, cohort_month, window)] = (
                    len(cohort), len(seen), len(again), ratio(len(again), len(seen)),
                )  # fmt: skip
    actual = {
        tuple(row[:4]): tuple(row[4:])
        for row in query(
            demo_database,
            """
            select segment_dimension, segment_value, cohort_month, window_days, cohort_size,
                observed_customers, repeat_customers, window_repeat_rate
            from marts.repeat_purchase_by_cohort
            """,
        )
    }
    assert differences(actual, expected) == []


def test_realised_and_textbook_lifetime_value(
    demo_database: Path, customers: dict[str, Customer], as_of: date
) -> None:
    """Days on which customers are active, for each time that one stops, counted day by day."""
    active = {
        name: active_days(set(c.days), "orders_window", Policy(), as_of)
        for name, c in customers.items()
    }
    year = [as_of - timedelta(n) for n in range(365)]
    days_active = sum(day in days for days in active.values() for day in year)
    churn_events = sum(
        day - timedelta(1) in days and day not in days for days in active.values() for day in year
    )
    life = Fraction(days_active, churn_events)
    rows = {
        row["customer_id"]: row
        for row in records(demo_database, "select * from marts.customer_lifetime_value")
    }
    for name, customer in customers.items():
        row = rows[name]
        gross = sum(amount for _, _, amount in customer.orders)
        net = customer.net(date.min, date.max)
        kept_active = {day + timedelta(n) for day in customer.days for n in range(90)}
        worth = Fraction(gross) * life / len(kept_active)
        assert row["lifetime_net_revenue"] == net
        assert row["lifetime_margin"] == (net * Decimal("0.6")).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
        assert row["average_order_value"] == ratio(gross, len(customer.orders))
        assert row["lifespan_years"] == ratio(days_active, 365 * churn_events)
        assert row["active_days"] == len(kept_active)
        assert row["purchase_frequency"] == ratio(365 * len(customer.orders), len(kept_active))
        assert row["textbook_lifetime_value"] == Decimal(floor(worth * 100 + Fraction(1, 2))) / 100
    assert sum(row["lifetime_orders"] == 0 for row in rows.values()) == len(rows) - len(customers)


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_the_lifetime_value_of_a_year_is_the_same_at_every_grain(
    demo_database: Path, customers: dict[str, Customer], as_of: date, grain: str
) -> None:
    """2024: what was spent, for each time that somebody lapsed."""
    year = [date(2024, 1, 1) + timedelta(n) for n in range(366)]
    active = [
        active_days(set(c.days), "orders_window", Policy(), as_of) for c in customers.values()
    ]
    lapses = sum(day - timedelta(1) in days and day not in days for days in active for day in year)
    spent = sum(
        amount for c in customers.values() for day, _, amount in c.orders if day.year == 2024
    )
    ((revenue, churn_events, value),) = query(
        demo_database,
        f"""
        select sum(gross_revenue), sum(churn_events), max(period_lifetime_value)
        from marts.lifetime_value_by_period
        where period_grain = '{grain}' and segment_dimension = 'all' and year(period_start) = 2024
        """,
    )
    assert (revenue, churn_events) == (spent, lapses)
    assert ratio(revenue, churn_events).quantize(Decimal("0.01")) == Decimal("1134.05")
    assert grain != "year" or value == ratio(spent, lapses)
