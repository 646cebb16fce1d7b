"""Columns of one's own: attributes of customers as segments, of orders passed through, and freshness of own tables."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from dbt_project import Built, build, dbt, query, refusal

CUSTOMERS = """customer_id,email,signed_up_at,country,acquisition_channel,customer_segment,Sales Region,tier
1,,2024-01-01,GB,paid,consumer, North ,1
2,,2024-01-01,GB,paid,consumer,NORTH,2
3,,2024-01-01,DE,paid,consumer,south,1
4,,2024-01-01,DE,paid,consumer,,2
"""
ORDERS = """order_id,customer_id,ordered_at,status,amount,channel
a,1,2024-01-10,completed,10,Web
b,2,2024-01-11,completed,20,
c,3,2024-02-01,completed,30,App
d,1,2024-02-20,completed,40,App
e,4,2024-04-30,completed,50,Web
"""
SETTINGS = {
    "raw_tables": ["customers", "orders"],
    "raw_columns": {
        "customers": {"sales_region": '"Sales Region"'},
        "orders": {"updated_at": None, "sales_channel": "channel"},
    },
    "customer_attributes": ["sales_region", "tier"],
    "order_attributes": ["sales_channel"],
    "segment_dimensions": ["sales_region", "country", "tier"],
    "inactivity_days": 30,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Four customers with a region and a tier of their own, built with every data test."""
    files = {"customers.csv": CUSTOMERS, "orders.csv": ORDERS}
    return build(tmp_path_factory.mktemp("attributes"), SETTINGS, files)


def test_balances_are_split_by_own_attributes(shop: Built) -> None:
    found = shop.query(
        """
        select segment_dimension, segment_value, opening_customers, new_customers, churned_customers, closing_customers
        from marts.retention_by_period
        where basis = 'orders_window' and period_grain = 'month' and period_start = date '2024-02-01'
            and segment_dimension in ('sales_region', 'tier') order by all
        """
    )
    # January: 1 and 2 are new, both of the north. February: 2 lapses on the 10th, 1 on the 9th and buys again; 3 is new.
    assert found == [
        ("sales_region", "(unknown)", 0, 0, 0, 0),
        ("sales_region", "north", 2, 0, 1, 1),
        ("sales_region", "south", 0, 1, 0, 1),
        ("tier", "1", 1, 1, 0, 2),
        ("tier", "2", 1, 0, 1, 0),
    ]


@pytest.mark.parametrize(
    "mart",
    [
        "retention_by_period", "cohort_retention", "repeat_purchase_by_period", "repeat_purchase_by_cohort",
        "time_between_purchases", "rfm_segments", "lifetime_value_by_segment", "metric_values", "business_by_period",
    ],
)  # fmt: skip
def test_every_mart_with_slices_has_them(shop: Built, mart: str) -> None:
    [(values,)] = shop.query(
        f"select count(distinct segment_value) from marts.{mart} where segment_dimension = 'sales_region'"
    )
    assert values == 3


@pytest.mark.parametrize(
    "mart", ["customers", "customer_rfm", "customer_lifetime_value", "churned_customers"]
)
def test_customers_carry_their_attributes(shop: Built, mart: str) -> None:
    expected = {"1": ("north", "1"), "2": ("north", "2"), "3": ("south", "1"), "4": ("(unknown)", "2")}  # fmt: skip
    found = shop.query(f"select distinct customer_id, sales_region, tier from marts.{mart}")
    assert found and {row[0]: row[1:] for row in found}.items() <= expected.items()


def test_cells_are_by_own_attributes_too(shop: Built) -> None:
    # February, of the north: 1 lapses and buys again (40), 2 of the other tier lapses.
    assert shop.query(
        """
        select sales_region, tier, opening_customers, churned_customers, closing_customers, gross_revenue
        from marts.business_cells
        where period_grain = 'month' and period_start = date '2024-02-01' order by all
        """
    ) == [
        ("north", "1", 1, 0, 1, Decimal("40.00")),
        ("north", "2", 1, 1, 0, Decimal("0.00")),
        ("south", "1", 0, 0, 1, Decimal("30.00")),
    ]


def test_orders_carry_theirs_as_they_are_written(shop: Built) -> None:
    assert shop.query(
        "select order_id, sales_channel, gross_amount from marts.orders order by 1"
    ) == [
        ("a", "Web", Decimal("10.00")),
        ("b", None, Decimal("20.00")),
        ("c", "App", Decimal("30.00")),
        ("d", "App", Decimal("40.00")),
        ("e", "Web", Decimal("50.00")),
    ]


def test_an_attribute_that_is_not_there_is_said(tmp_path: Path) -> None:
    files = {"customers.csv": CUSTOMERS.replace("tier", "level"), "orders.csv": ORDERS}
    shop = build(tmp_path, SETTINGS, files, fails=True)
    assert "There is no column `tier`" in shop.run.text
    assert "raw_columns: {customers: {tier:" in shop.run.text


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"customer_attributes": ["Region"]}, "names in lower case like sales_region"),
        ({"customer_attributes": "region"}, "a list like [first, second]"),
        ({"segment_dimensions": ["region"]}, "country, acquisition_channel, customer_segment"),
        ({"raw_freshness": {"invoices": {}}}, "keys are among: customers, orders"),
        ({"raw_freshness": {"orders": {"warn_after_hours": 1}}}, "{loaded_at: updated_at"),
        (
            {"raw_schema": "landing", "raw_freshness": {"orders": {"loaded_at": "at"}}},
            "with hours as whole numbers from 1",
        ),
        (
            {"raw_freshness": {"orders": {"loaded_at": "at", "warn_after_hours": 1}}},
            "tables that raw_schema or raw_relations names",
        ),
    ],
)
def test_a_wrong_setting(settings: dict, sentence: str, tmp_path: Path) -> None:
    assert sentence in refusal(settings, tmp_path)


@pytest.mark.parametrize(
    "settings", [{"customer_attributes": ["closing_customers"]}, {"order_attributes": ["amount"]}]
)
def test_a_name_that_a_column_has_already(settings: dict, tmp_path: Path) -> None:
    said = refusal(settings, tmp_path, opens_database=True)
    assert "a list of names that no column has yet: the marts have one of this name" in said


def test_dbt_source_freshness_looks_at_own_tables(tmp_path: Path) -> None:
    database = tmp_path / "built.duckdb"
    loaded = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=30)
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema landing")
        for table in ("customers", "orders", "refunds"):
            (tmp_path / "text.csv").write_text(CUSTOMERS if table == "customers" else ORDERS)
            connection.execute(
                f"create table landing.{table} as select *, null as updated_at, cast(? as timestamp) as synced_at "
                f"from read_csv('{tmp_path / 'text.csv'}', all_varchar = true)",
                [loaded],
            )
    settings = {
        "raw_schema": "landing",
        "raw_tables": ["customers", "orders"],
        "raw_freshness": {
            "orders": {"loaded_at": "synced_at", "warn_after_hours": 24, "error_after_hours": 48},
            "customers": {"loaded_at": "synced_at", "error_after_hours": 24},
        },
    }
    run = dbt("source", "freshness", database=database, settings=settings)
    results = [one for one in run.outcome.result.results if hasattr(one.node, "source_name")]
    found = {result.node.source_name: result.status.value for result in results}
    assert found == {
        "retention_ledger_orders": "warn",
        "retention_ledger_customers": "error",
    }
    assert not query(database, "select 1 from duckdb_tables() where table_name like 'stg_%'")
