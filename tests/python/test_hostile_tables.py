"""Hostile raw tables: whatever stands in a column, no model crashes and every row is accepted or rejected once.

The SQL is what dbt runs on own tables, rendered once; it does not look at the columns' types when it is rendered,
so the same SQL is run here on one hostile set of tables after the other. `HOSTILE_TABLES=500` runs as many.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_project import build

EXAMPLES = int(os.environ.get("HOSTILE_TABLES", "12"))
TABLES = {
    "customers": (
        "customer_id", "email", "signed_up_at", "country", "acquisition_channel", "customer_segment", "updated_at",
    ),
    "orders": (
        "order_id", "customer_id", "ordered_at", "status", "amount", "currency", "updated_at", "email",
    ),
    "refunds": ("refund_id", "order_id", "refunded_at", "amount", "updated_at"),
    "subscriptions": (
        "subscription_id", "customer_id", "plan", "started_on", "ended_on", "monthly_amount", "currency",
        "cancel_requested_on", "cancel_reason", "updated_at",
    ),
    "exchange_rates": ("currency", "valid_from", "rate"),
    "customer_id_map": ("old_customer_id", "new_customer_id"),
}  # fmt: skip
IDS = ["1", "2", "3", " 1 ", "1.0", "A", "a", "Ä", "guest", "", "N/A", "1e5", "0"]
DATES = [
    "2024-01-05", "2024-01-05 10:00:00", "2024-01-05T10:00:00Z", "2024-02-29T23:59:59.999+05:30", "05/01/2024 10:00",
    "2024-02-30", "9999-12-31", "0001-01-01", "infinity", "epoch", "today", "10:00 PM", "2024-01-05 09:30 PM", "1704448800",
    "45296", "2024-01-05 10:00 PDT", "20240105", "2024-W05-1", "", "null", "-99:00", "2024-01-05 10:00:00 -99:00",
    "294247-01-10", "5 Jan 2024", "2024-01-05 24:00:00",
]  # fmt: skip
AMOUNTS = [
    "10", "10.005", "-3.50", "(12.50)", "12.50-", "1,234.56", "1.234,56", "12,34,567.89", "1 234.56", "1'234", "$5",
    "£7.00", "EUR 9", "9 €", "1e3", "999999999999999", "1000000000000000.00", "99999999999999999999999999", "-1e308", "NaN", "inf",
    "0", "-0", "٣", "1,23", ",", ".", "--1", "true", "", "0x10", "12.345678901234567890", "1_000",
]  # fmt: skip
WORDS = [
    "completed", "Completed ", "pending", "cancelled", "paid", "GBP", "eur", "XXX", "US$", "GB", "price", "too expensive",
    "it's", 'say "no"', "a\nb", "\x00"[:0], "😀", "\u202eabc", "a" * 3000, "%", "_", "{orders}", "{{ x }}", "--", ";", "null", " ",
]  # fmt: skip
OF_COLUMN = {
    **dict.fromkeys(("customer_id", "order_id", "refund_id", "subscription_id", "old_customer_id", "new_customer_id"), IDS),
    **dict.fromkeys(
        ("signed_up_at", "ordered_at", "refunded_at", "updated_at", "started_on", "ended_on", "valid_from", "cancel_requested_on"),
        DATES,
    ),
    **dict.fromkeys(("amount", "monthly_amount", "rate"), AMOUNTS),
}  # fmt: skip
#: What the other columns hold, so that hostile values meet rows that are accepted.
SANE = {
    **dict.fromkeys(OF_COLUMN, ("1", "2", "3")),
    **dict.fromkeys(
        ("signed_up_at", "ordered_at", "refunded_at", "updated_at", "started_on", "valid_from"),
        ("2024-01-05", "2024-02-29 10:00:00", "2024-03-31T23:59:59Z", "20240401"),
    ),
    **dict.fromkeys(("ended_on", "cancel_requested_on"), ("2024-05-01", "2024-12-31", "")),
    **dict.fromkeys(("amount", "monthly_amount", "rate"), ("10", "0.85", "1,234.50", "99.99")),
    "status": ["completed", "Completed", "pending"], "currency": ["GBP", "", "EUR"], "email": ["a@x.test", ""],
    "country": ["GB", "de"], "acquisition_channel": ["paid"], "customer_segment": ["consumer"],
    "plan": ["basic", "pro"], "cancel_reason": ["price", ""],
}  # fmt: skip
#: Column types as Parquet and databases have them, and values of each.
TYPED: dict[str, list[Any]] = {
    "bigint": [0, 1, -1, 2, 3, 10**15, -(10**18), 2**63 - 1, 1704448800, 45296],
    "hugeint": [1, 10**15, 10**30, -(10**37)],
    "utinyint": [0, 1, 255],
    "double": [0.0, -0.0, 1.5, 1e300, -1e-300, float("nan"), float("inf"), 0.1 + 0.2, 1e15, 2.675],
    "float": [1.1, 16777217.0, float("-inf")],
    "decimal(18,3)": [Decimal("1.005"), Decimal("-999999999999999.999"), Decimal("10")],
    "decimal(38,10)": [Decimal("1.0000000001"), Decimal(10) ** 27, Decimal("-5")],
    "boolean": [True, False],
    "date": [date(2024, 1, 5), date(1, 1, 1), date(9999, 12, 31)],
    "timestamp": [datetime(2024, 1, 5, 10), datetime(1600, 2, 29), datetime(9999, 12, 31, 23, 59)],
    "timestamptz": [datetime(2024, 1, 5, 23, 30, tzinfo=UTC), datetime(2024, 3, 31, 1, tzinfo=UTC)],
    "time": [time(10, 0), time(23, 59, 59)],
    "interval": [timedelta(days=3)],
    "varchar[]": [["a", "b"], [], [None]],
    "integer[]": [[1, 2], []],
    "struct(a integer, b varchar)": [{"a": 1, "b": "x"}],
    "blob": [b"\x00\xff", b"abc"],
    "uuid": ["6f1d1c2e-0000-4000-8000-000000000000"],
    '"null"': [None],
}


def hostile_tables(seed: int) -> Iterator[tuple[str, dict[str, str], list[list[Any]]]]:
    """Per raw table the type of each column, and rows; the same for the same seed."""
    chance = random.Random(seed)
    for table, columns in TABLES.items():
        hostile = chance.sample(columns, min(chance.choice([0, 1, 1, 2, 3, 99]), len(columns)))
        types = {
            column: chance.choice(list(TYPED))
            if column in hostile and chance.random() < 0.4
            else "varchar"
            for column in columns
        }
        rows = []
        for _ in range(chance.randint(1, 12)):
            row = []
            for column, kind in types.items():
                if kind != "varchar":
                    row.append(chance.choice([*TYPED[kind], None]))
                elif column not in hostile or chance.random() < 0.4:
                    row.append(chance.choice(SANE[column]))
                elif chance.random() < 0.85:
                    row.append(chance.choice([*OF_COLUMN.get(column, WORDS), None]))
                else:  # any text at all
                    letters = [
                        chr(chance.choice([*range(1, 0xD800), 0x1F600, 0x10FFFF])) for _ in range(4)
                    ]
                    row.append("".join(letters))
            rows.append(row)
        if chance.random() < 0.5:  # the same row again, and once more with another value
            rows += [list(rows[0]), [*rows[0][:-1], rows[-1][-1]]]
        yield table, types, rows


class Project:
    """The rendered SQL from the raw tables to the accepted rows, in the order in which it runs."""

    def __init__(self, folder: Path, policy: dict[str, Any]) -> None:
        (folder / "built.duckdb").unlink(missing_ok=True)
        with duckdb.connect(str(folder / "built.duckdb")) as connection:
            connection.execute("create schema landing")
            for table, columns in TABLES.items():
                values = ", ".join(
                    f"'{OF_COLUMN.get(column, WORDS)[0]}' as {column}" for column in columns
                )
                connection.execute(f"create table landing.{table} as select {values}")
        built = build(
            folder,
            {
                "raw_schema": "landing", "raw_tables": list(TABLES), "as_of_date": "2024-06-30",
                "max_rejected_share": 1, **policy,
            },
            select=(
                "+orders", "+rejected_rows", "+subscription_periods", "+int_customers", "+int_refunds_booked",
            ),
        )  # fmt: skip
        self.models = [
            (result.node.relation_name, result.node.compiled_code)
            for result in built.run.outcome.result
            if result.node.resource_type.value == "model" and result.node.compiled_code
        ]
        assert len(self.models) > 20

    def run(
        self, tables: list[tuple[str, dict[str, str], list[list[Any]]]]
    ) -> duckdb.DuckDBPyConnection:
        """The tables, and all that is built on them, in a database of its own in memory."""
        connection = duckdb.connect(config={"threads": 1})
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as built; use built")
        for schema in ("landing", "staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        for table, types, rows in tables:
            columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
            connection.execute(f"create table landing.{table} ({columns})")
            places = ", ".join("?" * len(types))
            connection.executemany(f"insert into landing.{table} values ({places})", rows)
        for relation, sql in self.models:
            connection.execute(f"create table {relation} as {sql}")
        return connection


def assert_every_row_is_told(connection: duckdb.DuckDBPyConnection) -> None:
    """Accepted or rejected, once; and what the orders sum to is what was read."""
    rejected = dict(
        connection.execute(
            "select source_table, count(*) from marts.rejected_rows group by all"
        ).fetchall()
    )
    accepted = {
        "orders": "select coalesce(sum(raw_rows), 0) from intermediate.int_orders_resolved where reject_reason is null and ordered_on <= date '2024-06-30'",
        "subscriptions": "select count(*) from marts.subscription_periods",
        "refunds": "select count(*) from intermediate.int_refunds_resolved where reject_reason is null",
        "customers": "select count(*) from intermediate.int_customers_listed where not is_test_account and not is_left_out",
        "exchange_rates": "select count(*) from intermediate.int_exchange_rates_checked where reject_reason is null",
        "customer_id_map": "select count(*) from staging.stg_customer_id_map where reject_reason is null",
    }
    for table, sql in accepted.items():
        [(raw,)] = connection.execute(f"select count(*) from landing.{table}").fetchall()
        [(kept,)] = connection.execute(sql).fetchall()
        assert raw == kept + rejected.get(table, 0), (table, raw, kept, rejected.get(table, 0))
    [(difference,)] = connection.execute(
        """
        select (select coalesce(sum(original_amount), 0) from marts.orders)
            - (select coalesce(sum(amount), 0) from staging.stg_orders)
            + (select coalesce(sum(amount), 0) from marts.rejected_rows where source_table = 'orders')
        """
    ).fetchall()
    assert abs(difference) < Decimal("0.01"), difference


@pytest.fixture(scope="module", params=["as usual", "forgiving"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The usual policy, and one that keeps what it can."""
    forgiving = {
        "customer_identity": "email", "unknown_customers": "keep", "negative_orders": "refund",
        "placeholder_customer_ids": ["guest", "0"], "placeholder_customers": "split_by_email",
        "id_cleaning": {"all": ["lower", "strip_decimal_zero"]}, "business_timezone": "America/New_York",
        "raw_time_units": {"orders": {"ordered_at": "epoch_seconds"}},
    }  # fmt: skip
    policy = forgiving if request.param == "forgiving" else {}
    return Project(tmp_path_factory.mktemp("hostile"), policy)


def test_no_hostile_table_crashes_or_loses_a_row(project: Project) -> None:
    """And they are not all refused, else this would say little."""
    accepted = {"orders": 0, "subscription_periods": 0}
    for seed in range(EXAMPLES):
        try:
            with project.run(list(hostile_tables(seed))) as connection:
                assert_every_row_is_told(connection)
                for mart in accepted:
                    accepted[mart] += connection.execute(
                        f"select count(*) from marts.{mart}"
                    ).fetchone()[0]
        except Exception as error:
            error.add_note(f"These are hostile_tables({seed}).")
            raise
    assert min(accepted.values()) >= 10, accepted
