"""Own raw data, run by vars alone: file types, tables, other names and shapes, time and numbers.

The shop below is small enough to be worked out by hand; every expected figure is a literal.
"""

import csv
import gzip
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_project import BUILD, TABLES, DbtRun, dbt, query

TO_THE_MARTS = ("run", "--select", "+customers", "+retention_by_period", "+rejected_rows")
TO_THE_ORDERS = ("run", "--select", "+orders", "+rejected_rows")

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

CUSTOMERS: Table = (
    ("customer_id", "email", "signed_up_at", "country", "acquisition_channel", "customer_segment"),
    [
        ("001", "ann@mail.test", "2023-12-01", "GB", "organic", "consumer"),
        ("002", "bob@mail.test", "2023-12-02", "GB", "organic", "consumer"),
        ("003", "cem@mail.test", "2023-12-03", "DE", "paid", "consumer"),
        ("004", "dee@mail.test", "2023-12-04", "DE", "paid", "business"),
        ("004", "dee@mail.test", "2024-01-04", "FR", "paid", "business"),  # she moved to France
        ("005", "eva@mail.test", "2023-12-05", "FR", "", "business"),
        ("006", "fay@mail.test", "2023-12-06", "", "organic", "consumer"),
        ("007", "gus@mail.test", "2023-12-07", "FR", "organic", "consumer"),
        ("008", "hal@mail.test", "2023-12-08", "GB", "paid", "consumer"),
        ("009", "ivy@mail.test", "2023-12-09", "GB", "paid", "consumer"),
        ("010", "jon@mail.test", "2023-12-10", "GB", "paid", "consumer"),
    ],
)
ORDERS: Table = (
    ("order_id", "customer_id", "ordered_at", "status", "amount", "updated_at"),
    [
        ("0001", "001", "2024-01-03 09:00:00", "completed", "10.00", "2024-01-03"),
        ("0002", "001", "2024-01-20 12:30:00", "completed", "15.50", "2024-01-20"),
        ("0003", "001", "2024-02-14 08:00:00", "pending", "24.00", "2024-02-14"),  # older row
        ("0003", "001", "2024-02-14 08:00:00", "completed", "25.00", "2024-02-16"),
        ("0004", "001", "2024-03-01 00:00:00", "completed", "18.00", "2024-03-01"),
        ("0005", "001", "2024-04-30 23:59:59", "completed", "20.00", "2024-04-30"),
        ("0006", "002", "2024-01-10 10:00:00", "completed", "99.90", "2024-01-10"),
        ("0007", "003", "2024-01-05 10:00:00", "completed", "30.00", "2024-01-05"),
        ("0008", "003", "2024-03-20 10:00:00", "completed", "40.00", "2024-03-20"),
        ("0009", "004", "2024-02-10 10:00:00", "completed", "12.00", "2024-02-10"),
        ("0010", "005", "2024-02-29 10:00:00", "completed", "7.00", "2024-02-29"),
        ("0011", "005", "2024-03-15 10:00:00", "completed", "8.00", "2024-03-15"),
        ("0012", "005", "2024-04-02 10:00:00", "completed", "9.00", "2024-04-02"),
        ("0013", "006", "2024-03-31 23:30:00", "completed", "55.00", "2024-03-31"),
        ("0014", "007", "2024-01-15 10:00:00", "completed", "5.00", "2024-01-15"),
        ("0015", "007", "2024-02-20 10:00:00", "completed", "6.00", "2024-02-20"),
        ("0016", "008", "2024-04-11 10:00:00", "completed", "70.00", "2024-04-11"),
        ("0017", "009", "2024-01-08 10:00:00", "cancelled", "11.00", "2024-01-08"),
        ("0018", "001", "2024-02-28 10:00:00", "pending", "3.00", "2024-02-28"),
        ("0019", "002", "not a date", "completed", "1.00", "2024-02-28"),
        ("", "002", "2024-02-28 10:00:00", "completed", "1.00", "2024-02-28"),
        ("0020", "099", "2024-02-28 10:00:00", "completed", "1.00", "2024-02-28"),
    ],
)
REFUNDS: Table = (
    ("refund_id", "order_id", "refunded_at", "amount"),
    [
        ("R1", "0006", "2024-02-01 10:00:00", "9.90"),
        ("R2", "9999", "2024-02-01 10:00:00", "1.00"),
        ("R3", "0008", "2024-03-19 10:00:00", "1.00"),
    ],
)
SHOP = {"customers": CUSTOMERS, "orders": ORDERS, "refunds": REFUNDS}
SHOP_SETTINGS = {"max_rejected_share": 0.7, "segment_dimensions": ["country"]}

# opening, new, reactivated, churned, closing of January to April 2024. By calendar months:
#   001 Jan-Apr; 002 Jan; 003 Jan, Mar; 004 Feb; 005 Feb-Apr; 006 Mar; 007 Jan, Feb; 008 Apr
# By a window of 90 days only 002 is lost: 10 January + 90 days = 9 April.
SHOP_BY_MONTH = {
    "orders_calendar": [(0, 4, 0, 0, 4), (4, 2, 0, 2, 4), (4, 1, 1, 2, 4), (4, 1, 0, 2, 3)],
    "orders_window": [(0, 4, 0, 0, 4), (4, 2, 0, 0, 6), (6, 1, 0, 0, 7), (7, 1, 0, 1, 7)],
}


# Writing the data in its different forms


def write_csv(path: Path, table: Table, delimiter: str = ",") -> None:
    """Write a table as CSV; compressed when the name ends in .gz."""
    columns, rows = table
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([columns, *rows])
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_json(path: Path, table: Table) -> None:
    """Write a table as one JSON object per line."""
    columns, rows = table
    lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_table(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    """Create a table with text columns."""
    columns, rows = table
    connection.execute(f"create table {name} ({', '.join(f'{c} varchar' for c in columns)})")
    connection.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)


def write_parquet(path: Path, sql: str) -> None:
    """Write the result of a query as Parquet."""
    duckdb.sql(sql).write_parquet(str(path))


def write_parquet_table(path: Path, table: Table) -> None:
    """Write a table as Parquet with text columns."""
    with duckdb.connect() as connection:
        write_table(connection, "written", table)
        connection.table("written").write_parquet(str(path))


def write_shop(folder: Path) -> dict[str, Any]:
    """Write the shop as CSV and return the settings that read it."""
    for name, table in SHOP.items():
        write_csv(folder / f"{name}.csv", table)
    return {**SHOP_SETTINGS, "raw_files": str(folder / "{name}.csv")}


# Reading what was built


def built(run: DbtRun) -> None:
    """Assert that a run went through."""
    assert run.ok, run.text


def marts(database: Path) -> dict[str, list[tuple]]:
    """The marts that must not depend on where the same rows were read from."""
    selects = {
        "orders": "select * from marts.orders",
        "customers": "select * from marts.customers",
        "retention_by_period": "select * from marts.retention_by_period",
        "rejected_rows": "select * exclude (raw_row) from marts.rejected_rows",
    }
    return {name: query(database, f"{sql} order by all") for name, sql in selects.items()}


def by_month(
    database: Path, basis: str, dimension: str = "all", value: str = "all"
) -> list[tuple[int, ...]]:
    """opening, new, reactivated, churned, closing of every month."""
    return query(
        database,
        f"""
        select opening_customers, new_customers, reactivated_customers, churned_customers,
            closing_customers
        from marts.retention_by_period
        where basis = '{basis}' and period_grain = 'month'
            and segment_dimension = '{dimension}' and segment_value = '{value}'
        order by period_start
        """,
    )


def rejected(database: Path) -> list[tuple[str, str | None, str]]:
    """Table, key and reason of every rejected row."""
    return query(
        database, "select source_table, row_key, reason from marts.rejected_rows order by all"
    )


def orders(database: Path, *columns: str) -> list[tuple]:
    """Columns of the accepted orders, by order_id."""
    return query(database, f"select {', '.join(columns)} from marts.orders order by order_id")


# The same rows from files of every type and from tables


@pytest.fixture(scope="module")
def shop_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, built from CSV files with every data test."""
    folder = tmp_path_factory.mktemp("shop")
    built(dbt(*BUILD, database=folder / "built.duckdb", settings=write_shop(folder)))
    return folder / "built.duckdb"


@pytest.mark.parametrize("basis", SHOP_BY_MONTH)
def test_months_are_as_worked_out_by_hand(shop_database: Path, basis: str) -> None:
    assert by_month(shop_database, basis) == SHOP_BY_MONTH[basis]


def test_a_segment_is_as_worked_out_by_hand(shop_database: Path) -> None:
    # Germany is customer 003 alone: January and March. 004 has moved to France.
    germany = by_month(shop_database, "orders_calendar", "country", "DE")
    assert germany == [(0, 1, 0, 0, 1), (1, 0, 0, 1, 0), (0, 0, 1, 0, 1), (1, 0, 0, 1, 0)]


def test_customers_are_as_worked_out_by_hand(shop_database: Path) -> None:
    found = query(
        shop_database,
        """
        select customer_id, country, lifetime_orders, lifetime_net_revenue,
            status_orders_window, status_orders_calendar
        from marts.customers order by customer_id
        """,
    )
    assert found == [
        ("001", "GB", 5, Decimal("88.50"), "active", "active"),  # 10 + 15.50 + 25 + 18 + 20
        ("002", "GB", 1, Decimal("90.00"), "churned", "churned"),  # 99.90 - 9.90
        ("003", "DE", 2, Decimal("70.00"), "active", "churned"),
        ("004", "FR", 1, Decimal("12.00"), "active", "churned"),
        ("005", "FR", 3, Decimal("24.00"), "active", "active"),
        ("006", "(unknown)", 1, Decimal("55.00"), "active", "churned"),
        ("007", "FR", 2, Decimal("11.00"), "active", "churned"),
        ("008", "GB", 1, Decimal("70.00"), "active", "active"),
        ("009", "GB", 0, Decimal("0.00"), "never", "never"),
        ("010", "GB", 0, Decimal("0.00"), "never", "never"),
    ]


def test_orders_are_as_worked_out_by_hand(shop_database: Path) -> None:
    found = query(
        shop_database,
        """
        select order_id, order_number, gross_amount, is_counted
        from marts.orders where customer_id = '001' order by order_id
        """,
    )
    assert found == [
        ("0001", 1, Decimal("10.00"), True),
        ("0002", 2, Decimal("15.50"), True),
        ("0003", 3, Decimal("25.00"), True),
        ("0004", 4, Decimal("18.00"), True),
        ("0005", 5, Decimal("20.00"), True),
        ("0018", None, Decimal("3.00"), False),
    ]


def test_rejected_rows_are_as_worked_out_by_hand(shop_database: Path) -> None:
    assert rejected(shop_database) == [
        ("customers", "004", "duplicate_customer_id"),
        ("orders", "0003", "superseded_by_newer_row"),
        ("orders", "0019", "unparsable_date"),
        ("orders", "0020", "unknown_customer"),
        ("orders", None, "missing_order_id"),
        ("refunds", "R2", "unknown_order"),
        ("refunds", "R3", "before_its_order"),
    ]


@pytest.mark.parametrize("ending", ["csv.gz", "parquet", "ndjson"])
def test_other_files_with_the_same_rows_give_the_same_marts(
    shop_database: Path, tmp_path: Path, ending: str
) -> None:
    writers = {"csv.gz": write_csv, "parquet": write_parquet_table, "ndjson": write_json}
    folder = tmp_path / "Ann's data (ä)"  # a quote, a space, brackets and a letter beyond ASCII
    folder.mkdir()
    for name, table in SHOP.items():
        writers[ending](folder / f"{name}.{ending}", table)
    settings = {**SHOP_SETTINGS, "raw_files": str(folder / f"{{name}}.{ending}")}
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_THE_MARTS, database=database, settings=settings))
    assert marts(database) == marts(shop_database)


def test_tables_with_the_same_rows_give_the_same_marts(shop_database: Path, tmp_path: Path) -> None:
    database = tmp_path / "tables.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema landing")
        for name, table in SHOP.items():
            write_table(connection, f"landing.{name}", table)
    settings = {**SHOP_SETTINGS, "raw_schema": "landing", "raw_database": "tables"}
    built(dbt(*TO_THE_MARTS, database=database, settings=settings))
    assert marts(database) == marts(shop_database)


def test_a_bad_value_in_row_60_000_is_a_rejected_row(tmp_path: Path) -> None:
    rows = [(f"{i:06}", "007", "2024-01-03", "completed", "1.00", "") for i in range(60_000)]
    rows.append(("060000", "007", "2024-01-04", "completed", "one pound", ""))
    write_csv(tmp_path / "orders.csv", (ORDERS[0], rows))
    database = tmp_path / "built.duckdb"
    settings = {"raw_files": str(tmp_path / "{name}.csv"), "raw_tables": ["orders"]}
    built(dbt(*TO_THE_ORDERS, database=database, settings=settings))
    assert rejected(database) == [("orders", "060000", "unparsable_amount")]
    counted = (
        "select count(*), min(order_id), min(customer_id), sum(gross_amount) from marts.orders"
    )
    assert query(database, counted) == [(60_000, "000000", "007", Decimal("60000.00"))]


# Other names and shapes


@pytest.fixture(scope="module")
def renamed_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Typed Parquet with names of its own: orders only, without status, update time or refunds."""
    folder = tmp_path_factory.mktemp("renamed")
    write_parquet(
        folder / "My Orders.parquet",
        """
        select * from (values
            (1::bigint, 7::integer, timestamptz '2024-01-31 23:30:00-05', 1050::bigint, 'web'),
            (2, 7, timestamptz '2024-02-10 12:00:00Z', 2000, 'web'),
            (3, 8, timestamptz '2024-02-11 12:00:00Z', 300, 'gift card'),
            (4, 8, timestamptz '2024-02-12 12:00:00Z', 1, 'web'),
            (5, 9, timestamptz '2024-02-13 12:00:00Z', -500, 'web'),
            (6, 9, null, 500, 'web'),
            (7, 9, timestamptz '2024-02-14 12:00:00Z', 995, 'web')
        ) as rows ("Order No.", "group", "Placed At", cents, "select")
        """,
    )
    settings = {
        "raw_files": str(folder / "My Orders.parquet"),
        "raw_tables": ["orders"],
        "raw_columns": {
            "orders": {
                "order_id": '"Order No."',
                "customer_id": '"group"',
                "ordered_at": '"Placed At"',
                "status": None,
                "amount": "cents / 100",
                "updated_at": "null",
            }
        },
        "raw_rejects": {
            "orders": {"gift card's sale": "\"select\" = 'gift card'", "a penny": "cents = 1"}
        },
        "max_rejected_share": 0.6,
        "segment_dimensions": [],
    }
    built(dbt(*TABLES, database=folder / "built.duckdb", settings=settings))
    return folder / "built.duckdb"


def test_columns_are_mapped(renamed_database: Path) -> None:
    found = orders(
        renamed_database, "order_id", "customer_id", "ordered_at", "gross_amount", "is_counted"
    )
    assert found == [
        # 23:30 in New York is 04:30 of the next day, and month, in London.
        ("1", "7", datetime(2024, 2, 1, 4, 30), Decimal("10.50"), True),
        ("2", "7", datetime(2024, 2, 10, 12), Decimal("20.00"), True),
        ("7", "9", datetime(2024, 2, 14, 12), Decimal("9.95"), True),
    ]


def test_own_rules_reject_rows_under_their_own_names(renamed_database: Path) -> None:
    assert rejected(renamed_database) == [
        ("orders", "3", "gift card's sale"),
        ("orders", "4", "a penny"),
        ("orders", "5", "negative_amount"),
        ("orders", "6", "missing_date"),
    ]


def test_a_rejected_row_is_kept_as_it_came(renamed_database: Path) -> None:
    (found,) = query(
        renamed_database, "select raw_row from marts.rejected_rows where row_key = '3'"
    )
    row = json.loads(found[0])
    assert list(row) == ["Order No.", "group", "Placed At", "cents", "select"]
    assert (row["Order No."], row["cents"], row["select"]) == (3, 300, "gift card")


def test_customers_are_derived_from_orders(renamed_database: Path) -> None:
    found = query(
        renamed_database,
        "select customer_id, country, lifetime_orders, lifetime_net_revenue"
        " from marts.customers order by 1",
    )
    assert found == [
        ("7", "(unknown)", 2, Decimal("30.50")),
        ("9", "(unknown)", 1, Decimal("9.95")),
    ]


def test_typed_columns_are_read_as_they_are(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "orders.parquet",
        """
        select 1::bigint as order_id, 70::bigint as customer_id, 'completed' as status,
            timestamp '2024-03-09 10:11:12' as ordered_at, 10.25::double as amount,
            date '2024-03-09' as updated_at
        union all
        select 1, 70, 'completed', timestamp '2024-03-09 10:11:12', 11.5, date '2024-03-10'
        """,
    )
    write_parquet(
        tmp_path / "customers.parquet",
        """
        select 70::bigint as customer_id, null as email, date '2024-01-01' as signed_up_at,
            'gb' as country, null as acquisition_channel, 'a'::enum ('a') as customer_segment
        """,
    )
    write_parquet(
        tmp_path / "refunds.parquet",
        """
        select 5::ubigint as refund_id, 1 as order_id, date '2024-03-09' as refunded_at,
            1.255::decimal(9, 3) as amount
        """,
    )
    database = tmp_path / "built.duckdb"
    settings = {"raw_files": str(tmp_path / "{name}.parquet"), "max_rejected_share": 0.5}
    built(dbt(*TO_THE_MARTS, database=database, settings=settings))
    found = orders(database, "order_id", "customer_id", "ordered_at", "gross_amount", "net_amount")
    moment = datetime(2024, 3, 9, 10, 11, 12)
    assert found == [("1", "70", moment, Decimal("11.50"), Decimal("10.24"))]  # 11.50 - 1.26
    assert query(database, "select country, customer_segment from marts.customers") == [("GB", "a")]


def test_the_business_time_zone_decides_the_day(tmp_path: Path) -> None:
    rows = [
        ("1", "7", "2024-01-31T23:30:00-05:00", "completed", "1", ""),
        ("2", "7", "2024-02-10 12:00:00", "completed", "1", ""),  # no zone: a local time already
    ]
    write_csv(tmp_path / "orders.csv", (ORDERS[0], rows))
    settings = {
        "raw_files": str(tmp_path / "{name}.csv"),
        "raw_tables": ["orders"],
        "business_timezone": "America/New_York",
    }
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_THE_ORDERS, database=database, settings=settings))
    assert orders(database, "order_id", "ordered_at", "ordered_on") == [
        ("1", datetime(2024, 1, 31, 23, 30), date(2024, 1, 31)),
        ("2", datetime(2024, 2, 10, 12), date(2024, 2, 10)),
    ]


def test_odd_files_are_read(tmp_path: Path) -> None:
    # Two files, columns in another order and case, a byte order mark, Windows line ends, a column
    # named like the alias of the reading query, a short row, quotes with commas and line ends.
    header = "\ufeffRAW,Customer_ID,Ordered_At,STATUS,amount,updated_at\r\n"
    (tmp_path / "orders_1.csv").write_text(
        header
        + '"0,1\n2",007,2024-01-01,completed,"1,234.50",""\r\n'
        + "012,007,2024-01-02\r\n"
        + "013,007,2024-01-02,,,\r\n"
        + ",007,2024-01-03,completed,1,\r\n",
        encoding="utf-8",
        newline="",
    )
    (tmp_path / "orders_2.csv").write_text(
        "updated_at;amount;status;ordered_at;customer_id;raw;note\n;5;completed;2024-01-04;008;014;-\n"
    )
    settings = {
        "raw_files": str(tmp_path / "{name}_*.csv"),
        "raw_tables": ["orders"],
        "raw_columns": {"orders": {"order_id": "raw"}},
        "raw_file_formats": {"orders": {"may_lack": ["note"]}},
    }
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_THE_ORDERS, database=database, settings=settings))
    assert orders(database, "order_id", "customer_id", "gross_amount") == [
        ("0,1\n2", "007", Decimal("1234.50")),
        ("014", "008", Decimal("5.00")),
    ]
    assert rejected(database) == [
        ("orders", "013", "missing_status"),
        ("orders", None, "malformed_row"),
        ("orders", None, "missing_order_id"),
    ]
    raw_rows = "select raw_row from marts.rejected_rows where row_key = '013'"
    assert json.loads(query(database, raw_rows)[0][0])["RAW"] == "013"


# Several rows per order


@pytest.fixture(scope="module")
def lines_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Order lines from a semicolon-separated file with decimal commas."""
    folder = tmp_path_factory.mktemp("lines")
    rows = [
        ("A", "007", "2024-01-02 10:05", "completed", "1.234,50"),
        ("A", "007", "2024-01-02 10:03", "completed", "10,00"),  # the earliest time
        ("A", "007", "2024-01-02 10:05", "completed", "-4,50"),  # a discount
        ("B", "008", "2024-01-03", "completed", "2,25"),
        ("B", "008", "2024-01-03", "completed", "2,25"),  # two units, not a mistake
        ("C", "008", "2024-01-04", "completed", "1,00"),
        ("C", "009", "2024-01-04", "completed", "1,00"),  # whose order is it?
        ("D", "009", "2024-01-05", "completed", "5,00"),
        ("D", "009", "2024-01-05", "completed", "-6,00"),  # less than nothing in sum
        ("E", "009", "2024-01-06", "completed", "7,00"),
        ("E", "009", "2024-01-06", "completed", "7.00"),  # a decimal point: cannot be read
        ("F", "009", "2024-01-07", "completed", "1,00"),
        ("F", "009", "2024-01-07", "cancelled", "1,00"),  # does it count?
    ]
    write_csv(folder / "orders.csv", (ORDERS[0][:5], rows), delimiter=";")
    settings = {
        "raw_files": str(folder / "{name}.csv"),
        "raw_tables": ["orders"],
        "raw_line_level": ["orders"],
        "raw_columns": {"orders": {"updated_at": None}},
        "period_grains": ["week"],  # one grain alone will do
        "decimal_separator": ",",
        "timestamp_formats": [],
        "max_rejected_share": 0.7,
    }
    built(dbt(*BUILD, database=folder / "built.duckdb", settings=settings))
    return folder / "built.duckdb"


def test_lines_are_summed_to_orders(lines_database: Path) -> None:
    found = orders(lines_database, "order_id", "customer_id", "ordered_at", "gross_amount")
    assert found == [
        ("A", "007", datetime(2024, 1, 2, 10, 3), Decimal("1240.00")),
        ("B", "008", datetime(2024, 1, 3), Decimal("4.50")),
        ("E", "009", datetime(2024, 1, 6), Decimal("7.00")),
    ]


def test_orders_with_impossible_lines_are_rejected_as_a_whole(lines_database: Path) -> None:
    assert rejected(lines_database) == [
        ("orders", "C", "conflicting_lines"),
        ("orders", "C", "conflicting_lines"),
        ("orders", "D", "negative_amount"),
        ("orders", "D", "negative_amount"),
        ("orders", "E", "unparsable_amount"),
        ("orders", "F", "conflicting_lines"),
        ("orders", "F", "conflicting_lines"),
    ]


# An earlier as-of date


def test_rows_after_as_of_date_are_set_aside_and_not_held_against_the_data(
    shop_database: Path, tmp_path: Path
) -> None:
    settings = write_shop(tmp_path) | {
        "raw_tables": ["customers", "orders"],
        "as_of_date": "2024-03-31",
        # 3 of 22 rows are faulty (0.14); the 3 rows of April would make it 0.27.
        "max_rejected_share": 0.15,
    }
    database = tmp_path / "built.duckdb"
    built(dbt(*TABLES, database=database, settings=settings))
    set_aside = [key for _, key, reason in rejected(database) if reason == "after_as_of_date"]
    assert set_aside == ["0005", "0012", "0016"]
    for basis, months in SHOP_BY_MONTH.items():
        assert by_month(database, basis) == months[:3]
    # Month, quarter: what was complete in March is complete and the same in April.
    complete = """
        select * exclude (is_latest_complete_period) from marts.retention_by_period
        where period_end <= date '2024-03-31' and segment_dimension = 'all' order by all
    """
    assert query(database, complete) == query(shop_database, complete)


def test_events_without_money_have_no_revenue(tmp_path: Path) -> None:
    """A usage log: everything that counts people is there, and nothing that counts money is 0."""
    (tmp_path / "events.csv").write_text(
        "user_id,event_time\na,2024-01-01 10:00\na,2024-01-02 10:00\nb,2024-02-29 23:00\n"
    )
    columns = {
        "order_id": "user_id || event_time", "customer_id": "user_id", "ordered_at": "event_time",
        "amount": None, "status": None, "updated_at": None,
    }  # fmt: skip
    settings = {
        "raw_files": str(tmp_path / "events.csv"),
        "raw_tables": ["orders"],
        "raw_columns": {"orders": columns},
        "segment_dimensions": [],
    }
    database = tmp_path / "built.duckdb"
    built(dbt(*BUILD, database=database, settings=settings))
    assert query(
        database,
        "select new_customers, closing_customers from marts.retention_by_period"
        " where basis = 'orders_window' and period_grain = 'month' order by period_start",
    ) == [(1, 1), (1, 2)]
    money = query(
        database,
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts' and data_type = 'DECIMAL(28,2)'",
    )
    assert len(money) > 20
    assert [
        (mart, column)
        for mart, column in money
        if query(database, f"select count({column}) from marts.{mart}") != [(0,)]
    ] == []
    assert query(database, "select distinct monetary_score, rfm_score from marts.customer_rfm") == [
        (None, None)
    ]
    assert query(database, "select distinct average_order_value from marts.repeat_purchase_by_period") == [(None,)]  # fmt: skip
