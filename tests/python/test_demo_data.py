"""The demo seeds are reproducible, of a sensible size, and contain every kind of dirt.

Nothing here uses the parsing of the warehouse: the rules for a valid order are written down
once more with the standard library, so that the seeds are judged independently of staging.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from retention_ledger.demo import customers_orders, shared
from retention_ledger.demo.__main__ import COLUMNS, main

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"
TABLES = ("raw_customers", "raw_orders", "raw_refunds")
LONDON = ZoneInfo("Europe/London")

BLANK = {"", "null", "nan"}
CLEAN_DATE = "%Y-%m-%d %H:%M:%S"
ODD_FORMATS = {
    "ISO with T": ("%Y-%m-%dT%H:%M:%S", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "slashes": ("%d/%m/%Y %H:%M", r"\d\d/\d\d/\d{4} \d\d:\d\d"),
    "dots": ("%d.%m.%Y %H:%M:%S", r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d"),
    "digits only": ("%Y%m%d", r"\d{8}"),
    "month name": ("%d %b %Y %H:%M", r"\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d"),
    "date only": ("%Y-%m-%d", r"\d{4}-\d\d-\d\d"),
}
ZONES = ("Z", "+00:00", "+02:00", "-05:00", " UTC")
AMOUNT = re.compile(r"£?\d+\.\d\d|£?\d{1,3}([,' ]\d{3})+\.\d\d")

Row = dict[str, str]


def read(name: str) -> list[Row]:
    """Read one committed seed."""
    with open(SEEDS / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CUSTOMERS, ORDERS, REFUNDS = (read(name) for name in TABLES)


def clean(text: str) -> str:
    """Trim white space of any kind; a blank value becomes an empty string."""
    text = text.strip()
    return "" if text.lower() in BLANK else text


def to_local(text: str) -> datetime | None:
    """Read a date in any of the agreed formats as London time, or return None."""
    for pattern in (CLEAN_DATE, *(pattern for pattern, _ in ODD_FORMATS.values())):
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            pass
    if not text.endswith(ZONES):
        return None
    moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    return moment.astimezone(LONDON).replace(tzinfo=None)


def to_amount(text: str) -> float | None:
    """Read an amount in any of the agreed formats, or return None."""
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-")
    return sign * float(re.sub("[£,' ]", "", text)) if AMOUNT.fullmatch(text) else None


def is_test_account(customer: Row) -> bool:
    """Whether the e-mail address is one of a test account."""
    local_part, _, domain = clean(customer["email"]).lower().partition("@")
    return domain in {"example.com", "test.invalid"} or local_part.endswith("+test")


CUSTOMER_IDS = {clean(row["customer_id"]) for row in CUSTOMERS} - {""}
TEST_ACCOUNT_IDS = {clean(row["customer_id"]) for row in CUSTOMERS if is_test_account(row)}


def faults(order: Row) -> set[str]:
    """Name every reason for which an order must be rejected."""
    found = {
        f"blank {column}"
        for column in ("order_id", "customer_id", "status")
        if not clean(order[column])
    }
    customer_id = clean(order["customer_id"])
    if customer_id and customer_id not in CUSTOMER_IDS:
        found.add("unknown customer")
    if customer_id in TEST_ACCOUNT_IDS:
        found.add("test account")
    when, amount = to_local(order["ordered_at"]), to_amount(order["amount"])
    if when is None:
        found.add("unparsable date")
    elif when > datetime(2025, 12, 31, 23, 59, 59):
        found.add("future date")
    elif when < datetime(1990, 1, 1):
        found.add("early date")
    if amount is None:
        found.add("unparsable amount")
    elif amount < 0:
        found.add("negative amount")
    return found


VALID_ORDERS = [row for row in ORDERS if not faults(row)]
ORDER_VERSIONS: dict[str, list[Row]] = {}
for _row in VALID_ORDERS:
    ORDER_VERSIONS.setdefault(clean(_row["order_id"]), []).append(_row)


def repeated(rows: list[Row]) -> int:
    """Count the rows that are exact copies of another."""
    return sum(count - 1 for count in Counter(tuple(row.values()) for row in rows).values())


def padded(rows: list[Row], column: str) -> int:
    """Count values with white space around them."""
    return sum(row[column] != row[column].strip() and clean(row[column]) != "" for row in rows)


def orders_of(local_part: str) -> list[Row]:
    """Return the orders of one hand-written customer, in the order of their ids."""
    email = f"{local_part}@mail.example"
    (customer_id,) = {row["customer_id"] for row in CUSTOMERS if row["email"] == email}
    rows = [row for row in ORDERS if row["customer_id"] == customer_id]
    return sorted(rows, key=lambda row: row["order_id"])


def local_times(local_part: str) -> list[str]:
    """Return the London times of the orders of one hand-written customer."""
    return [str(to_local(row["ordered_at"])) for row in orders_of(local_part)]


# Reproducible, and of the right size


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write the seeds twice."""
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for folder in folders:
        main(["--out", str(folder)])
    return folders


@pytest.mark.parametrize("name", TABLES)
def test_every_run_gives_the_committed_seeds(two_runs: tuple[Path, Path], name: str) -> None:
    first, second = ((folder / f"{name}.csv").read_bytes() for folder in two_runs)
    assert first == second
    assert first == (SEEDS / f"{name}.csv").read_bytes()


def test_sizes() -> None:
    files = [(SEEDS / f"{name}.csv").read_bytes() for name in TABLES]
    assert sum(map(len, files)) < 2_500_000
    assert not any(b"\r" in content for content in files)
    assert 3_000 <= len(CUSTOMERS) <= 3_300
    assert 20_000 <= len(ORDERS) <= 23_000
    assert 600 <= len(REFUNDS) <= 1_000


@pytest.mark.parametrize("name", TABLES)
def test_columns_and_no_line_breaks_in_values(name: str) -> None:
    lines = (SEEDS / f"{name}.csv").read_text(encoding="utf-8").split("\n")
    assert tuple(lines[0].split(",")) == COLUMNS[name]
    assert len(lines) == len(read(name)) + 2  # the header and the end of the last line


# The business the seeds describe


def test_the_data_ends_on_its_last_day() -> None:
    times = [to_local(row["ordered_at"]) for row in VALID_ORDERS]
    assert min(times) == datetime(2022, 1, 1)
    assert max(times).date() == datetime(2025, 12, 14).date()
    updates = [datetime.strptime(row["updated_at"], CLEAN_DATE) for row in ORDERS]
    assert max(updates) <= datetime(2025, 12, 14, 23, 59, 59)
    refunds = [to_local(row["refunded_at"]) for row in REFUNDS]
    assert max(time for time in refunds if time) <= datetime(2025, 12, 14, 23, 59, 59)


def test_shares_of_statuses_and_of_one_time_buyers() -> None:
    latest = [max(rows, key=lambda row: row["updated_at"]) for rows in ORDER_VERSIONS.values()]
    statuses = Counter(clean(row["status"]).lower() for row in latest)
    assert set(statuses) == {"completed", "cancelled", "pending"}
    assert 0.92 < statuses["completed"] / len(latest) < 0.96
    assert 0.03 < statuses["cancelled"] / len(latest) < 0.05
    pending = [row for row in latest if clean(row["status"]).lower() == "pending"]
    assert min(to_local(row["ordered_at"]) for row in pending) > datetime(2025, 11, 10)
    orders = Counter(clean(row["customer_id"]) for row in latest)
    assert 0.33 < sum(count == 1 for count in orders.values()) / len(orders) < 0.42


def test_boundary_cases() -> None:
    assert local_times("case.first_moment") == ["2022-01-01 00:00:00"]
    assert local_times("case.leap_day") == ["2024-02-29 12:00:00"]
    assert len({time[:10] for time in local_times("case.three_in_a_day")}) == 1
    assert len(local_times("case.three_in_a_day")) == 3
    for days in (90, 91):
        first, second = map(datetime.fromisoformat, local_times(f"case.{days}_days_apart"))
        assert second - first == timedelta(days=days)
    assert [row["status"] for row in orders_of("case.only_cancelled")] == ["cancelled"]
    assert [row["status"] for row in orders_of("case.first_cancelled")][:2] == [
        "cancelled",
        "completed",
    ]
    assert [row["amount"] for row in orders_of("case.only_free_sample")] == ["0.00"]


def test_boundary_cases_in_other_time_zones() -> None:
    assert local_times("case.zones_same_day") == ["2023-03-14 23:30:00", "2023-12-31 23:30:00"]
    assert local_times("case.zones_next_month") == [
        "2023-04-01 00:30:00",
        "2023-07-01 00:30:00",
        "2023-09-01 00:15:00",
        "2024-01-01 01:00:00",
    ]
    assert local_times("case.zones_previous_month") == [
        "2023-12-31 22:30:00",
        "2024-06-30 23:30:00",
    ]
    assert local_times("case.zones_last_day") == ["2025-12-14 22:30:00", "2025-12-14 23:59:59"]


# Dirt in orders


@pytest.mark.parametrize(
    "fault",
    [
        "blank order_id",
        "blank customer_id",
        "blank status",
        "unknown customer",
        "test account",
        "unparsable date",
        "future date",
        "early date",
        "unparsable amount",
        "negative amount",
    ],
)
def test_orders_with_a_fault_are_present_and_have_no_other(fault: str) -> None:
    found = [faults(row) for row in ORDERS if fault in faults(row)]
    assert len(found) >= 10
    assert all(names == {fault} for names in found)


def test_two_to_three_percent_of_orders_are_rejected() -> None:
    assert 0.02 < 1 - len(VALID_ORDERS) / len(ORDERS) < 0.03


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("ordered_at", value) for value in shared.UNPARSABLE_DATES),
        *(("ordered_at", value) for value in customers_orders.FUTURE_DATES),
        *(("ordered_at", value) for value in shared.TOO_EARLY_DATES),
        *(("amount", value) for value in shared.UNPARSABLE_AMOUNTS),
        *(("order_id", value) for value in shared.BLANKS),
        *(("customer_id", value) for value in shared.BLANKS),
        *(("status", value) for value in shared.BLANKS),
    ],
)
def test_each_bad_value_occurs(column: str, value: str) -> None:
    assert any(row[column] == value for row in ORDERS)


def test_repeated_orders() -> None:
    assert repeated(ORDERS) > 0
    spellings = [{row["order_id"] for row in rows} for rows in ORDER_VERSIONS.values()]
    assert sum(len(names) > 1 for names in spellings) > 0


def test_corrections_have_one_newest_row() -> None:
    changes: Counter[str] = Counter()
    for rows in ORDER_VERSIONS.values():
        versions = {(row["updated_at"], row["status"], row["amount"]) for row in rows}
        if len(versions) > 1:
            (_, old_status, _), (_, new_status, _) = sorted(versions)
            assert len({updated_at for updated_at, _, _ in versions}) == 2
            changes[f"{old_status} to {new_status}"] += 1
    assert set(changes) == {
        "completed to completed",  # the amount was corrected
        "completed to cancelled",
        "pending to completed",
    }


@pytest.mark.parametrize(
    "pattern", [pattern for _, pattern in ODD_FORMATS.values()], ids=ODD_FORMATS
)
def test_each_date_format_occurs(pattern: str) -> None:
    for rows, column in ((ORDERS, "ordered_at"), (CUSTOMERS, "signed_up_at")):
        assert sum(bool(re.fullmatch(pattern, row[column])) for row in rows) > 0


@pytest.mark.parametrize("zone", ZONES)
def test_each_time_zone_occurs(zone: str) -> None:
    pattern = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d" + re.escape(zone))
    assert sum(bool(pattern.fullmatch(row["ordered_at"])) for row in ORDERS) > 0


def test_some_time_zones_move_an_order_to_another_day_or_month() -> None:
    zoned = [row["ordered_at"] for row in VALID_ORDERS if row["ordered_at"].endswith(ZONES)]
    moved = [text for text in zoned if str(to_local(text))[:10] != text[:10]]
    assert len(moved) > 20
    assert sum(str(to_local(text))[:7] != text[:7] for text in moved) >= 5


def test_five_percent_of_dates_are_spelt_differently() -> None:
    odd = sum(not re.fullmatch(r"[\d-]{10} [\d:]{8}", row["ordered_at"]) for row in VALID_ORDERS)
    assert 0.04 < odd / len(ORDERS) < 0.06


def test_white_space_and_letter_case_in_orders() -> None:
    columns = ("order_id", "customer_id", "status")
    assert all(padded(ORDERS, column) > 0 for column in columns)
    values = "".join(row[column] for row in ORDERS for column in columns)
    assert "\t" in values
    assert "\u00a0" in values
    assert {"Completed", "COMPLETED"} <= {row["status"] for row in ORDERS}


@pytest.mark.parametrize("pattern", [r"\d,\d{3}\.", r"\d \d{3}\.", r"\d'\d{3}\.", r"^£\d"])
def test_each_spelling_of_amounts_occurs(pattern: str) -> None:
    found = [row["amount"] for row in ORDERS if re.search(pattern, row["amount"])]
    assert len(found) > 0
    assert all(to_amount(text) is not None for text in found)


def test_zero_amounts_are_present() -> None:
    assert sum(to_amount(row["amount"]) == 0 for row in VALID_ORDERS) > 10


# Dirt in customers


def test_repeated_customers() -> None:
    assert repeated(CUSTOMERS) > 0
    versions: dict[str, set[tuple[str, ...]]] = {}
    for row in CUSTOMERS:
        versions.setdefault(row["customer_id"], set()).add(tuple(row.values()))
    conflicts = [rows for name, rows in versions.items() if clean(name) and len(rows) > 1]
    assert len(conflicts) > 0
    for rows in conflicts:  # the first sign-up is unambiguous
        assert len({to_local(row[2]) for row in rows}) == len(rows)


def test_customers_without_id() -> None:
    assert sum(not clean(row["customer_id"]) for row in CUSTOMERS) > 0


@pytest.mark.parametrize("column", customers_orders.ATTRIBUTE_COLUMNS)
def test_a_few_percent_of_attributes_are_missing(column: str) -> None:
    missing = sum(not clean(row[column]) for row in CUSTOMERS)
    assert 0 < missing < 0.05 * len(CUSTOMERS)


def test_white_space_and_letter_case_in_customers() -> None:
    assert all(padded(CUSTOMERS, column) > 0 for column in ("customer_id", "country", "email"))
    assert "gb" in {row["country"] for row in CUSTOMERS}
    assert "Organic" in {row["acquisition_channel"] for row in CUSTOMERS}
    assert any(row["email"].isupper() for row in CUSTOMERS)


def test_test_accounts_and_their_look_alikes() -> None:
    assert len(TEST_ACCOUNT_IDS) == len(shared.TEST_EMAILS)
    for local_part in ("contest.winner", "ines.example.com", "omar+shop"):
        assert all(not faults(row) for row in orders_of(local_part))
    real = [row for row in CUSTOMERS if not is_test_account(row)]
    assert all(clean(row["email"]).lower().endswith("@mail.example") for row in real)


def test_every_sign_up_date_can_be_read() -> None:
    assert all(to_local(row["signed_up_at"]) for row in CUSTOMERS)


# Dirt in refunds


def test_refunds_of_unknown_orders() -> None:
    known = {clean(row["order_id"]) for row in ORDERS}
    assert sum(clean(row["order_id"]) not in known for row in REFUNDS) > 0


def test_repeated_refunds_agree_on_the_amount() -> None:
    assert repeated(REFUNDS) > 0
    distinct = {tuple(row.values()): row for row in REFUNDS}.values()
    ids = Counter(row["refund_id"] for row in distinct)
    resent = [row for row in distinct if ids[row["refund_id"]] > 1]
    assert len(resent) > 0
    assert len({(row["refund_id"], row["amount"]) for row in resent}) == len(resent) / 2


def test_negative_and_undated_refunds() -> None:
    assert sum(to_amount(row["amount"]) < 0 for row in REFUNDS) > 0
    assert sum(to_local(row["refunded_at"]) is None for row in REFUNDS) > 0


def test_good_refunds_follow_their_order_and_never_exceed_it() -> None:
    refunds: dict[str, dict[str, Row]] = {}
    early = 0
    for row in REFUNDS:
        order_id, when = clean(row["order_id"]), to_local(row["refunded_at"])
        if when is None or to_amount(row["amount"]) < 0 or order_id not in ORDER_VERSIONS:
            continue
        if when < to_local(ORDER_VERSIONS[order_id][0]["ordered_at"]):
            early += 1
            continue
        refunds.setdefault(order_id, {})[clean(row["refund_id"])] = row
    assert early > 0
    assert sum(len(rows) == 2 for rows in refunds.values()) > 5
    for order_id, rows in refunds.items():
        total = sum(to_amount(row["amount"]) for row in rows.values())
        assert total <= to_amount(ORDER_VERSIONS[order_id][0]["amount"]) + 0.001


def test_some_refunds_fall_into_a_later_month() -> None:
    later = 0
    for row in REFUNDS:
        rows, when = ORDER_VERSIONS.get(clean(row["order_id"])), to_local(row["refunded_at"])
        if rows and when:
            later += f"{when:%Y-%m}" > f"{to_local(rows[0]['ordered_at']):%Y-%m}"
    assert later > 100
