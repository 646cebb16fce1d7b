"""What both parts of the demo are made with: records, spellings, and how dirt is spread."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LAST_MOMENT = datetime(2025, 12, 14, 23, 59, 59)  # data is complete up to here
CLEAN_FORMAT = "%Y-%m-%d %H:%M:%S"
# All of these are test accounts. They order too, and must never reach a metric.
TEST_EMAILS = (
    "qa@example.com",
    "checkout.robot@example.com",
    "Demo.User@Example.COM",
    " load-1@test.invalid",
    "load-2@test.invalid",
    "anna+test@mail.example",
    "ben+TEST@mail.example",
    "release+test@shop.example",
)
Row = dict[str, str]


@dataclass
class Order:
    """An order as it really happened."""

    ordered_at: datetime
    status: str
    pence: int
    written_as: str = ""  # how the export spells ordered_at, if not in the clean format
    order_id: str = ""


@dataclass
class Customer:
    """A customer with all orders."""

    email: str
    signed_up_at: datetime
    country: str
    channel: str
    segment: str
    by_hand: bool = False  # boundary cases and test accounts stay as they are
    orders: list[Order] = field(default_factory=list)
    customer_id: str = ""


def money(pence: int) -> str:
    """Format pence as pounds with two decimals."""
    return f"{pence // 100}.{pence % 100:02d}"


BLANKS = ("", "  ", "NULL", "nan")
UNPARSABLE_DATES = ("not a date", "2023-02-30 10:00:00", "31/31/2023", "")
TOO_EARLY_DATES = ("1900-01-01 00:00:00", "1970-01-01 00:00:00", "1989-12-31 23:59:59")
UNPARSABLE_AMOUNTS = ("abc", "12,5", "")
NO_BREAK_SPACE = "\u00a0"
PADDINGS = (" {}", "{} ", "  {}  ", "{}\t", "\t{}", NO_BREAK_SPACE + "{}", "{}" + NO_BREAK_SPACE)
THOUSANDS_SEPARATORS = (",", " ", "'")
DATE_FORMATS = (
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%Y%m%d",
    "%d %b %Y %H:%M",
    "%Y-%m-%d",
)
ZONES = (  # offset from UTC in hours and how the export writes such a timestamp
    (0, "%Y-%m-%dT%H:%M:%SZ"),
    (0, "%Y-%m-%dT%H:%M:%S+00:00"),
    (2, "%Y-%m-%dT%H:%M:%S+02:00"),
    (-5, "%Y-%m-%dT%H:%M:%S-05:00"),
    (0, "%Y-%m-%d %H:%M:%S UTC"),
)


def set_in_turn(rows: Sequence[Row], column: str, values: Sequence[str]) -> None:
    """Overwrite a column, going round the values so that each of them occurs."""
    for number, row in enumerate(rows):
        row[column] = values[number % len(values)]


def exact_duplicates(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """A load that ran twice, for any table. Staging keeps one of the rows."""
    return [dict(row) for row in rows]


def unknown_customers(rng: random.Random, rows: list[Row]) -> None:
    """Customers deleted from the shop system. Staging rejects the order."""
    for row in rows:
        row["customer_id"] = f"C{rng.randint(90000, 99999)}"


def blank_customer_ids(_rng: random.Random, rows: list[Row]) -> None:
    """Guest checkouts without a customer. Staging rejects the order."""
    set_in_turn(rows, "customer_id", BLANKS)


def any_row(_row: Row) -> bool:
    """Every row will do."""
    return True


@dataclass(frozen=True)
class Dirt:
    """One kind of dirt: what to do, to how many rows, and which rows qualify."""

    apply: Callable[[random.Random, list[Row]], list[Row] | None]
    count: int
    qualifies: Callable[[Row], bool] = any_row


def add_dirt(
    rng: random.Random, table: list[Row], candidates: list[Row], kinds: Sequence[Dirt]
) -> None:
    """Apply each kind of dirt to candidates of its own, adding new rows at random places."""
    left = rng.sample(candidates, len(candidates))
    for kind in kinds:
        chosen = [row for row in left if kind.qualifies(row)][: kind.count]
        taken = {id(row) for row in chosen}
        left = [row for row in left if id(row) not in taken]
        for extra in kind.apply(rng, chosen) or []:
            table.insert(rng.randint(0, len(table)), extra)
