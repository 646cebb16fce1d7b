"""An independent oracle for the Retention Ledger: the definitions, done by hand, day by day.

This module is deliberately slow and naive. It shares nothing with the dbt project: no SQL, no
macro, no common helper. Where the SQL joins spells with periods, this walks through every day of
every customer and asks "active on this day? active on the day before?". If both give the same
answer, it is not because both contain the same clever idea.

Part 1, the ledger    ``active_days``, ``spells``, ``movements``, ``retention``
Part 2, the cleaning  ``clean_text``, ``parse_timestamp``, ``parse_amount``, ``clean``,
                      ``clean_seeds``; ``order_days`` and ``segments_of`` lead over to part 1

Only the standard library is used. Every definition is quoted from the design where it is used.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

UNKNOWN = "(unknown)"
ONE_DAY = timedelta(days=1)

# --------------------------------------------------------------------------------------------
# Part 1: the ledger
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """The policy vars the ledger depends on."""

    inactivity_days: int = 90
    period_grains: tuple[str, ...] = ("week", "month", "quarter", "year")
    status_bases: tuple[str, ...] = ("orders_window", "orders_calendar")


@dataclass(frozen=True)
class Movement:
    """One row of ``customer_movements``, without its key."""

    movement: str
    is_acquired: bool
    start_events: int
    churn_events: int
    first_event_on: date
    last_event_on: date


@dataclass
class Retention:
    """One row of ``retention_by_period``, without its key. Counts are filled while counting."""

    period_end: date
    period_status: str
    is_latest_complete_period: bool
    opening_customers: int = 0
    new_customers: int = 0
    reactivated_customers: int = 0
    churned_customers: int = 0
    transient_customers: int = 0
    interrupted_customers: int = 0
    acquired_customers: int = 0
    retained_customers: int = 0
    closing_customers: int = 0
    start_events: int = 0
    churn_events: int = 0
    lapsed_opening_customers: int = 0
    customer_churn_rate: Fraction | None = None
    retention_rate: Fraction | None = None
    gross_churn_rate: Fraction | None = None
    net_churn_rate: Fraction | None = None
    event_churn_rate: Fraction | None = None
    win_back_rate: Fraction | None = None


MovementKey = tuple[str, str, date, str]  # basis, grain, period_start, customer_id
RetentionKey = tuple[str, str, date, str, str]  # basis, grain, period_start, dimension, value
ActiveByBasis = Mapping[str, Mapping[str, Iterable[date]]]  # basis, customer_id: active days


# Time


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` to ``last``, both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def period_start(day: date, grain: str) -> date:
    """First day of the period of that grain with the day in it. Weeks are ISO: from Monday."""
    if grain == "week":
        return day - timedelta(days=day.isoweekday() - 1)
    if grain == "month":
        return date(day.year, day.month, 1)
    if grain == "quarter":
        first_month = {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7, 10: 10, 11: 10, 12: 10}
        return date(day.year, first_month[day.month], 1)
    if grain == "year":
        return date(day.year, 1, 1)
    raise ValueError(f"unknown period grain {grain!r}")


def period_end(day: date, grain: str) -> date:
    """Last day of the period with the day in it: walk on until the next day is in another one."""
    start = period_start(day, grain)
    while period_start(day + ONE_DAY, grain) == start:
        day = day + ONE_DAY
    return day


def periods(first: date, last: date, grain: str) -> list[tuple[date, date]]:
    """(first day, last day) of every period from the one with ``first`` to the one with ``last``.

    The last day of the last period may lie after ``last``.
    """
    starts = sorted({period_start(day, grain) for day in days_between(first, last)})
    return [(start, period_end(start, grain)) for start in starts]


# Who is active on which day


def active_days(order_days: Iterable[date], basis: str, policy: Policy, as_of: date) -> set[date]:
    """The days up to ``as_of`` on which a customer with these days of counted orders is active.

    Orders after ``as_of`` are set aside, as the project does.
    """
    orders = {day for day in order_days if day <= as_of}
    if not orders:
        return set()
    if basis == "orders_window":
        return _active_days_window(orders, policy.inactivity_days, as_of)
    if basis == "orders_calendar":
        return _active_days_calendar(orders, as_of)
    raise ValueError(f"the oracle does not know the basis {basis!r}")


def _active_days_window(orders: set[date], inactivity_days: int, as_of: date) -> set[date]:
    """Active on a day when the last order is fewer than ``inactivity_days`` days ago."""
    active = set()
    last_order = None
    for day in days_between(min(orders), as_of):
        if day in orders:
            last_order = day
        if (day - last_order).days < inactivity_days:
            active.add(day)
    return active


def _active_days_calendar(orders: set[date], as_of: date) -> set[date]:
    """Active from the first order of a run of consecutive months with an order until the first
    day of the first empty month, which counts as empty only when it is complete.
    """
    months_with_order = {period_start(day, "month") for day in orders}
    # A month is complete once the day after as_of is in a later month.
    first_incomplete_month = period_start(as_of + ONE_DAY, "month")
    active = set()
    for day in days_between(min(orders), as_of):
        first_of_month = period_start(day, "month")
        month_before = period_start(first_of_month - ONE_DAY, "month")
        bought_this_month = first_of_month in months_with_order
        bought_month_before = month_before in months_with_order
        month_is_complete = first_of_month < first_incomplete_month
        if bought_this_month and bought_month_before:
            active.add(day)  # in the middle of a run
        elif bought_this_month:
            # The first month of a run: from its first order on.
            if any(first_of_month <= order <= day for order in orders):
                active.add(day)
        elif bought_month_before and not month_is_complete:
            active.add(day)  # no order yet, but the month is not over
    return active


def spells(
    order_days: Iterable[date], basis: str, policy: Policy, as_of: date
) -> list[tuple[date, date | None]]:
    """Maximal runs of active days as (first active day, first inactive day after it).

    The end is None when the customer is still active on ``as_of``.
    """
    active = active_days(order_days, basis, policy, as_of)
    starts = [day for day in sorted(active) if day - ONE_DAY not in active]
    result = []
    for start in starts:
        day = start
        while day in active:
            day = day + ONE_DAY
        result.append((start, None if day > as_of else day))
    return result


class _Activity:
    """Who is active on which day, for one basis: one byte per customer and day.

    Also each customer's start events (active, the day before not) and churn events (inactive,
    the day before active), found by looking at every day up to ``as_of``.
    """

    def __init__(self, active_of: Mapping[str, Iterable[date]], as_of: date) -> None:
        active = {
            customer: days
            for customer, all_days in active_of.items()
            if (days := [day for day in all_days if day <= as_of])
        }
        self.customers = sorted(active)
        self.first_day = min((min(days) for days in active.values()), default=None)
        self.starts: dict[str, list[date]] = {}
        self.churns: dict[str, list[date]] = {}
        self._bytes: dict[str, bytearray] = {}
        if self.first_day is None:
            return
        # Calendars start two years early, so that "the day before the first period" exists.
        calendar_start = date(self.first_day.year - 2, 1, 1)
        self._offset = calendar_start.toordinal()
        calendar = list(days_between(calendar_start, as_of))
        for customer, days in active.items():
            flags = bytearray(len(calendar))
            for day in days:
                flags[day.toordinal() - self._offset] = 1
            self._bytes[customer] = flags
            self.starts[customer] = []
            self.churns[customer] = []
            for i in range(1, len(calendar)):
                if flags[i] and not flags[i - 1]:
                    self.starts[customer].append(calendar[i])
                if flags[i - 1] and not flags[i]:
                    self.churns[customer].append(calendar[i])

    def is_active(self, customer: str, day: date) -> bool:
        """Is the customer active on that day?"""
        return bool(self._bytes[customer][day.toordinal() - self._offset])


def _activity_of(
    basis: str,
    orders: Mapping[str, Iterable[date]],
    active: ActiveByBasis | None,
    policy: Policy,
    as_of: date,
) -> _Activity:
    """The activity of a basis: its active days when they are given, else from the orders."""
    if active is not None and basis in active:
        return _Activity(active[basis], as_of)
    return _Activity(
        {
            customer: active_days(order_days, basis, policy, as_of)
            for customer, order_days in orders.items()
        },
        as_of,
    )


def _grains_of(basis: str, policy: Policy) -> list[str]:
    """The grains for which a basis has rows: calendar months are not defined for weeks."""
    if basis == "orders_calendar":
        return [grain for grain in policy.period_grains if grain != "week"]
    return list(policy.period_grains)


def _movement(
    activity: _Activity, customer: str, start: date, end: date, as_of: date
) -> Movement | None:
    """What happened to a customer in the period from ``start`` to ``end``; None: nothing."""
    closing_day = min(end, as_of)
    start_events = [day for day in activity.starts[customer] if start <= day <= closing_day]
    churn_events = [day for day in activity.churns[customer] if start <= day <= closing_day]
    events = start_events + churn_events
    if not events:
        return None
    opening = activity.is_active(customer, start - ONE_DAY)
    closing = activity.is_active(customer, closing_day)
    is_acquired = activity.starts[customer][0] in start_events
    if opening and closing:
        movement = "interrupted"
    elif opening:
        movement = "churned"
    elif closing:
        movement = "new" if is_acquired else "reactivated"
    else:
        movement = "transient"
    return Movement(
        movement=movement,
        is_acquired=is_acquired,
        start_events=len(start_events),
        churn_events=len(churn_events),
        first_event_on=min(events),
        last_event_on=max(events),
    )


def movements(
    orders: Mapping[str, Iterable[date]],
    policy: Policy,
    as_of: date,
    active: ActiveByBasis | None = None,
) -> dict[MovementKey, Movement]:
    """The ledger: one row per basis, grain, period and customer to whom something happened.

    ``orders`` maps each customer to the days of the counted orders. A basis that is not made of
    orders is given by its active days: ``active`` maps the basis to {customer: active days}.
    """
    result: dict[MovementKey, Movement] = {}
    for basis in policy.status_bases:
        activity = _activity_of(basis, orders, active, policy, as_of)
        if activity.first_day is None:
            continue
        for grain in _grains_of(basis, policy):
            for start, end in periods(activity.first_day, as_of, grain):
                for customer in activity.customers:
                    row = _movement(activity, customer, start, end, as_of)
                    if row is not None:
                        result[basis, grain, start, customer] = row
    return result


def retention(
    orders: Mapping[str, Iterable[date]],
    segments: Mapping[str, Mapping[str, str | None]],
    policy: Policy,
    as_of: date,
    active: ActiveByBasis | None = None,
) -> dict[RetentionKey, Retention]:
    """Balances and rates per basis, grain, period and slice.

    ``orders`` and ``active`` are those of ``movements``.

    ``segments`` maps each customer to {dimension: value}. The dimensions are all those any
    customer has; a customer without a value (none given, or None) is in the slice '(unknown)'.
    Opening and closing are counted from the days, not from the movements, so that "opening +
    movements = closing" is a finding and not an assumption.
    """
    dimensions = sorted({dimension for values in segments.values() for dimension in values})
    result: dict[RetentionKey, Retention] = {}
    for basis in policy.status_bases:
        activity = _activity_of(basis, orders, active, policy, as_of)
        if activity.first_day is None:
            continue
        slices_of = {
            customer: _slices(segments.get(customer, {}), dimensions)
            for customer in activity.customers
        }
        all_slices = sorted({pair for pairs in slices_of.values() for pair in pairs})
        for grain in _grains_of(basis, policy):
            all_periods = periods(activity.first_day, as_of, grain)
            complete_starts = [start for start, end in all_periods if end <= as_of]
            latest_complete = max(complete_starts, default=None)
            for start, end in all_periods:
                rows = {
                    pair: Retention(
                        period_end=end,
                        period_status="complete" if end <= as_of else "partial",
                        is_latest_complete_period=start == latest_complete,
                    )
                    for pair in all_slices
                }
                for customer in activity.customers:
                    opening = activity.is_active(customer, start - ONE_DAY)
                    closing = activity.is_active(customer, min(end, as_of))
                    movement = _movement(activity, customer, start, end, as_of)
                    has_lapsed = not opening and any(
                        day < start for day in activity.starts[customer]
                    )
                    for pair in slices_of[customer]:
                        _count(rows[pair], opening, closing, movement)
                        rows[pair].lapsed_opening_customers += has_lapsed
                for (dimension, value), row in rows.items():
                    _add_rates(row)
                    result[basis, grain, start, dimension, value] = row
    return result


def _slices(values: Mapping[str, str | None], dimensions: Sequence[str]) -> list[tuple[str, str]]:
    """The (dimension, value) pairs a customer is counted in."""
    pairs = [("all", "all")]
    for dimension in dimensions:
        value = values.get(dimension)
        pairs.append((dimension, UNKNOWN if value is None else value))
    return pairs


def _count(row: Retention, opening: bool, closing: bool, movement: Movement | None) -> None:
    """Count one customer's period into a row."""
    if opening:
        row.opening_customers += 1
    if closing:
        row.closing_customers += 1
    if opening and closing:
        row.retained_customers += 1
    if movement is None:
        return
    if movement.movement == "new":
        row.new_customers += 1
    if movement.movement == "reactivated":
        row.reactivated_customers += 1
    if movement.movement == "churned":
        row.churned_customers += 1
    if movement.movement == "transient":
        row.transient_customers += 1
    if movement.movement == "interrupted":
        row.interrupted_customers += 1
    if movement.is_acquired:
        row.acquired_customers += 1
    row.start_events += movement.start_events
    row.churn_events += movement.churn_events


def _add_rates(row: Retention) -> None:
    """The rates, exactly; left at None for a partial period and where the denominator is 0."""
    opening = row.opening_customers
    if row.period_status == "complete" and row.lapsed_opening_customers > 0:
        row.win_back_rate = Fraction(row.reactivated_customers, row.lapsed_opening_customers)
    if row.period_status == "partial" or opening == 0:
        return
    churned = row.churned_customers
    row.customer_churn_rate = Fraction(churned, opening)
    row.retention_rate = Fraction(opening - churned, opening)
    row.gross_churn_rate = Fraction(churned + row.transient_customers, opening)
    row.net_churn_rate = Fraction(opening - row.closing_customers, opening)
    row.event_churn_rate = Fraction(row.churn_events, opening)


# --------------------------------------------------------------------------------------------
# Part 2: the cleaning of the demo's raw files
# --------------------------------------------------------------------------------------------

TRIMMED = " \t\r\n\u00a0"
MISSING_WORDS = {"", "null", "NULL", "nan", "NaN", "None", "N/A"}
FIRST_VALID_DATE = date(1990, 1, 1)
DEMO_LATEST_VALID_DATE = date(2025, 12, 31)
DEMO_TIMEZONE = "Europe/London"
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

RawRow = Mapping[str, str | None]


@dataclass(frozen=True)
class Customer:
    """An accepted customer; a missing segment is '(unknown)' already."""

    customer_id: str
    email: str | None
    signed_up_at: datetime | None
    country: str
    acquisition_channel: str
    customer_segment: str


@dataclass(frozen=True)
class Order:
    """An accepted order; times are local."""

    order_id: str
    customer_id: str
    ordered_at: datetime
    amount: Decimal
    status: str
    is_counted: bool

    @property
    def ordered_on(self) -> date:
        """The local day of the order."""
        return self.ordered_at.date()


@dataclass(frozen=True)
class Refund:
    """An accepted refund; times are local."""

    refund_id: str
    order_id: str
    refunded_at: datetime
    amount: Decimal

    @property
    def refunded_on(self) -> date:
        """The local day of the refund."""
        return self.refunded_at.date()


@dataclass
class Cleaned:
    """What ``clean`` returns. ``rejected`` holds (table, key exactly as in the file, reason)."""

    as_of: date | None = None
    customers: dict[str, Customer] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)


# Values


def clean_text(raw: str | None) -> str | None:
    """Trimmed text; None when it is missing."""
    if raw is None:
        return None
    text = raw.strip(TRIMMED)
    return None if text in MISSING_WORDS else text


def _lower(raw: str | None) -> str | None:
    text = clean_text(raw)
    return None if text is None else text.lower()


def _upper(raw: str | None) -> str | None:
    text = clean_text(raw)
    return None if text is None else text.upper()


_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z| UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_OTHER_FORMATS = [
    # %d/%m/%Y %H:%M
    re.compile(
        r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})"
        r"(?: (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}))?"
    ),
    # %d.%m.%Y %H:%M:%S
    re.compile(
        r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})"
        r"(?: (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}))?"
    ),
    # %Y%m%d
    re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    # %d %b %Y %H:%M
    re.compile(
        r"(?P<day>[0-9]{1,2}) (?P<month>[A-Za-z]{3}) (?P<year>[0-9]{4})"
        r"(?: (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}))?"
    ),
]


def parse_timestamp(text: str, business_timezone: str = DEMO_TIMEZONE) -> datetime | None:
    """Local time without a zone, from cleaned text; None when it cannot be parsed.

    ISO with a zone is converted to the business time zone. Everything else is local already. A
    date alone is its midnight; the formats other than ISO may come without their time.
    """
    for pattern in [_ISO, *_OTHER_FORMATS]:
        match = pattern.fullmatch(text)
        if match:
            return _timestamp_from(match.groupdict(), business_timezone)
    return None


def _timestamp_from(parts: Mapping[str, str | None], business_timezone: str) -> datetime | None:
    month = parts["month"]
    if month.isdigit():
        month_number = int(month)
    elif month.lower() in MONTHS:
        month_number = MONTHS.index(month.lower()) + 1
    else:
        return None
    microseconds = ((parts.get("fraction") or "") + "000000")[:6]
    try:
        moment = datetime(
            int(parts["year"]),
            month_number,
            int(parts["day"]),
            int(parts.get("hour") or 0),
            int(parts.get("minute") or 0),
            int(parts.get("second") or 0),
            int(microseconds),
        )
    except ValueError:  # 31 February, 25:00
        return None
    zone = parts.get("zone")
    if zone is None:
        return moment
    offset = _offset_of(zone)
    if offset is None:
        return None
    try:
        zoned = moment.replace(tzinfo=timezone(offset))
        return zoned.astimezone(ZoneInfo(business_timezone)).replace(tzinfo=None, fold=0)
    except OverflowError:  # the first or last day of the calendar: invalid either way
        return moment


def _offset_of(zone: str) -> timedelta | None:
    if zone in ("Z", " UTC"):
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


_NUMBER = re.compile(
    r"(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+|[0-9]{1,3}(?:'[0-9]{3})+)"
    r"(?:\.[0-9]+)?"
)


def parse_amount(text: str) -> Decimal | None:
    """An amount rounded half up (away from zero) to 2 decimals, from cleaned text; None when it
    cannot be parsed.

    At most one currency sign, at the front or the back, spaces beside it allowed; at most one
    minus, at the front: '-£5' and '£-5'.
    """
    negative = False
    if text.startswith("-"):
        negative = True
        text = text[1:]
    if text[:1] in ("£", "$", "€"):
        text = text[1:].lstrip(" ")
        if text.startswith("-") and not negative:
            negative = True
            text = text[1:]
    elif text[-1:] in ("£", "$", "€"):
        text = text[:-1].rstrip(" ")
    if not _NUMBER.fullmatch(text):
        return None
    plain = text.replace(",", "").replace(" ", "").replace("'", "")
    with localcontext() as context:
        context.prec = len(plain) + 10
        amount = Decimal(plain).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        # No minus zero: -0.001 is rounded to 0.00 and is not negative.
        return -amount if negative and amount != 0 else amount


def is_test_email(email: str | None) -> bool:
    """SQL: email like '%@example.com' or like '%@test.invalid' or like '%+test@%'."""
    if email is None:
        return False
    return email.endswith(("@example.com", "@test.invalid")) or "+test@" in email


# Sort keys in which the winner comes first


def _latest_first(moment: datetime | None) -> tuple[int, timedelta]:
    """Latest first, missing last."""
    if moment is None:
        return (1, timedelta(0))
    return (0, datetime.max - moment)


def _smallest_first(text: str | None) -> tuple[int, str]:
    """Smallest first, missing last."""
    return (1, "") if text is None else (0, text)


def _moment(raw: str | None, business_timezone: str) -> datetime | None:
    """A parsed time, or None when it is missing or cannot be parsed."""
    text = clean_text(raw)
    return None if text is None else parse_timestamp(text, business_timezone)


def _reason_of_date(raw: str | None, business_timezone: str, latest_valid_date: date) -> str | None:
    """Why a row's date is not acceptable; None when it is."""
    text = clean_text(raw)
    if text is None:
        return "missing_date"
    moment = parse_timestamp(text, business_timezone)
    if moment is None:
        return "unparsable_date"
    if moment.date() < FIRST_VALID_DATE:
        return "date_too_early"
    if moment.date() > latest_valid_date:
        return "future_date"
    return None


def _reason_of_amount(raw: str | None) -> str | None:
    """Why a row's amount is not acceptable; None when it is."""
    text = clean_text(raw)
    if text is None:
        return "missing_amount"
    amount = parse_amount(text)
    if amount is None:
        return "unparsable_amount"
    if amount < 0:
        return "negative_amount"
    return None


# Tables


def clean(
    raw_customers: Sequence[RawRow],
    raw_orders: Sequence[RawRow],
    raw_refunds: Sequence[RawRow] = (),
    as_of: date | None = None,
    latest_valid_date: date = DEMO_LATEST_VALID_DATE,
    business_timezone: str = DEMO_TIMEZONE,
    counted_order_statuses: Sequence[str] = ("completed",),
) -> Cleaned:
    """Accept or reject every raw row, with the first reason that applies.

    Every raw row ends up either among the accepted or once in ``rejected``.
    """
    result = Cleaned(as_of=as_of)
    test_ids = _clean_customers(result, raw_customers, business_timezone)
    _clean_orders(
        result, raw_orders, test_ids, latest_valid_date, business_timezone, counted_order_statuses
    )
    _clean_refunds(result, raw_refunds, latest_valid_date, business_timezone)
    return result


def _clean_customers(
    result: Cleaned, raw_customers: Sequence[RawRow], business_timezone: str
) -> set[str]:
    """Fill in the accepted customers; return the ids that have a test account's row."""

    def reject(row: RawRow, reason: str) -> None:
        result.rejected.append(("customers", row.get("customer_id") or "", reason))

    test_ids = set()
    survivors: dict[str, list[RawRow]] = {}
    for row in raw_customers:
        customer_id = clean_text(row.get("customer_id"))
        if customer_id is None:
            reject(row, "missing_customer_id")
        elif is_test_email(_lower(row.get("email"))):
            reject(row, "test_account")
            test_ids.add(customer_id)
        else:
            survivors.setdefault(customer_id, []).append(row)

    def rank(row: RawRow) -> tuple:
        return (
            _latest_first(_moment(row.get("signed_up_at"), business_timezone)),
            _smallest_first(_lower(row.get("email"))),
            _smallest_first(_upper(row.get("country"))),
            _smallest_first(_lower(row.get("acquisition_channel"))),
            _smallest_first(_lower(row.get("customer_segment"))),
        )

    for customer_id, rows in survivors.items():
        winner, *losers = sorted(rows, key=rank)
        for row in losers:
            reject(row, "duplicate_customer_id")
        result.customers[customer_id] = Customer(
            customer_id=customer_id,
            email=_lower(winner.get("email")),
            signed_up_at=_moment(winner.get("signed_up_at"), business_timezone),
            country=_upper(winner.get("country")) or UNKNOWN,
            acquisition_channel=_lower(winner.get("acquisition_channel")) or UNKNOWN,
            customer_segment=_lower(winner.get("customer_segment")) or UNKNOWN,
        )
    return test_ids


def _clean_orders(
    result: Cleaned,
    raw_orders: Sequence[RawRow],
    test_ids: set[str],
    latest_valid_date: date,
    business_timezone: str,
    counted_order_statuses: Sequence[str],
) -> None:
    """Fill in the accepted orders, and ``as_of`` unless it is given."""

    def reject(row: RawRow, reason: str) -> None:
        result.rejected.append(("orders", row.get("order_id") or "", reason))

    def reason_of(row: RawRow) -> str | None:
        customer_id = clean_text(row.get("customer_id"))
        if clean_text(row.get("order_id")) is None:
            return "missing_order_id"
        if customer_id is None:
            return "missing_customer_id"
        if clean_text(row.get("status")) is None:
            return "missing_status"
        reason = _reason_of_date(row.get("ordered_at"), business_timezone, latest_valid_date)
        if reason is None:
            reason = _reason_of_amount(row.get("amount"))
        if reason is not None:
            return reason
        return None

    def reason_of_customer(customer_id: str) -> str | None:
        if customer_id not in result.customers:
            return "test_account" if customer_id in test_ids else "unknown_customer"
        return None

    survivors: dict[str, list[tuple[tuple, Order, RawRow]]] = {}
    for row in raw_orders:
        reason = reason_of(row)
        if reason is not None:
            reject(row, reason)
            continue
        status = _lower(row["status"])
        order = Order(
            order_id=clean_text(row["order_id"]),
            customer_id=clean_text(row["customer_id"]),
            ordered_at=_moment(row["ordered_at"], business_timezone),
            amount=parse_amount(clean_text(row["amount"])),
            status=status,
            is_counted=status in counted_order_statuses,
        )
        rank = (
            _latest_first(_moment(row.get("updated_at"), business_timezone)),
            _latest_first(order.ordered_at),
            -order.amount,
            order.status,
            order.customer_id,
        )
        survivors.setdefault(order.order_id, []).append((rank, order, row))

    winners = []
    for ranked in survivors.values():
        winner, *losers = sorted(ranked, key=lambda item: item[0])
        # The newest row that can be read decides, also that it is nobody's order.
        reason = reason_of_customer(winner[1].customer_id)
        if reason is None:
            winners.append(winner)
        else:
            reject(winner[2], reason)
        for _, order, row in losers:
            reject(row, reason_of_customer(order.customer_id) or "superseded_by_newer_row")

    if result.as_of is None:
        counted = [order.ordered_on for _, order, _ in winners if order.is_counted]
        # The project stops where nothing counts; here the last order has to do.
        result.as_of = max(counted or [order.ordered_on for _, order, _ in winners], default=None)
    for _, order, row in winners:
        if order.ordered_on > result.as_of:
            reject(row, "after_as_of_date")
        else:
            result.orders[order.order_id] = order


def _clean_refunds(
    result: Cleaned,
    raw_refunds: Sequence[RawRow],
    latest_valid_date: date,
    business_timezone: str,
) -> None:
    """Fill in the accepted refunds."""

    def reject(row: RawRow, reason: str) -> None:
        result.rejected.append(("refunds", row.get("refund_id") or "", reason))

    def reason_of(row: RawRow) -> str | None:
        order_id = clean_text(row.get("order_id"))
        if clean_text(row.get("refund_id")) is None:
            return "missing_refund_id"
        if order_id is None:
            return "missing_order_id"
        reason = _reason_of_date(row.get("refunded_at"), business_timezone, latest_valid_date)
        if reason is None:
            reason = _reason_of_amount(row.get("amount"))
        if reason is not None:
            return reason
        return None

    def reason_of_order(refund: Refund) -> str | None:
        if refund.order_id not in result.orders:
            return "unknown_order"
        if refund.refunded_on < result.orders[refund.order_id].ordered_on:
            return "before_its_order"
        return None

    survivors: dict[str, list[tuple[tuple, Refund, RawRow]]] = {}
    for row in raw_refunds:
        reason = reason_of(row)
        if reason is not None:
            reject(row, reason)
            continue
        refund = Refund(
            refund_id=clean_text(row["refund_id"]),
            order_id=clean_text(row["order_id"]),
            refunded_at=_moment(row["refunded_at"], business_timezone),
            amount=parse_amount(clean_text(row["amount"])),
        )
        rank = (_latest_first(refund.refunded_at), -refund.amount, refund.order_id)
        survivors.setdefault(refund.refund_id, []).append((rank, refund, row))

    for refund_id, ranked in survivors.items():
        (_, refund, winning_row), *losers = sorted(ranked, key=lambda item: item[0])
        for _, loser, row in losers:
            reject(row, reason_of_order(loser) or "duplicate_refund_id")
        if (reason := reason_of_order(refund)) is not None:
            reject(winning_row, reason)
        elif refund.refunded_on > result.as_of:
            reject(winning_row, "after_as_of_date")
        else:
            result.refunds[refund_id] = refund


# Files, and the way from part 2 to part 1


def read_csv(path: Path | str) -> list[dict[str, str | None]]:
    """The rows of a CSV file, everything as text, nothing trimmed."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def clean_seeds(folder: Path | str, as_of: date | None = None) -> Cleaned:
    """Clean raw_customers.csv, raw_orders.csv and raw_refunds.csv of a folder."""
    folder = Path(folder)
    return clean(
        read_csv(folder / "raw_customers.csv"),
        read_csv(folder / "raw_orders.csv"),
        read_csv(folder / "raw_refunds.csv"),
        as_of=as_of,
    )


def order_days(cleaned: Cleaned) -> dict[str, set[date]]:
    """Days of counted orders per customer: the input of ``movements`` and ``retention``."""
    days: dict[str, set[date]] = {}
    for order in cleaned.orders.values():
        if order.is_counted:
            days.setdefault(order.customer_id, set()).add(order.ordered_on)
    return days


def segments_of(cleaned: Cleaned) -> dict[str, dict[str, str]]:
    """The three segment dimensions per customer: the input of ``retention``."""
    return {
        customer.customer_id: {
            "country": customer.country,
            "acquisition_channel": customer.acquisition_channel,
            "customer_segment": customer.customer_segment,
        }
        for customer in cleaned.customers.values()
    }
