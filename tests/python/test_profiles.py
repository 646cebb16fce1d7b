"""Profiles of who leaves and who is worth most, counted again in plain Python from the ledger's rows."""

import math
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
from dbt_project import records

SEGMENTS = ("country", "acquisition_channel", "customer_segment")
FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
Z = 1.959964
MARTS = {
    "churned": ("churned_customer_profile", "churned_customers", "customer_churn_rate"),
    "most_valuable": ("valuable_customer_profile", "most_valuable_customers", "most_valuable_rate"),
}


def months_later(day: date, months: int) -> date:
    """The same day some months later, or the last one of a shorter month."""
    year, month = divmod(day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    return date(day.year + year, month + 1, day.day)


def tenure(started: date) -> str:
    """How long a spell had lasted on the first day of the year."""
    bands = {"first_month": 1, "under_3_months": 3, "under_12_months": 12}
    return next(
        (band for band, months in bands.items() if months_later(started, months) > FIRST),
        "12_months_or_longer",
    )


def number_of_orders(count: int) -> str:
    """The band of a number of orders."""
    bands = {0: "0", 1: "1", 2: "2", 5: "3 to 5", 10: "6 to 10"}
    return next((band for most, band in bands.items() if count <= most), "11 or more")


def wilson(hits: int, customers: int) -> tuple[float, float]:
    """The interval of Wilson, as its centre and half width."""
    share, z2 = hits / customers, Z * Z
    centre = (share + z2 / (2 * customers)) / (1 + z2 / customers)
    half = (
        Z
        / (1 + z2 / customers)
        * math.sqrt(share * (1 - share) / customers + z2 / (4 * customers**2))
    )
    return centre - half, centre + half


def first_plan(paid: list[dict]) -> str:
    """The plan with which a customer began before the year."""
    paid = [each for each in paid if each["started_on"] < FIRST]
    paid.sort(
        key=lambda each: (each["started_on"], -each["mrr"], each["plan"], each["subscription_id"])
    )
    return paid[0]["plan"] if paid else "(none)"


def service(tickets: list[dict]) -> str:
    """The worst that was known of a customer's tickets on the day before the year."""
    known = [each for each in tickets if each["opened_on"] < FIRST]
    if any(each["is_complaint"] for each in known):
        return "complaint"
    if any((each["resolved_on"] or date.max) >= FIRST for each in known):
        return "open ticket"
    return "ticket" if known else "none"


def nps_band(scores: list[tuple]) -> str:
    """What the last score before the year makes of the customer."""
    known = sorted(each for each in scores if each[0] < FIRST)
    if not known:
        return "not asked"
    return "promoter" if known[-1][2] >= 9 else "passive" if known[-1][2] >= 7 else "detractor"


def customers_of_2024(database: Path) -> dict[str, list[dict]]:
    """Basis -> its opening customers, each with traits and outcomes."""
    orders, refunds, paid = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in records(database, "select * from marts.orders where is_counted"):
        orders[row["customer_id"]].append(row)
    for row in records(database, "select * from intermediate.int_refunds_booked where is_counted"):
        refunds[row["customer_id"]].append(row)
    for row in records(database, "select * from marts.subscription_periods where is_active"):
        paid[row["customer_id"]].append(row)
    tickets, scores = defaultdict(list), defaultdict(list)
    for row in records(database, "select * from intermediate.int_support_tickets"):
        tickets[row["customer_id"]].append(row)
    for row in records(
        database, "select * from intermediate.int_feedback where nps_score is not null"
    ):
        scores[row["customer_id"]].append((row["given_on"], row["feedback_id"], row["nps_score"]))
    segments = {
        row["customer_id"]: row for row in records(database, "select * from marts.customers")
    }
    spells = defaultdict(lambda: defaultdict(list))
    for row in records(database, "select * from intermediate.int_customer_spells"):
        spells[row["basis"]][row["customer_id"]].append(
            (row["started_on"], row["ended_on"] or date.max)
        )
    found = {}
    for basis, of_basis in spells.items():
        people = []
        for customer, mine in of_basis.items():
            # Active on the day before the year: a spell began before FIRST and ends on it or later.
            opening = [start for start, end in mine if start < FIRST <= end]
            if not opening:
                continue
            before = [each for each in orders[customer] if each["ordered_on"] < FIRST]
            running = [
                each
                for each in paid[customer]
                if each["started_on"] < FIRST <= (each["active_until_on"] or date.max)
            ]
            running.sort(key=lambda each: (-each["mrr"], each["plan"], each["subscription_id"]))
            revenue = sum(
                float(each["gross_amount"])
                for each in orders[customer]
                if FIRST <= each["ordered_on"] <= LAST
            )
            revenue -= sum(
                float(each["amount"])
                for each in refunds[customer]
                if FIRST <= each["refunded_on"] <= LAST
            )
            if basis == "subscriptions":
                revenue = 0.0
            for each in paid[customer] if basis == "subscriptions" else ():
                end = min(each["active_until_on"] or date.max, date(2025, 1, 1))
                days = (end - max(each["started_on"], FIRST)).days
                revenue += float(each["mrr"]) * max(days, 0) * 12 / 365.25
            values = [each["gross_amount"] for each in before]
            people.append(
                {
                    **{name: segments[customer][name] for name in SEGMENTS},
                    "tenure_band": tenure(opening[0]),
                    "first_plan": first_plan(paid[customer]),
                    "service": service(tickets[customer]),
                    "nps_band": nps_band(scores[customer]),
                    "plan": running[0]["plan"] if running else "(none)",
                    "orders_band": number_of_orders(len(before)),
                    "has_refund": "yes"
                    if any(each["refunded_on"] < FIRST for each in refunds[customer])
                    else "no",
                    "value": round(sum(values) / len(values), 6) if values else None,
                    "revenue": round(revenue, 2),
                    "churned": not any(start <= LAST < end for start, end in mine),
                }
            )
        known = sorted(each["value"] for each in people if each["value"] is not None)
        revenues = sorted((each["revenue"] for each in people), reverse=True)
        for each in people:
            below = sum(1 for value in known if each["value"] is not None and value < each["value"])
            quarters = [
                "1st quarter (lowest)",
                "2nd quarter",
                "3rd quarter",
                "4th quarter (highest)",
            ]
            each["order_value_band"] = (
                "(no orders)"
                if each["value"] is None
                else quarters[
                    next(q for q in range(4) if q == 3 or below + 1 <= (q + 1) * len(known) / 4)
                ]
            )
            as_much = sum(1 for revenue in revenues if revenue >= each["revenue"])
            each["most_valuable"] = each["revenue"] > 0 and as_much <= math.ceil(len(people) / 10)
        found[basis] = people
    return found


@pytest.mark.parametrize("outcome", MARTS)
def test_profiles_are_those_of_the_customers(demo_database: Path, outcome: str) -> None:
    mart, hits_column, rate_column = MARTS[outcome]
    rows = {
        (row["basis"], row["trait"], row["trait_value"]): row
        for row in records(demo_database, f"select * from marts.{mart}")
    }
    expected = set()
    for basis, people in customers_of_2024(demo_database).items():
        total, all_hits = len(people), sum(each[outcome] for each in people)
        chances = {}
        for trait in (
            *SEGMENTS, "tenure_band", "first_plan", "plan", "order_value_band", "orders_band", "has_refund",
            "service", "nps_band",
        ):  # fmt: skip
            sizes = Counter(each[trait] for each in people)
            hits = Counter(each[trait] for each in people if each[outcome])
            if len(sizes) == 1:
                continue
            for value, size in sizes.items():
                key = (basis, trait, value)
                expected.add(key)
                row = rows[key]
                assert (row["customers"], row[hits_column]) == (size, hits[value]), key
                rate, other = hits[value] / size, (all_hits - hits[value]) / (total - size)
                low, high = wilson(hits[value], size)
                other_low, other_high = wilson(all_hits - hits[value], total - size)
                for name, figure in {
                    rate_column: rate, "lower_95": low, "upper_95": high, "other_rate": other,
                    "difference": rate - other,
                    "difference_lower_95": rate - other - math.hypot(rate - low, other_high - other),
                    "difference_upper_95": rate - other + math.hypot(high - rate, other - other_low),
                }.items():  # fmt: skip
                    assert float(row[name]) == pytest.approx(figure, abs=3e-6), (key, name)
                if min(size, total - size) * min(all_hits, total - all_hits) / total >= 5:
                    pooled = all_hits / total
                    error = math.sqrt(pooled * (1 - pooled) * (1 / size + 1 / (total - size)))
                    chances[key] = math.erfc(abs(rate - other) / error / math.sqrt(2))
                else:
                    assert (row["p_value"], row["is_distinct"]) == (None, False), key
        running = 0.0
        for place, key in enumerate(sorted(chances, key=lambda key: chances[key])):
            running = max(running, min(1.0, chances[key] * (len(chances) - place)))
            row = rows[key]
            assert float(row["p_value"]) == pytest.approx(chances[key], abs=1e-6), key
            assert float(row["adjusted_p_value"]) == pytest.approx(running, abs=2e-6), key
            assert row["is_distinct"] == (running < 0.05), key
            assert row["comparisons"] == len(chances)
    assert expected == rows.keys() and len(rows) > 100


def test_the_type_that_leaves_is_the_one_that_was_planted(demo_database: Path) -> None:
    """In the demo, customers from social channels drop out most and referred ones least."""
    distinct = {
        (row["trait"], row["trait_value"]): row["difference"]
        for row in records(
            demo_database,
            "select * from marts.churned_customer_profile where basis = 'orders_window' and is_distinct",
        )
    }
    assert distinct["acquisition_channel", "social"] > 0.1
    assert distinct["acquisition_channel", "referral"] < -0.1
    assert distinct["customer_segment", "enterprise"] < -0.1
    # What nobody planted is no finding: refunds have nothing to do with leaving.
    assert ("has_refund", "yes") not in distinct
