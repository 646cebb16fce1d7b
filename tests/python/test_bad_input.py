"""Faulty data and settings: one sentence says what is wrong, where, and what to do.

And nothing of what is wrong reaches the marts: the last good build stays as it was.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import BUILD, DbtRun, dbt, manifest_of, refusal
from test_own_data import CUSTOMERS, ORDERS, SHOP, write_csv, write_shop, write_table

Settings = dict[str, Any]


@pytest.fixture(scope="module")
def good_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of test_own_data, built from good data."""
    folder = tmp_path_factory.mktemp("good")
    run = dbt("run", database=folder / "built.duckdb", settings=write_shop(folder))
    assert run.ok, run.text
    return folder / "built.duckdb"


@pytest.fixture
def rebuild(good_database: Path, tmp_path: Path) -> Callable[..., DbtRun]:
    """Builds bad data over a good build, and asserts that it stops and leaves the marts alone."""
    database = tmp_path / "built.duckdb"
    shutil.copy(good_database, database)
    marts = ("customers", "orders", "retention_by_period", "rejected_rows")

    def contents() -> list[list[tuple]]:
        with duckdb.connect(str(database), read_only=True) as connection:
            return [
                connection.execute(f"select * from marts.{mart} order by all").fetchall()
                for mart in marts
            ]

    def build(settings: Settings, manifest: Manifest | None = None) -> DbtRun:
        before = contents()
        assert before[2], "the good build has no rows to lose"
        # Over other data: the place is another, and that alone would be refused first.
        run = dbt(
            *BUILD, database=database, settings=settings | {"replace_data": True}, manifest=manifest
        )  # fmt: skip
        assert not run.ok, "the build went through"
        assert contents() == before
        return run

    return build


def says(run: DbtRun, *parts: str) -> None:
    """Assert that one error of a run contains all the parts.

    Only what a person is shown counts: the log also holds the SQL, and with it every sentence.
    """
    results = getattr(run.outcome.result, "results", [])
    errors = [str(result.message) for result in results if result.status in ("error", "fail")]
    errors.append(str(run.outcome.exception or ""))
    assert any(all(part in error for part in parts) for error in errors), "\n".join(errors)


# Files, tables and columns that are not there


def test_a_missing_file(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path)
    (tmp_path / "refunds.csv").unlink()
    says(
        rebuild(settings),
        f"There is no file '{tmp_path / 'refunds.csv'}' for the raw refunds",
        str(tmp_path / "orders.csv"),  # what is there instead
        "raw_files",
        "leave `refunds` out of raw_tables",
    )


def test_a_missing_folder(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path) | {"raw_files": str(tmp_path / "nowhere" / "{name}.csv")}
    says(rebuild(settings), "There is no file", "nowhere/customers.csv", "nothing", "raw_files")


def test_a_missing_table(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
        connection.execute("create schema landing")
        for name in ("customers", "orders"):
            write_table(connection, f"landing.{name}", SHOP[name])
    settings = {"raw_schema": "landing", "max_rejected_share": 0.7}
    says(
        rebuild(settings),
        "There is no table",
        '"landing"."refunds"',
        "The schema holds: customers, orders",
        "raw_schema",
        "leave `refunds` out of raw_tables",
    )


def test_a_schema_in_which_the_marts_would_replace_the_raw_tables(
    rebuild: Callable[..., DbtRun],
) -> None:
    settings = {"raw_schema": "marts", "raw_tables": ["customers", "orders"]}
    says(rebuild(settings), "The policy var `raw_schema` is 'marts'", "overwrite your tables")


def test_a_missing_column(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path)
    columns, rows = ORDERS
    write_csv(tmp_path / "orders.csv", (("id", *columns[1:]), rows))
    says(
        rebuild(settings),
        "There is no column `order_id`",
        f"'{tmp_path / 'orders.csv'}'",
        "It has: id, customer_id, ordered_at, status, amount, updated_at",
        "raw_columns: {orders: {order_id: <SQL expression>}}",
    )


def test_a_missing_column_in_a_table(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    columns, rows = CUSTOMERS
    with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
        connection.execute("create schema landing")
        write_table(connection, "landing.customers", (("customer_id", "mail", *columns[2:]), rows))
    settings = {"raw_schema": "landing"}  # the other tables are missing, too
    says(
        rebuild(settings),
        "There is no column `email` in the table",
        '"landing"."customers"',
        "It has: customer_id, mail, signed_up_at",
        "or null if you have none",
    )


def test_a_mapping_to_a_column_that_is_not_there(
    rebuild: Callable[..., DbtRun], tmp_path: Path
) -> None:
    settings = write_shop(tmp_path) | {"raw_columns": {"orders": {"amount": '"Net Total"'}}}
    says(rebuild(settings), "There is no column `Net Total`", "orders.csv", "It has: order_id")


def test_an_unknown_kind_of_file(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path) | {"raw_files": str(tmp_path / "{name}.xlsx")}
    says(rebuild(settings), "raw_files", ".xlsx", "files must end in", ".csv", ".parquet")


# Tables with nothing in them


def test_a_file_with_a_header_only(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path)
    write_csv(tmp_path / "orders.csv", (ORDERS[0], []))
    says(
        rebuild(settings),
        "There are no rows in the file",
        "orders.csv",
        "Is the export complete?",
        "raw_tables",
    )


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_a_file_without_a_single_byte(
    rebuild: Callable[..., DbtRun], tmp_path: Path, ending: str
) -> None:
    (tmp_path / f"orders.{ending}").touch()
    settings = {"raw_files": str(tmp_path / f"{{name}}.{ending}"), "raw_tables": ["orders"]}
    says(rebuild(settings), "There are no rows in the file", f"orders.{ending}", "raw_tables")


def test_an_empty_table(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
        connection.execute("create schema landing")
        write_table(connection, "landing.customers", CUSTOMERS)
        connection.execute("truncate landing.customers")
    settings = {"raw_schema": "landing"}
    says(rebuild(settings), "There are no rows in the table", '"landing"."customers"', "raw_tables")


# Rows that would spoil every figure


def test_one_order_dated_2099(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path)
    late = ("0021", "001", "2099-01-01 10:00:00", "completed", "1.00", "")
    write_csv(tmp_path / "orders.csv", (ORDERS[0], [*ORDERS[1], late]))
    says(
        rebuild(settings),
        "jump from 2024-04-30 to 2099-01-01",
        "366 days that the var max_days_without_orders allows",
        "latest_valid_date",
    )


def test_a_status_the_policy_does_not_know(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path)
    new = [
        (f"010{i}", "001", "2024-02-01", status, "1.00", "")
        for i, status in enumerate(["Shipped", "shipped ", "on hold"])
    ]
    write_csv(tmp_path / "orders.csv", (ORDERS[0], [*ORDERS[1], *new]))
    says(
        rebuild(settings),
        "does not know the order status",
        "'on hold' (1 rows)",
        "'shipped' (2 rows)",
        "It knows: completed, cancelled, pending",
        "counted_order_statuses, uncounted_order_statuses or refund_order_statuses",
    )


def test_more_rejected_rows_than_tolerated(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path) | {
        "raw_tables": ["customers", "orders"],
        "max_rejected_share": 0.1,
    }
    says(
        rebuild(settings),
        "Of 22 raw rows of orders, 3 are rejected, more than the share of 0.1",
        "missing_order_id 1",
        "unknown_customer 1",
        "unparsable_date 1",
        "max_rejected_share",
    )


def test_as_of_date_before_the_first_order(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    says(
        rebuild(write_shop(tmp_path) | {"as_of_date": "2023-12-31"}),
        "The first accepted order is dated 2024-01-03, after as_of_date 2023-12-31",
        "set the var as_of_date to a later day",
    )


def test_no_order_that_can_be_accepted(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_shop(tmp_path) | {"max_rejected_share": 1}
    rows = [(*row[:2], "no date", *row[3:]) for row in ORDERS[1]]
    write_csv(tmp_path / "orders.csv", (ORDERS[0], rows))
    says(rebuild(settings), "No order was accepted, so there is nothing to count.")


# Wrong settings: refused when the project is read, before a database is opened

A_LIST = "a list like [first, second]"
A_MAPPING = "a mapping of names to SQL"
WRONG_SETTINGS = [
    ("inactivity_days", "ninety", "'ninety'", "a whole number from 1 to 3660"),
    ("inactivity_days", "90", "'90'", "a whole number from 1 to 3660"),
    ("inactivity_days", 0, "0", "a whole number from 1 to 3660"),
    ("inactivity_days", -1, "-1", "a whole number from 1 to 3660"),
    ("inactivity_days", 1.5, "1.5", "a whole number from 1 to 3660"),
    ("inactivity_days", True, "true", "a whole number from 1 to 3660"),
    ("inactivity_days", None, "null", "a value (it is empty)"),
    ("max_days_without_orders", 0, "0", "a whole number from 1 to 36600"),
    (
        "expectations",
        ["rows_lost"],
        '["rows_lost"]',
        "a mapping like {rows_lost: {warn: 0.05, error: 0.3}}",
    ),
    ("status_bases", ["logins"], "'logins'", "orders_window, orders_calendar"),
    ("status_bases", [], "[]", "a list with at least one entry"),
    ("status_bases", "orders_window", "'orders_window'", A_LIST),
    ("period_grains", ["day"], "'day'", "week, month, quarter, year"),
    ("period_grains", ["month", "month"], '["month", "month"]', "without repeated entries"),
    ("headline_basis", "orders", "'orders'", "orders_window orders_calendar subscriptions"),
    ("segment_dimensions", ["colour"], "'colour'", "country, acquisition_channel"),
    ("business_timezone", "Europe/Londn", "'Europe/Londn'", "a time zone name like Europe/London"),
    ("business_timezone", ["UTC"], '["UTC"]', "a time zone name like Europe/London"),
    ("as_of_date", "2024-02-30", "'2024-02-30'", "a date like 2025-01-31"),
    ("as_of_date", "31.01.2024", "'31.01.2024'", "a date like 2025-01-31"),
    ("latest_valid_date", "soon", "'soon'", "a date like 2025-01-31"),
    ("earliest_valid_date", None, "null", "a value (it is empty)"),
    ("counted_order_statuses", [200], "200", "a list of texts (put quotes around each)"),
    ("counted_order_statuses", ["Paid"], "'Paid'", "lower case"),
    ("uncounted_order_statuses", ["completed"], "'completed'", "of `counted_order_statuses`"),
    ("decimal_separator", ";", "';'", "one of: . ,"),
    ("decimal_separator", {"orders": ";"}, "';'", "one of: . ,"),
    ("decimal_separator", {"customers.country": ","}, "'customers.country'", "orders.amount"),
    ("raw_timezones", "CEST", "'CEST'", "a time zone name like Europe/London"),
    ("raw_timezones", {"order": "UTC"}, "'order'", "keys are among: default"),
    ("raw_time_units", ["orders"], '["orders"]', "{orders: {ordered_at: epoch_seconds}}"),
    (
        "raw_time_units",
        {"orders": {"amount": "epoch_seconds"}},
        "'amount'",
        "ordered_at, updated_at",
    ),
    (
        "raw_time_units",
        {"orders": {"ordered_at": "seconds"}},
        "'seconds'",
        "epoch_seconds, epoch_milliseconds",
    ),
    ("timezone_abbreviations", {"ist": "+05:30"}, "'ist'", "capital letters like IST"),
    ("timezone_abbreviations", {"IST": "+99:00"}, "'+99:00'", "an offset like '+05:30'"),
    ("timestamp_formats", "%d/%m/%Y", "'%d/%m/%Y'", A_LIST),
    ("timestamp_formats", ["DD/MM/YYYY"], "'DD/MM/YYYY'", "strptime formats like %d/%m/%Y"),
    (
        "timestamp_formats",
        ["%d/%m/%Y %H:%M", "%m/%d/%Y"],
        "'%m/%d/%Y'",
        "'%d/%m/%Y %H:%M' reads the same texts",
    ),
    (
        "timestamp_formats",
        {"orders": ["%d/%m/%Y", "%m/%d/%Y"]},
        "'%m/%d/%Y'",
        "name their formats per table",
    ),
    (
        "missing_texts",
        {"orders.amount": ["-"]},
        '{"orders.amount": ["-"]}',
        "a mapping with `default`",
    ),
    ("id_cleaning", ["lower"], '["lower"]', "{all: [lower]}"),
    (
        "id_cleaning",
        {"all": ["upper"]},
        "'upper'",
        "lower, strip_decimal_zero, strip_leading_zeros",
    ),
    ("reject_negative_amounts", "no", "'no'", "true or false"),
    ("missing_texts", "n/a", "'n/a'", A_LIST),
    ("max_rejected_share", 2, "2", "a number from 0 to 1"),
    ("max_rejected_share", "5%", "'5%'", "a number from 0 to 1"),
    ("raw_tables", ["invoices"], "'invoices'", "customers, orders, refunds"),
    ("raw_tables", ["customers"], '["customers"]', "`orders`"),
    ("raw_files", "", "''", "a text"),
    ("raw_files", "shop.csv", "'shop.csv'", "{name}"),
    ("raw_line_level", ["customers"], "'customers'", "among: orders, refunds"),
    ("raw_columns", {"invoices": {}}, "'invoices'", "keys are among: customers, orders, refunds"),
    ("raw_columns", {"orders": "id"}, "'id'", A_MAPPING),
    ("raw_columns", {"orders": {"id": "x"}}, "'id'", "keys are among: order_id, customer_id"),
    ("raw_columns", {"orders": {"order_id": None}}, "null", "an SQL expression"),
    ("raw_rejects", {"orders": {"free": None}}, "null", "an SQL expression"),
    ("raw_database", "elsewhere", "'elsewhere'", "set together with raw_schema"),
    ("raw_rejects", {"orders": ["amount = 0"]}, '["amount = 0"]', A_MAPPING),
    ("policy_release", 2026, "2026", "a text"),
]


@pytest.mark.parametrize(
    ("name", "value", "shown", "allowed"),
    WRONG_SETTINGS,
    ids=[f"{name}={value}" for name, value, _, _ in WRONG_SETTINGS],
)
def test_a_wrong_setting(tmp_path: Path, name: str, value: Any, shown: str, allowed: str) -> None:
    said = refusal({name: value}, tmp_path)
    for part in (f"The policy var `{name}", f"` is {shown}; it must be ", allowed, "Set it under"):
        assert part in said


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        # A number and a list, one with a rule that another setting decides; with the demo and own files.
        ({"inactivity_days": 0}, "`inactivity_days` is 0; it must be a whole number from 1 to"),
        (
            {"raw_files": "{name}.csv", "raw_tables": ["customers", "refunds"]},
            '`raw_tables` is ["customers", "refunds"]; it must be a list with `orders`',
        ),
    ],
)
def test_a_wrong_setting_stops_dbt_when_it_reads_the_project(
    tmp_path: Path, settings: Settings, sentence: str
) -> None:
    run = dbt("parse", database=tmp_path / "none.duckdb", settings=settings)
    assert not run.ok
    says(run, "The policy var ", sentence, "Set it under")
    assert not (tmp_path / "none.duckdb").exists()


def test_settings_nobody_reads(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    """All at once, each with the name that was probably meant."""
    manifest = manifest_of({}, tmp_path / "built.duckdb")
    assert isinstance(manifest, Manifest)  # read already: what nobody reads cannot change it
    says(
        rebuild(
            {"inactivity_day": 30, "counted_statuses": ["paid"], "asof_date": "2024-01-01"},
            manifest,
        ),
        "There is no policy var `inactivity_day`. Did you mean `inactivity_days`?",
        "There is no policy var `counted_statuses`. Did you mean `counted_order_statuses`?",
        "There is no policy var `asof_date`. Did you mean `as_of_date`?",
        "There are: as_of_date, ",
    )
