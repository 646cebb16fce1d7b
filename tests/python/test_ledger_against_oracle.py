"""The marts against a brute force in plain Python that shares nothing with the SQL."""

import csv
import random
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from dbt_project import ROOT, dbt, query, records
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import ActiveByBasis, Policy, clean_seeds, movements, order_days, retention, segments_of

COUNTS = (
    "opening_customers", "new_customers", "reactivated_customers", "churned_customers",
    "transient_customers", "interrupted_customers", "acquired_customers", "retained_customers",
    "closing_customers", "start_events", "churn_events", "lapsed_opening_customers",
)  # fmt: skip
RATES = (
    "customer_churn_rate", "retention_rate", "gross_churn_rate", "net_churn_rate",
    "event_churn_rate", "win_back_rate",
)  # fmt: skip


def rounded(rate: Fraction | None) -> Decimal | None:
    """A fraction as the marts keep it: six decimals, half away from zero."""
    if rate is None:
        return None
    scaled = abs(rate) * 10**6
    units = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return Decimal(units if rate >= 0 else -units).scaleb(-6)


def in_bases(policy: Policy) -> str:
    """The SQL condition for the rows of the policy's bases."""
    return f"basis in ({', '.join(repr(basis) for basis in policy.status_bases)})"


def mart_movements(database: Path, policy: Policy) -> dict[tuple, tuple]:
    """The ledger as the marts have it, in the oracle's shape."""
    rows = query(
        database,
        f"""
        select basis, period_grain, period_start, customer_id, movement, is_acquired,
            start_events, churn_events, first_event_on, last_event_on
        from marts.customer_movements where {in_bases(policy)}
        """,
    )
    assert len({row[:4] for row in rows}) == len(rows)
    return {row[:4]: row[4:] for row in rows}


def assert_marts_equal_oracle(
    database: Path,
    orders: dict[str, set[date]],
    segments: dict[str, dict[str, str]],
    policy: Policy,
    as_of: date,
    active: ActiveByBasis | None = None,
) -> None:
    """Every movement, count and rate of the policy's bases equals the oracle's, and no row is missing.

    ``active`` holds the active days of the bases that are not made of orders.
    """
    expected_movements = {
        key: (
            row.movement, row.is_acquired, row.start_events, row.churn_events,
            row.first_event_on, row.last_event_on,
        )
        for key, row in movements(orders, policy, as_of, active).items()
    }  # fmt: skip
    assert mart_movements(database, policy) == expected_movements

    expected = retention(orders, segments, policy, as_of, active)
    actual = {
        (
            row["basis"], row["period_grain"], row["period_start"],
            row["segment_dimension"], row["segment_value"],
        ): row
        for row in records(
            database, f"select * from marts.retention_by_period where {in_bases(policy)}"
        )
    }  # fmt: skip
    assert actual.keys() == expected.keys()
    for key, row in expected.items():
        found = actual[key]
        labels = ("period_end", "period_status", "is_latest_complete_period", *COUNTS)
        assert {name: found[name] for name in labels} == {
            name: getattr(row, name) for name in labels
        }, key
        assert {name: found[name] for name in RATES} == {
            name: rounded(getattr(row, name)) for name in RATES
        }, key


def assert_rejected_rows_equal(
    database: Path, rejected: Iterable[tuple[str, str, str]], tables: Collection[str]
) -> None:
    """The rejected rows of some raw tables are the oracle's: how many per key and reason.

    A currency, the key of an exchange rate, is upper-cased in the marts.
    """
    actual = query(
        database,
        "select source_table, coalesce(row_key, ''), reason, count(*) from marts.rejected_rows group by all",
    )
    missing = {"", "null", "NULL", "nan", "NaN", "None", "N/A"}
    expected: Counter[tuple[str, str, str]] = Counter()
    for table, raw_key, reason in rejected:
        key = "" if raw_key.strip() in missing else raw_key.strip()
        expected[table, key.upper() if table == "exchange_rates" else key, reason] += 1
    assert {tuple(row[:3]): row[3] for row in actual if row[0] in tables} == expected


def test_the_demo_is_cleaned_as_the_oracle_cleans_it(demo_database: Path) -> None:
    cleaned = clean_seeds(ROOT / "seeds")
    orders = query(
        demo_database,
        "select order_id, customer_id, ordered_at, gross_amount, status, is_counted from marts.orders",
    )
    assert sorted(orders) == sorted(
        (o.order_id, o.customer_id, o.ordered_at, o.amount, o.status, o.is_counted)
        for o in cleaned.orders.values()
    )
    refunded: Counter[str] = Counter()
    for refund in cleaned.refunds.values():
        refunded[refund.order_id] += refund.amount
    assert {
        order_id: amount
        for order_id, amount in query(
            demo_database, "select order_id, refunded_amount from marts.orders"
        )
        if amount
    } == {order_id: amount for order_id, amount in refunded.items() if amount}
    assert_rejected_rows_equal(demo_database, cleaned.rejected, ("customers", "orders", "refunds"))


def test_the_demo_equals_the_oracle(demo_database: Path) -> None:
    cleaned = clean_seeds(ROOT / "seeds")
    assert_marts_equal_oracle(
        demo_database, order_days(cleaned), segments_of(cleaned), Policy(), cleaned.as_of
    )


@dataclass(frozen=True)
class Scenario:
    """Random orders and a policy; made from a seed, so that Hypothesis can repeat and shrink it."""

    seed: int
    inactivity_days: int
    customers: int
    as_of_offset: int | None

    def orders(self) -> list[tuple[str, str, datetime, str]]:
        """(order id, customer id, time, status), with gaps that crowd around the boundaries."""
        rng = random.Random(self.seed)
        window = self.inactivity_days
        first = date(2023, 1, 1) + timedelta(days=rng.randrange(400))
        rows = []
        for customer in range(self.customers):
            day = first + timedelta(days=rng.randrange(500))
            for _ in range(1 + int(rng.expovariate(0.3))):
                time = datetime(day.year, day.month, day.day, rng.randrange(24), rng.randrange(60))
                status = "cancelled" if rng.random() < 0.1 else "completed"
                rows.append((f"o{len(rows)}", f"c{customer}", time, status))
                gap = rng.choice(
                    [
                        0,
                        1,
                        window - 1,
                        window,
                        window + 1,
                        28,
                        29,
                        30,
                        31,
                        59,
                        61,
                        62,
                        rng.randrange(200),
                    ]
                )
                day += timedelta(days=gap)
        return rows

    def settings(self, folder: Path) -> dict[str, Any]:
        """The vars of the scenario's own files."""
        last = max(row[2].date() for row in self.orders())
        return {
            "raw_files": str(folder / "{name}.csv"),
            "raw_tables": ["customers", "orders"],
            "raw_columns": {
                "orders": {"amount": "1", "updated_at": "null"},
                "customers": {
                    "email": "null", "signed_up_at": "null", "acquisition_channel": "null",
                    "customer_segment": "null",
                },
            },
            "segment_dimensions": ["country"],
            "inactivity_days": self.inactivity_days,
            "max_days_without_orders": 36600,
            "as_of_date": None
            if self.as_of_offset is None
            else str(last + timedelta(days=self.as_of_offset)),
        }  # fmt: skip

    def write(self, folder: Path) -> None:
        """Writes the scenario's files."""
        with (folder / "orders.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["order_id", "customer_id", "ordered_at", "status"])
            writer.writerows(self.orders())
        with (folder / "customers.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["customer_id", "country"])
            writer.writerows([f"c{n}", country] for n, country in enumerate(self.countries()))

    def countries(self) -> list[str]:
        """Country per customer; blank for some."""
        rng = random.Random(self.seed + 1)
        return [rng.choice(["GB", "DE", ""]) for _ in range(self.customers)]


scenarios = st.builds(
    Scenario,
    seed=st.integers(0, 2**32),
    inactivity_days=st.one_of(st.integers(1, 400), st.sampled_from([1, 7, 30, 31, 90, 365, 400])),
    customers=st.integers(1, 120),
    as_of_offset=st.one_of(st.none(), st.integers(-200, 100)),
)


@settings(
    max_examples=8,
    phases=[Phase.generate],  # a smaller example would cost a build for every try
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(scenario=scenarios)
def test_random_data_equals_the_oracle(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = scenario.orders()
    last = max(row[2].date() for row in rows)
    # By default the data reach to the last order that counts.
    as_of = (
        max(time.date() for _, _, time, status in rows if status == "completed")
        if scenario.as_of_offset is None
        else last + timedelta(days=scenario.as_of_offset)
    )
    days: dict[str, set[date]] = {}
    for _, customer, time, status in rows:
        if status == "completed" and time.date() <= as_of:
            days.setdefault(customer, set()).add(time.date())
    folder = tmp_path_factory.mktemp("random")
    scenario.write(folder)
    run = dbt(
        "run", "--select", "+retention_by_period",
        database=folder / "built.duckdb", settings=scenario.settings(folder),
    )  # fmt: skip
    assert run.ok, run.text
    segments = {
        f"c{n}": {"country": country or None} for n, country in enumerate(scenario.countries())
    }
    assert_marts_equal_oracle(
        folder / "built.duckdb",
        days,
        segments,
        Policy(inactivity_days=scenario.inactivity_days),
        as_of,
    )
