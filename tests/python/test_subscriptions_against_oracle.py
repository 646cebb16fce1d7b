"""The marts of the basis `subscriptions` against the second part of the oracle, row by row."""

import csv
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import oracle
import oracle_subscriptions as subs
import pytest
from dbt_project import ROOT, dbt, query, records
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import ONE_DAY, UNKNOWN, Policy, RawRow
from oracle_subscriptions import BASIS, SubscriptionPolicy, SubscriptionRow
from test_ledger_against_oracle import (
    assert_marts_equal_oracle,
    assert_rejected_rows_equal,
    rounded,
)
from test_value_against_oracle import differences

ATTRIBUTES = ("country", "acquisition_channel", "customer_segment")
MRR_RATES = (
    "grr", "nrr", "mrr_churn_rate", "net_mrr_churn_rate", "quick_ratio", "arpa",
    "subscription_lifetime_value", "trailing_grr", "trailing_nrr", "trailing_logo_churn_rate",
)  # fmt: skip
#: What mrr_by_period calls the oracle's columns; the others have the same name.
MRR_NAMES = {
    "reactivation_customers": "reactivated_customers",
    "expansion_customers": "expanded_customers",
    "contraction_customers": "contracted_customers",
    "churn_customers": "churned_customers",
}
MADE_OF_ORDERS = (
    "ordering_customers", "ordering_or_later_customers", "first_month_net_revenue", "net_revenue",
    "cumulative_net_revenue", "ordering_rate", "ordering_or_later_rate", "revenue_retention_rate",
    "cumulative_revenue_per_customer",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A database, and what the oracle makes of the same raw data.

    ``segments`` has the dimensions that balances are split by, ``customers`` everybody who has a
    row in the mart of that name.
    """

    database: Path
    cleaned: subs.CleanedSubscriptions
    customers: Collection[str]
    segments: Mapping[str, Mapping[str, str | None]]
    policy: SubscriptionPolicy
    as_of: date

    @property
    def rows(self) -> list[SubscriptionRow]:
        """The accepted rows."""
        return self.cleaned.rows

    @cached_property
    def active(self) -> dict[str, set[date]]:
        """The active days of everybody who ever was."""
        return subs.active_by_customer(self.rows, self.policy.grace_days, self.as_of)

    @cached_property
    def daily(self) -> dict[str, subs.CustomerMrr]:
        """The MRR of every day."""
        return subs.daily_mrr(self.rows, self.policy.grace_days, self.as_of)

    @property
    def horizon(self) -> date:
        """A day on which only what never ends is still active."""
        days = [day for row in self.rows for day in (row.started_on, row.ended_on) if day]
        return max([self.as_of, *days]) + timedelta(days=self.policy.grace_days + 2)

    def attributes(self, customer: str) -> dict[str, str]:
        """The columns by which a customer's rows can be sliced."""
        values = self.segments.get(customer, {})
        return {name: values.get(name) or UNKNOWN for name in ATTRIBUTES}


def keyed(
    database: Path, mart: str, keys: Sequence[str], where: str = "true"
) -> dict[tuple, dict[str, Any]]:
    """The rows of a mart: key -> the other columns."""
    found = {}
    for row in records(database, f"select * from marts.{mart} where {where}"):
        key = tuple(row.pop(name) for name in keys)
        assert key not in found, key
        del row["policy_version"]
        found[key] = row
    return found


def assert_equal(
    actual: dict[tuple, dict[str, Any]], expected: dict[tuple, dict[str, Any]]
) -> None:
    """The same rows with the same values in the columns that are expected."""
    assert bool(actual) == bool(expected)
    if expected:
        names = next(iter(expected.values())).keys()
        assert all(names <= row.keys() for row in actual.values())
        actual = {key: {name: row[name] for name in names} for key, row in actual.items()}
    assert differences(actual, expected) == []


def assert_all_columns_expected(
    actual: dict[tuple, dict[str, Any]], expected: dict[tuple, dict[str, Any]]
) -> None:
    """The mart has no column, besides its key, that the oracle says nothing about."""
    for row, other in zip(actual.values(), expected.values(), strict=False):
        assert row.keys() == other.keys()


def assert_cleaning_equals(case: Case) -> None:
    """Accepted and rejected rows."""
    starts = {(row.subscription_id, row.started_on) for row in case.rows}
    expected = {
        (row.subscription_id, row.started_on): {
            "customer_id": row.customer_id,
            "plan": row.plan,
            "currency": row.currency,
            "cancel_reason": row.cancel_reason,
            "mrr": row.mrr,
            "is_paid": row.is_paid,
            "is_active": row.is_paid,
            "is_renewed": (row.subscription_id, row.ended_on) in starts,
            "ended_on": row.ended_on,
            "cancel_requested_on": row.cancel_requested_on,
        }
        for row in case.rows
    }
    assert_equal(
        keyed(case.database, "subscription_periods", ["subscription_id", "started_on"]), expected
    )
    assert_rejected_rows_equal(
        case.database, case.cleaned.rejected, ("subscriptions", "exchange_rates")
    )


def assert_paid_until_equals(case: Case) -> None:
    """Until when a period counts, and until when its customer has paid."""
    end = case.horizon
    rows_of = subs.rows_by_customer(case.rows)
    paid = {customer: subs.paid_days(rows, end) for customer, rows in rows_of.items()}
    active = subs.active_by_customer(case.rows, case.policy.grace_days, end)
    expected = {}
    for row in case.rows:
        paid_until = active_until = None
        if row.is_paid:
            ends = dict(subs.spells(paid[row.customer_id], end))
            paid_until = ends[max(day for day in ends if day <= row.started_on)]
            active_until = row.ended_on
            if row.ended_on is not None and row.ended_on == paid_until:
                while (
                    active_until in active[row.customer_id]
                    and active_until not in paid[row.customer_id]
                ):
                    active_until += ONE_DAY
        expected[row.subscription_id, row.started_on] = {
            "active_until_on": active_until,
            "customer_paid_until_on": paid_until,
        }
    assert_equal(
        keyed(case.database, "subscription_periods", ["subscription_id", "started_on"]), expected
    )


def assert_status_equals(case: Case) -> None:
    """The ledger, its balances and rates."""
    assert_marts_equal_oracle(
        case.database,
        {},
        case.segments,
        Policy(period_grains=case.policy.period_grains, status_bases=(BASIS,)),
        case.as_of,
        {BASIS: case.active},
    )


def assert_mrr_movements_equal(case: Case) -> None:
    """The movements of MRR, and the plans between which it moves."""
    daily = case.daily
    movements = subs.mrr_movements(daily, case.policy, case.as_of)
    expected = {}
    for (grain, start, customer), row in movements.items():
        last = min(oracle.period_end(start, grain), case.as_of)
        changed = [
            day
            for day in oracle.days_between(start, last)
            if any(
                daily[customer].of_plan_on(plan, day)
                != daily[customer].of_plan_on(plan, day - ONE_DAY)
                for plan in daily[customer].plans
            )
        ]
        expected[grain, start, customer] = {
            "movement": row.movement,
            "plan": row.plan,
            "opening_mrr": row.opening_mrr,
            "closing_mrr": row.closing_mrr,
            "mrr_change": row.closing_mrr - row.opening_mrr,
            "first_change_on": changed[0],
            "last_change_on": changed[-1],
        }
    key = ["period_grain", "period_start", "customer_id"]
    assert_equal(keyed(case.database, "mrr_movements", key), expected)

    expected = {}
    for (grain, start, customer, plan), row in subs.plan_movements(
        daily, case.policy, case.as_of
    ).items():
        of_customer = movements.get((grain, start, customer))
        expected[grain, start, customer, plan] = {
            "movement": "transfer" if of_customer is None else of_customer.movement,
            "opening_mrr": row.opening_mrr,
            "closing_mrr": row.closing_mrr,
            "posted_mrr": row.posted_mrr,
            "transferred_mrr": row.transferred_mrr,
        }
    assert_equal(keyed(case.database, "mrr_plan_changes", [*key, "plan"]), expected)


def assert_mrr_by_period_equals(case: Case) -> None:
    """Every count, amount and rate of every period and slice, those by plan too."""
    expected = {}
    churned = subs.churned_customers(
        BASIS, case.active, {}, {}, case.rows, case.segments, case.policy, case.as_of
    )
    churn_types = {key[1:]: row.churn_type for key, row in churned.items()}
    found = subs.mrr_by_period(case.daily, case.segments, case.policy, case.as_of, churn_types)
    for key, row in found.items():
        values = {field.name: getattr(row, field.name) for field in fields(row)}
        expected[key] = {
            MRR_NAMES.get(name, name): rounded(value) if name in MRR_RATES else value
            for name, value in values.items()
        }
    key = ["period_grain", "period_start", "segment_dimension", "segment_value"]
    actual = keyed(case.database, "mrr_by_period", key)
    assert_all_columns_expected(actual, expected)
    assert_equal(actual, expected)


def rounded_values(row: Any) -> dict[str, Any]:
    """The columns of a row of the oracle as a mart has them."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {
        name: rounded(value) if isinstance(value, Fraction) else value
        for name, value in values.items()
    }


def assert_plan_movements_equal(case: Case) -> None:
    """What happened to each plan, seen from the plan."""
    found = subs.plan_movements_by_period(case.daily, case.policy, case.as_of)
    expected = {key: rounded_values(row) for key, row in found.items()}
    actual = keyed(
        case.database, "plan_movements_by_period", ["period_grain", "period_start", "plan"]
    )
    assert_all_columns_expected(actual, expected)
    assert_equal(actual, expected)


def assert_mrr_cohorts_equal(case: Case) -> None:
    """The MRR of each cohort at the end of each month."""
    found = subs.mrr_cohorts(case.daily, case.segments, case.as_of)
    expected = {key: rounded_values(row) for key, row in found.items()}
    key = ["segment_dimension", "segment_value", "cohort_month", "months_since"]
    actual = keyed(case.database, "mrr_cohorts", key)
    assert_all_columns_expected(actual, expected)
    assert_equal(actual, expected)


def assert_churned_customers_equal(
    case: Case,
    basis: str,
    active: Mapping[str, Collection[date]],
    orders: Mapping[str, Sequence[tuple[date, Decimal]]],
    refunds: Mapping[str, Sequence[tuple[date, Decimal]]],
) -> None:
    """Every column of who left, on one basis."""
    expected = {
        key: {field.name: getattr(row, field.name) for field in fields(row)}
        for key, row in subs.churned_customers(
            basis, active, orders, refunds, case.rows, case.segments, case.policy, case.as_of
        ).items()
    }
    actual = keyed(
        case.database,
        "churned_customers",
        ["basis", "period_grain", "period_start", "customer_id"],
        f"basis = '{basis}'",
    )
    assert_all_columns_expected(actual, expected)
    assert_equal(actual, expected)


def assert_cancellations_pending_equal(case: Case) -> None:
    """Who asked to leave and is still there, and whether that is all the customer pays for."""
    rows_of = subs.rows_by_customer(case.rows)
    expected = {}
    for (subscription, start), row in subs.cancellations_pending(case.rows, case.as_of).items():
        goes_on = row.ends_on is None or any(
            other.is_paid and other.covers(row.ends_on) for other in rows_of[row.customer_id]
        )
        expected[subscription, start] = {
            "customer_id": row.customer_id,
            **case.attributes(row.customer_id),
            "plan": row.plan,
            "cancel_reason": row.cancel_reason,
            "mrr": row.mrr,
            "days_left": row.days_left,
            "is_customer_leaving": not goes_on,
            "cancel_requested_on": row.cancel_requested_on,
            "ends_on": row.ends_on,
        }
    actual = keyed(case.database, "cancellations_pending", ["subscription_id", "started_on"])
    assert_all_columns_expected(actual, expected)
    assert_equal(actual, expected)


def assert_customers_equal(case: Case) -> None:
    """Status, the day activity ends as far as it is known, and MRR of every customer."""
    active, daily = case.active, case.daily
    known = subs.active_by_customer(case.rows, case.policy.grace_days, case.horizon)
    expected = {}
    for customer in case.customers:
        days = active.get(customer, set())
        status = "active" if case.as_of in days else "churned" if days else "never"
        until = None
        if days:
            spells = subs.spells(known[customer], case.horizon)
            until = [end for start, end in spells if start <= case.as_of][-1]
        expected[(customer,)] = {
            "status_subscriptions": status,
            "active_until_subscriptions_on": until,
            "current_mrr": daily[customer].on(case.as_of) if days else Decimal(0),
        }
    assert_equal(keyed(case.database, "customers", ["customer_id"]), expected)


def assert_cohorts_equal(case: Case) -> None:
    """Cohorts by the month of the first spell; nothing that is made of orders."""
    active = case.active
    dimensions = {dimension for values in case.segments.values() for dimension in values}
    slices: dict[tuple[str, str], list[str]] = {}
    for customer in active:
        slices.setdefault(("all", "all"), []).append(customer)
        for dimension in dimensions:
            value = case.attributes(customer)[dimension]
            slices.setdefault((dimension, value), []).append(customer)
    first_days = [min(days) for days in active.values()]
    months = oracle.periods(min(first_days), case.as_of, "month") if first_days else []
    expected = {}
    for (dimension, value), members in slices.items():
        cohorts: dict[date, list[str]] = {}
        for customer in members:
            month = oracle.period_start(min(active[customer]), "month")
            cohorts.setdefault(month, []).append(customer)
        for cohort_month, cohort in cohorts.items():
            following = [month for month in months if month[0] >= cohort_month]
            for months_since, (start, end) in enumerate(following):
                count = None
                if end <= case.as_of:
                    count = sum(end in active[customer] for customer in cohort)
                expected[dimension, value, cohort_month, months_since] = {
                    "activity_month": start,
                    "period_status": "partial" if count is None else "complete",
                    "cohort_size": len(cohort),
                    "active_customers": count,
                    "active_rate": None if count is None else rounded(Fraction(count, len(cohort))),
                    **dict.fromkeys(MADE_OF_ORDERS),
                }
    key = ["segment_dimension", "segment_value", "cohort_month", "months_since"]
    assert_equal(keyed(case.database, "cohort_retention", key, f"basis = '{BASIS}'"), expected)


# The demo


@pytest.fixture(scope="module")
def demo_cleaned() -> tuple[oracle.Cleaned, subs.CleanedSubscriptions]:
    """The seeds as the oracle cleans them."""
    return subs.clean_seeds(ROOT / "seeds")


@pytest.fixture(scope="module")
def demo(
    demo_database: Path, demo_cleaned: tuple[oracle.Cleaned, subs.CleanedSubscriptions]
) -> Case:
    """The demo."""
    cleaned, subscriptions = demo_cleaned
    return Case(
        demo_database,
        subscriptions,
        cleaned.customers,
        oracle.segments_of(cleaned),
        SubscriptionPolicy(),
        cleaned.as_of,
    )


def test_the_demo_is_cleaned_as_the_oracle_cleans_it(demo: Case) -> None:
    assert len(demo.rows) > 5000
    assert_cleaning_equals(demo)


def test_the_demo_is_paid_until_the_oracles_day(demo: Case) -> None:
    assert_paid_until_equals(demo)


def test_the_demos_ledger_equals_the_oracle(demo: Case) -> None:
    assert_status_equals(demo)


def test_the_demos_mrr_movements_equal_the_oracle(demo: Case) -> None:
    assert_mrr_movements_equal(demo)


def test_the_demos_mrr_by_period_equals_the_oracle(demo: Case) -> None:
    assert_mrr_by_period_equals(demo)


def test_the_demos_plans_equal_the_oracle(demo: Case) -> None:
    assert_plan_movements_equal(demo)


def test_the_demos_mrr_cohorts_equal_the_oracle(demo: Case) -> None:
    assert_mrr_cohorts_equal(demo)


@pytest.mark.parametrize("basis", ["orders_window", "orders_calendar", BASIS])
def test_the_demos_churned_customers_equal_the_oracle(
    basis: str, demo: Case, demo_cleaned: tuple[oracle.Cleaned, subs.CleanedSubscriptions]
) -> None:
    cleaned, _ = demo_cleaned
    if basis == BASIS:
        active = demo.active
    else:
        active = {
            customer: oracle.active_days(days, basis, Policy(), demo.as_of)
            for customer, days in oracle.order_days(cleaned).items()
        }
    assert_churned_customers_equal(
        demo, basis, active, subs.counted_orders(cleaned), subs.counted_refunds(cleaned)
    )


def test_the_demos_pending_cancellations_equal_the_oracle(demo: Case) -> None:
    assert_cancellations_pending_equal(demo)


def test_the_demos_customers_equal_the_oracle(demo: Case) -> None:
    assert_customers_equal(demo)


def test_the_demos_cohorts_equal_the_oracle(demo: Case) -> None:
    assert_cohorts_equal(demo)
    assert {name for (name,) in query(demo.database, "select distinct basis from marts.churned_customers")} == {"orders_window", "orders_calendar", BASIS}  # fmt: skip


# Random data

CURRENCIES = ("GBP", "gbp", "", "EUR", "eur ", "USD", "JPY")  # there is no rate for JPY
AMOUNTS = ("0", "0.00", "5", "9.00", "9.00", "10.05", "19.99", "£1,200.50", "0.01")
PLANS = ("basic", "Basic", "pro", "business", "", "N/A")
REASONS = ("", "", "price", "Too-Expensive", "card_expired", "dunning", "moved away", "NULL")
GAPS = (-400, -31, -7, -1, 0, 0, 0, 1, 2, 29, 30, 31, 90)
LENGTHS = (1, 2, 7, 28, 29, 30, 31, 59, 90, 365, 366)
SPECIAL_DAYS = (date(2024, 2, 29), date(2024, 2, 28), date(2024, 3, 1), date(2023, 12, 31))
COLUMNS = (
    "subscription_id", "customer_id", "plan", "started_on", "ended_on", "monthly_amount",
    "currency", "cancel_requested_on", "cancel_reason", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """Random subscriptions and a policy; made from a seed, so that Hypothesis can shrink it."""

    seed: int
    customers: int
    grace_days: int
    gross_margin_rate: str
    as_of_offset: int
    tables: tuple[str, ...]

    @property
    def as_of(self) -> date:
        """The last day that exists: in the middle of the data."""
        return date(2023, 12, 1) + timedelta(days=self.as_of_offset)

    def raw_customers(self) -> list[RawRow]:
        """Customers, one of them twice, some of them test accounts."""
        rng = random.Random(self.seed + 1)
        rows = [
            {
                "customer_id": f"c{n}",
                "email": rng.choice(
                    ["", "a@example.org", "b@example.org", "c@example.org", "", "", "t@example.com"]
                ),
                "country": rng.choice(["GB", "de", "DE", "", "FR"]),
            }
            for n in range(self.customers)
        ]
        return [*rows, {"customer_id": "c0", "email": "a@example.org", "country": "IE"}]

    def raw_rates(self) -> list[RawRow]:
        """EUR has a rate from the start, USD only from some day on; one is there twice."""
        return [
            {"currency": currency, "valid_from": valid_from, "rate": rate}
            for currency, valid_from, rate in [
                ("EUR", "2020-01-01", "0.85"),
                ("eur", "2023-12-31", "0.5"),
                ("EUR", "2024-02-29", "0.8765432101"),
                ("EUR", "2024-02-29", "0.8765432101"),
                (" EUR", "2024-06-01", "1.25"),
                ("USD", "2024-01-01", "0.7955"),
                ("USD", "2024-03-01", "0"),
                ("USD", "", "0.8"),
                ("GBP", "2020-01-01", "2"),
            ]
        ]

    def raw_subscriptions(self) -> list[RawRow]:
        """Periods that end and start around the grace, the ends of months, and each other."""
        rng = random.Random(self.seed)
        rows: list[RawRow] = []
        names = [f"s{n}" for n in range(3 * self.customers)]
        for customer in range(self.customers):
            for _ in range(rng.choice([1, 1, 2, 3])):
                # Now and then a subscription passes from one customer to another.
                name = rng.choice(names) if rng.random() < 0.1 else names.pop()
                day = near(rng, date(2023, 3, 1) + timedelta(days=rng.randrange(600)))
                currency = rng.choice(CURRENCIES)
                for _ in range(1 + int(rng.expovariate(0.5))):
                    row = self._period(rng, name, f"c{customer}", day, currency)
                    rows.append(row)
                    if rng.random() < 0.15:
                        rows.append(self._version(rng, row))
                    gap = rng.choice([*GAPS, *range(self.grace_days - 1, self.grace_days + 2)])
                    ended_on = oracle.parse_timestamp(row["ended_on"]) if row["ended_on"] else None
                    day = (ended_on.date() if ended_on else day + timedelta(days=40)) + timedelta(
                        days=gap
                    )
        rows.append({**rows[0], "customer_id": "nobody", "subscription_id": "unknown"})
        rows.append({**rows[0], "ended_on": "soon"})
        rows.append({**rows[0], "monthly_amount": "-1"})
        rng.shuffle(rows)
        return rows

    def _period(
        self, rng: random.Random, subscription: str, customer: str, start: date, currency: str
    ) -> RawRow:
        end = near(rng, start + timedelta(days=rng.choice(LENGTHS)))
        cancelled_on = end - timedelta(days=rng.choice([0, 1, 20, 400, -3, -20]))
        ends = rng.random() < 0.85
        # Now and then a price of another interval instead of an amount a month.
        by_interval = rng.random() < 0.25
        return {
            "subscription_id": subscription,
            "customer_id": customer,
            "price": rng.choice(AMOUNTS) if by_interval else "",
            "billing_interval": rng.choice(["week", "month", "quarter", "year"]),
            "quantity": rng.choice(["1", "1", "3"]),
            "plan": rng.choice(PLANS),
            "started_on": written(rng, start),
            "ended_on": written(rng, end) if ends else "",
            "monthly_amount": "" if by_interval else rng.choice(AMOUNTS),
            "currency": rng.choice(CURRENCIES) if rng.random() < 0.1 else currency,
            "cancel_requested_on": written(rng, cancelled_on) if rng.random() < 0.3 else "",
            "cancel_reason": rng.choice(REASONS),
            "updated_at": rng.choice(["", "2024-01-01 10:00:00", str(start)]),
        }

    def _version(self, rng: random.Random, row: RawRow) -> RawRow:
        """The row once more, identical or with another value or two."""
        other = self._period(rng, "", "", date(2024, 1, 31), "EUR")
        changed = rng.sample(COLUMNS[4:], rng.randrange(3))
        return {**row, **{name: other[name] for name in changed}}

    def settings(self, folder: Path) -> dict[str, Any]:
        """The vars of the scenario's own files."""
        columns = {
            "signed_up_at": "null",
            "acquisition_channel": "null",
            "customer_segment": "null",
        }
        return {
            "raw_files": str(folder / "{name}.csv"),
            "raw_tables": list(self.tables),
            "raw_columns": {"customers": columns} if "customers" in self.tables else {},
            "segment_dimensions": ["country"],
            "subscription_grace_days": self.grace_days,
            "gross_margin_rate": float(self.gross_margin_rate),
            "as_of_date": str(self.as_of),
        }

    def write(self, folder: Path) -> None:
        """Writes the scenario's files."""
        for name, rows in (
            ("customers", self.raw_customers()),
            ("subscriptions", self.raw_subscriptions()),
            ("exchange_rates", self.raw_rates()),
        ):
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

    def case(self, database: Path) -> Case:
        """What the oracle makes of it."""
        customers, test_ids, segments = None, set(), {}
        if "customers" in self.tables:
            raw = self.raw_customers()
            found = oracle.clean(raw, [], as_of=self.as_of).customers
            customers, test_ids = set(found), subs.ids_of_test_accounts(raw)
            segments = {name: {"country": row.country} for name, row in found.items()}
        cleaned = subs.clean(
            self.raw_rates() if "exchange_rates" in self.tables else [],
            self.raw_subscriptions(),
            customers,
            test_ids,
        )
        if customers is None:
            customers = {row.customer_id for row in cleaned.rows}
            segments = {customer: {"country": None} for customer in customers}
        policy = SubscriptionPolicy(
            grace_days=self.grace_days, gross_margin_rate=Fraction(self.gross_margin_rate)
        )
        return Case(database, cleaned, customers, segments, policy, self.as_of)


def near(rng: random.Random, day: date) -> date:
    """The day itself, or one close by on which something else happens too."""
    month_end = oracle.period_end(day, "month")
    special = min(SPECIAL_DAYS, key=lambda special: abs(special - day))
    return rng.choice(
        [
            day,
            day,
            month_end,
            month_end + ONE_DAY,
            oracle.period_start(day, "week"),
            special if abs(special - day) < timedelta(days=45) else day,
        ]
    )


def written(rng: random.Random, day: date) -> str:
    """A day in one of the ways in which raw data may have it."""
    return day.strftime(rng.choice(["%Y-%m-%d", "%Y-%m-%d", "%Y%m%d", " %Y-%m-%d 08:30:00 "]))


scenarios = st.builds(
    Scenario,
    seed=st.integers(0, 2**32),
    customers=st.integers(20, 120),
    grace_days=st.sampled_from([5, 0, 30, 1]),
    gross_margin_rate=st.sampled_from(["0.6", "1", "0.125", "0.73"]),
    as_of_offset=st.integers(100, 500),
    tables=st.sampled_from(
        [
            ("customers", "subscriptions", "exchange_rates"),
            ("customers", "subscriptions"),
            ("subscriptions", "exchange_rates"),
            ("subscriptions",),
        ]
    ),
)


def assert_scenario_equals_oracle(scenario: Scenario, folder: Path) -> None:
    """Builds the scenario in the folder, and compares every mart."""
    scenario.write(folder)
    database = folder / "built.duckdb"
    marts = (
        "rejected_rows", "customers", "mrr_movements", "mrr_plan_changes", "mrr_by_period",
        "churned_customers", "cancellations_pending", "cohort_retention", "mrr_cohorts",
        "plan_movements_by_period",
    )  # fmt: skip
    run = dbt(
        "run", "--select", *(f"+{mart}" for mart in marts),
        database=database, settings=scenario.settings(folder),
    )  # fmt: skip
    assert run.ok, run.text
    case = scenario.case(database)
    bases = query(database, "select distinct basis from marts.retention_by_period")
    assert bases == ([(BASIS,)] if case.active else [])
    assert_cleaning_equals(case)
    assert_paid_until_equals(case)
    assert_status_equals(case)
    assert_mrr_movements_equal(case)
    assert_mrr_by_period_equals(case)
    assert_plan_movements_equal(case)
    assert_mrr_cohorts_equal(case)
    assert_churned_customers_equal(case, BASIS, case.active, {}, {})
    assert_cancellations_pending_equal(case)
    assert_customers_equal(case)
    assert_cohorts_equal(case)


@settings(
    max_examples=4,
    phases=[Phase.generate],  # a smaller example would cost a build for every try
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(scenario=scenarios)
def test_random_subscriptions_equal_the_oracle(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert_scenario_equals_oracle(scenario, tmp_path_factory.mktemp("random"))
