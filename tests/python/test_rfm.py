"""RFM scores, segments and revenue concentration against a plain computation from the customers."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from dbt_project import dbt, query, records

DIMENSIONS = ("country", "acquisition_channel", "customer_segment")

# Rows: frequency score 5 to 1. Columns: recency score 1 to 5. As the map is usually drawn.
SEGMENT_GRID = """
cannot_lose_them  cannot_lose_them  loyal_customers  loyal_customers      champions
at_risk           at_risk           loyal_customers  loyal_customers      champions
at_risk           at_risk           need_attention   potential_loyalists  potential_loyalists
hibernating       hibernating       about_to_sleep   potential_loyalists  potential_loyalists
hibernating       hibernating       about_to_sleep   promising            new_customers
"""
SEGMENT_OF = {
    (recency, 5 - row): name
    for row, line in enumerate(SEGMENT_GRID.strip().splitlines())
    for recency, name in enumerate(line.split(), start=1)
}


def scores(worst_first: list) -> dict:
    """Value -> score, by looking at every customer in turn: 1 + floor(5 * worse / n)."""
    score: dict = {}
    for position, value in enumerate(worst_first):
        score.setdefault(value, 1 + 5 * position // len(worst_first))
    return score


def rounded(numerator: Any, denominator: Any, places: int = 6) -> Decimal:
    """The exact ratio, rounded once."""
    exact = Fraction(numerator) / Fraction(denominator)
    with_guard = Decimal(exact.numerator * 10**20 // exact.denominator) / Decimal(10**20)
    return with_guard.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def slices(customers: list[dict]) -> Iterator[tuple[tuple[str, str], list[dict]]]:
    """(dimension, value) and the customers in it, for the total and each dimension."""
    members = defaultdict(list)
    for customer in customers:
        members["all", "all"].append(customer)
        for dimension in DIMENSIONS:
            members[dimension, customer[dimension]].append(customer)
    yield from members.items()


@pytest.fixture(scope="module")
def scored(demo_database: Path) -> list[dict]:
    """Every customer with a counted order, with scores and segment by brute force."""
    [(as_of,)] = query(demo_database, "select as_of_date from intermediate.int_as_of_date")
    assert isinstance(as_of, date)
    customers = records(demo_database, "select * from marts.customers where lifetime_orders > 0")
    for customer in customers:
        customer["recency_days"] = (as_of - customer["last_order_on"]).days
    recency = scores(sorted((customer["recency_days"] for customer in customers), reverse=True))
    frequency = scores(sorted(customer["lifetime_orders"] for customer in customers))
    monetary = scores(sorted(customer["lifetime_net_revenue"] for customer in customers))
    for customer in customers:
        r = customer["recency_score"] = recency[customer["recency_days"]]
        f = customer["frequency_score"] = frequency[customer["lifetime_orders"]]
        m = customer["monetary_score"] = monetary[customer["lifetime_net_revenue"]]
        customer["rfm_score"] = f"{r}{f}{m}"
        customer["rfm_segment"] = SEGMENT_OF[r, f]
    return customers


def test_the_demo_is_worth_comparing(scored: list[dict]) -> None:
    assert len(SEGMENT_OF) == 25
    assert len(scored) > 1000
    assert {customer["rfm_segment"] for customer in scored} == set(SEGMENT_OF.values())
    for measure in ("recency_score", "frequency_score", "monetary_score"):
        assert {customer[measure] for customer in scored} == {1, 2, 3, 4, 5}, measure
    # Ties: many customers with one order, and so more than a fifth of them with score 1.
    assert sum(customer["frequency_score"] == 1 for customer in scored) > len(scored) / 5


def test_customer_rfm_is_the_plain_computation(demo_database: Path, scored: list[dict]) -> None:
    built = records(demo_database, "select * exclude (policy_version) from marts.customer_rfm")
    renamed = {"frequency": "lifetime_orders", "monetary": "lifetime_net_revenue"}
    expected = {
        customer["customer_id"]: {
            column: customer[renamed.get(column, column)] for column in built[0]
        }
        for customer in scored
    }
    assert len(built) == len(expected)
    assert {row["customer_id"]: row for row in built} == expected


def test_a_better_value_never_scores_lower(demo_database: Path) -> None:
    for measure, score, direction in (
        ("recency_days", "recency_score", "desc"),
        ("frequency", "frequency_score", "asc"),
        ("monetary", "monetary_score", "asc"),
    ):
        ordered = query(
            demo_database,
            f"select distinct {measure}, {score} from marts.customer_rfm order by {measure} {direction}",
        )
        # One score per value, and the scores rise with it.
        assert len({value for value, _ in ordered}) == len(ordered), measure
        assert [row[1] for row in ordered] == sorted(row[1] for row in ordered), measure


def test_rfm_segments_are_the_plain_computation(demo_database: Path, scored: list[dict]) -> None:
    built = {
        (row["segment_dimension"], row["segment_value"], row["rfm_segment"]): row
        for row in records(demo_database, "select * from marts.rfm_segments")
    }
    compared = 0
    for (dimension, value), members in slices(scored):
        revenue = sum(member["lifetime_net_revenue"] for member in members)
        for name in set(SEGMENT_OF.values()):
            row = built[dimension, value, name]
            inside = [member for member in members if member["rfm_segment"] == name]
            inside_revenue = sum(member["lifetime_net_revenue"] for member in inside)
            assert row["customers"] == len(inside)
            assert row["net_revenue"] == inside_revenue
            assert row["share_of_customers"] == rounded(len(inside), len(members))
            assert row["share_of_revenue"] == (
                rounded(inside_revenue, revenue) if revenue > 0 else None
            )
            for column, measure in (
                ("average_recency_days", "recency_days"),
                ("average_orders", "lifetime_orders"),
            ):
                total = sum(member[measure] for member in inside)
                assert row[column] == (rounded(total, len(inside)) if inside else None)
            compared += 1
    assert compared == len(built) > 100
    assert any(row["customers"] == 0 for row in built.values())


def test_revenue_concentration_is_the_plain_computation(
    demo_database: Path, scored: list[dict]
) -> None:
    built = {
        (row["segment_dimension"], row["segment_value"], row["top_share"]): row
        for row in records(demo_database, "select * from marts.revenue_concentration")
    }
    compared = 0
    for (dimension, value), members in slices(scored):
        largest_first = sorted((member["lifetime_net_revenue"] for member in members), reverse=True)
        for percent in (1, 5, 10, 20):
            row = built[dimension, value, Decimal(percent).scaleb(-2)]
            top = largest_first[: -(-len(members) * percent // 100)]
            assert row["customers"] == len(members)
            assert row["top_customers"] == len(top)
            assert row["top_net_revenue"] == sum(top)
            assert row["net_revenue"] == sum(largest_first)
            assert row["revenue_share"] == (
                rounded(sum(top), sum(largest_first)) if sum(largest_first) > 0 else None
            )
            compared += 1
    assert compared == len(built) > 50


def test_a_base_of_three_customers_builds(tmp_path: Path) -> None:
    """Own orders without a table of customers, ties among them: nothing needs five customers."""
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,status,amount,updated_at\n"
        "1,a,2026-11-02,completed,10,2026-11-02\n"
        "2,b,2026-11-02,completed,10,2026-11-02\n"
        "3,c,2026-11-20,completed,80,2026-11-20\n"
        "4,c,2026-11-22,completed,100,2026-11-22\n"
    )
    database = tmp_path / "built.duckdb"
    run = dbt(
        "build", "--exclude", "resource_type:unit_test",
        database=database,
        settings={
            "raw_files": str(tmp_path / "{name}.csv"),
            "raw_tables": ["orders"],
            "period_grains": ["year"],  # one grain alone will do
        },
    )  # fmt: skip
    assert run.ok, run.text
    assert query(
        database,
        "select customer_id, recency_days, rfm_score, rfm_segment from marts.customer_rfm order by 1",
    ) == [
        ("a", 20, "111", "hibernating"),
        ("b", 20, "111", "hibernating"),
        ("c", 0, "444", "loyal_customers"),  # w = 2 of n = 3: 1 + floor(10 / 3)
    ]
    assert (
        query(
            database,
            "select top_customers, top_net_revenue, revenue_share from marts.revenue_concentration "
            "where segment_dimension = 'all' order by top_share",
        )
        == [(1, Decimal("180.00"), Decimal("0.900000"))] * 4
    )
