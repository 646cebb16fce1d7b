"""Make the demo's customers, orders and refunds: an invented shop, in three steps.

1. simulate a clean shop with the structure a retention analyst expects,
2. add boundary cases written by hand (``CASES``) and test accounts,
3. spoil a small part of the rows; each kind of dirt is one function that says what it
   imitates and what staging does with it. The tables at the end of the dirt section
   (``ORDER_DAMAGE`` and so on) say how many rows each kind touches.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from retention_ledger.demo.shared import (
    BLANKS,
    CLEAN_FORMAT,
    DATE_FORMATS,
    LAST_MOMENT,
    LONDON,
    NO_BREAK_SPACE,
    PADDINGS,
    TEST_EMAILS,
    THOUSANDS_SEPARATORS,
    TOO_EARLY_DATES,
    UNPARSABLE_AMOUNTS,
    UNPARSABLE_DATES,
    ZONES,
    Customer,
    Dirt,
    Order,
    Row,
    add_dirt,
    blank_customer_ids,
    exact_duplicates,
    money,
    set_in_turn,
    unknown_customers,
)

SEED = 20251214
DAYS_PER_MONTH = 30.4


# --- What the shop looks like -------------------------------------------------------------

NEW_CUSTOMERS = {2022: 600, 2023: 700, 2024: 830, 2025: 900}
NEVER_ORDERS_SHARE = 0.02
GIFT_BUYER_SHARE = 0.03
GIFT_BUYER_COMES_BACK = 0.75
RETURN_AFTER_LAPSE_SHARE = 0.25
RETURN_AFTER_DAYS = (120, 425)  # 4 to 14 months

# Demand per calendar month: a summer dip and a November/December peak.
SEASON = {
    1: 0.90, 2: 0.85, 3: 0.95, 4: 0.95, 5: 0.95, 6: 0.85,
    7: 0.70, 8: 0.70, 9: 0.95, 10: 1.05, 11: 1.50, 12: 1.70,
}  # fmt: skip
SEASON_PEAK = max(SEASON.values())

# Hours of the day at which orders come in. None between 01:00 and 07:00, so that no
# local time falls into the hour that is skipped or repeated when the clocks change.
ORDER_HOURS = (0, *range(7, 24))
ORDER_HOUR_WEIGHTS = (2, 2, 4, 6, 7, 7, 8, 7, 6, 6, 6, 7, 8, 9, 10, 8, 5, 3)


@dataclass(frozen=True)
class Channel:
    """How customers of one acquisition channel behave."""

    share: float
    one_time_share: float
    dropout: float  # chance to leave after each order


@dataclass(frozen=True)
class Segment:
    """How customers of one segment behave."""

    share: float
    orders_per_month: float
    rate_shape: float  # gamma shape: the smaller, the more customers differ
    dropout_factor: float
    log_amount: float
    log_amount_sd: float


@dataclass(frozen=True)
class Country:
    """How customers of one country behave."""

    share: float
    dropout_factor: float


CHANNELS = {
    "organic": Channel(share=0.32, one_time_share=0.34, dropout=0.055),
    "paid_search": Channel(share=0.24, one_time_share=0.48, dropout=0.105),
    "email": Channel(share=0.14, one_time_share=0.28, dropout=0.050),
    "referral": Channel(share=0.14, one_time_share=0.19, dropout=0.030),
    "social": Channel(share=0.16, one_time_share=0.54, dropout=0.125),
}
SEGMENTS = {
    "consumer": Segment(0.78, 0.72, 1.2, 1.25, 3.6, 0.6),
    "small_business": Segment(0.17, 1.05, 1.6, 0.75, 4.9, 0.7),
    "enterprise": Segment(0.05, 1.60, 2.5, 0.30, 6.8, 0.6),
}
COUNTRIES = {
    "GB": Country(0.42, 0.95),
    "DE": Country(0.18, 0.80),
    "FR": Country(0.13, 1.10),
    "NL": Country(0.10, 0.95),
    "US": Country(0.10, 1.35),
    "SE": Country(0.07, 0.90),
}

CANCELLED_SHARE = 0.04
PENDING_DAYS = 28  # only orders of the last weeks can still be pending
PENDING_SHARE_TODAY = 0.75  # falls to zero over PENDING_DAYS
ZERO_AMOUNT_SHARE = 0.003  # free samples and vouchers

REFUND_SHARE = 0.04
FULL_REFUND_SHARE = 0.6
SPLIT_REFUND_SHARE = 0.04
REFUND_AFTER_DAYS = (2, 30)

FIRST_NAMES = (
    "amira", "anna", "ben", "carla", "chloe", "david", "elin", "emma", "femke", "george",
    "hanna", "hugo", "isla", "jonas", "kofi", "lars", "lea", "lucas", "maya", "nora",
    "oliver", "priya", "rosa", "sam", "tess", "tomas", "wei", "yara",
)  # fmt: skip
LAST_NAMES = (
    "adeyemi", "bakker", "berg", "brown", "clarke", "dubois", "evans", "fischer", "garcia",
    "hughes", "jansen", "khan", "larsson", "lopez", "martin", "meyer", "nilsson", "novak",
    "okafor", "patel", "quinn", "roux", "schmidt", "smith", "taylor", "visser", "walker", "young",
)  # fmt: skip

ORDERS_PER_TEST_ACCOUNT = 10

# --- Boundary cases by hand ---------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One hand-written customer; each order is (ordered_at, status, amount)."""

    local_part: str  # of the e-mail address, by which tests find the customer
    orders: tuple[tuple[str, str, str], ...]


CASES = (
    Case("case.first_moment", (("2022-01-01 00:00:00", "completed", "25.00"),)),
    Case("case.leap_day", (("2024-02-29 12:00:00", "completed", "29.00"),)),
    Case(
        "case.month_edges",
        (
            ("2024-01-31 23:59:59", "completed", "10.00"),
            ("2024-02-01 00:00:00", "completed", "11.00"),
            ("2024-02-29 23:59:59", "completed", "12.00"),
            ("2024-03-01 00:00:00", "completed", "13.00"),
        ),
    ),
    Case(
        "case.quarter_edges",
        (
            ("2023-03-31 23:59:59", "completed", "20.00"),
            ("2023-04-01 00:00:00", "completed", "21.00"),
            ("2023-06-30 23:59:59", "completed", "22.00"),
            ("2023-07-01 00:00:00", "completed", "23.00"),
        ),
    ),
    Case(
        "case.year_edges",
        (
            ("2022-12-31 23:59:59", "completed", "30.00"),
            ("2023-01-01 00:00:00", "completed", "31.00"),
            ("2024-12-31 23:59:59", "completed", "32.00"),
            ("2025-01-01 00:00:00", "completed", "33.00"),
        ),
    ),
    Case(
        "case.three_in_a_day",
        (
            ("2024-05-17 09:00:00", "completed", "15.00"),
            ("2024-05-17 09:00:00", "completed", "15.00"),
            ("2024-05-17 21:40:10", "completed", "40.00"),
        ),
    ),
    Case(
        "case.90_days_apart",
        (
            ("2024-06-03 10:00:00", "completed", "50.00"),
            ("2024-09-01 10:00:00", "completed", "50.00"),
        ),
    ),
    Case(
        "case.91_days_apart",
        (
            ("2024-06-03 10:00:00", "completed", "50.00"),
            ("2024-09-02 10:00:00", "completed", "50.00"),
        ),
    ),
    Case("case.only_cancelled", (("2023-08-08 08:08:08", "cancelled", "80.00"),)),
    Case(
        "case.first_cancelled",
        (
            ("2023-05-30 18:00:00", "cancelled", "60.00"),
            ("2023-06-02 18:00:00", "completed", "60.00"),
            ("2023-09-12 18:00:00", "completed", "45.50"),
        ),
    ),
    Case(
        "case.free_sample_first",
        (
            ("2024-03-05 11:00:00", "completed", "0.00"),
            ("2024-03-25 11:00:00", "completed", "35.00"),
        ),
    ),
    Case("case.only_free_sample", (("2024-10-10 11:00:00", "completed", "0.00"),)),
    Case(
        "case.last_day",
        (
            ("2024-12-14 16:00:00", "completed", "70.00"),
            ("2025-12-14 16:00:00", "completed", "75.00"),
        ),
    ),
    Case(
        "case.zones_same_day",  # London is on GMT: nothing moves
        (
            ("2023-03-14T23:30:00Z", "completed", "18.00"),
            ("2023-12-31T23:30:00+00:00", "completed", "19.00"),
        ),
    ),
    Case(
        "case.zones_next_month",  # all land on the first of the next month
        (
            ("2023-03-31T23:30:00+00:00", "completed", "20.00"),
            ("2023-06-30T23:30:00Z", "completed", "21.00"),
            ("2023-08-31 23:15:00 UTC", "completed", "22.00"),
            ("2023-12-31T20:00:00-05:00", "completed", "23.00"),
        ),
    ),
    Case(
        "case.zones_previous_month",  # both land on the last day of the month before
        (
            ("2024-01-01T00:30:00+02:00", "completed", "24.00"),
            ("2024-07-01T00:30:00+02:00", "completed", "25.00"),
        ),
    ),
    Case(
        "case.zones_last_day",  # both land on 2025-12-14, the last day of the data
        (
            ("2025-12-14T23:59:59Z", "completed", "26.00"),
            ("2025-12-15T00:30:00+02:00", "completed", "27.00"),
        ),
    ),
    # Real customers whose addresses merely look like test accounts.
    Case("contest.winner", (("2023-02-11 13:00:00", "completed", "42.00"),)),
    Case("ines.example.com", (("2023-04-18 13:00:00", "completed", "43.00"),)),
    Case("omar+shop", (("2023-07-23 13:00:00", "completed", "44.00"),)),
)

# --- Records of the clean shop ------------------------------------------------------------


@dataclass
class Refund:
    """Money given back for one order."""

    order_id: str
    refunded_at: datetime
    pence: int


# --- Small helpers ------------------------------------------------------------------------


def to_local(text: str) -> datetime:
    """Read a timestamp of ``CASES`` and return it as naive London time."""
    moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(LONDON).replace(tzinfo=None)


def pick_by_share(rng: random.Random, options: dict) -> str:
    """Draw a key of a table whose values have a ``share``."""
    return rng.choices(list(options), [option.share for option in options.values()])[0]


def at_random_time(rng: random.Random, day: date) -> datetime:
    """Return a moment on that day, at an hour at which people order."""
    hour = rng.choices(ORDER_HOURS, ORDER_HOUR_WEIGHTS)[0]
    return datetime(day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60))


# --- Step 1: the clean shop ---------------------------------------------------------------


def sign_up_moments(rng: random.Random, year: int, count: int) -> list[datetime]:
    """Draw the sign-up moments of one year, more of them in the busy months."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    days = [day for day in days if day <= LAST_MOMENT.date()]
    chosen = rng.choices(days, [SEASON[day.month] for day in days], k=count)
    return [
        datetime(day.year, day.month, day.day, rng.randint(7, 21), rng.randrange(60))
        for day in chosen
    ]


def new_customer(rng: random.Random, number: int, signed_up_at: datetime) -> Customer:
    """Draw one customer without orders."""
    name = f"{rng.choice(FIRST_NAMES)}.{rng.choice(LAST_NAMES)}{number}"
    return Customer(
        email=f"{name}@mail.example",
        signed_up_at=signed_up_at,
        country=pick_by_share(rng, COUNTRIES),
        channel=pick_by_share(rng, CHANNELS),
        segment=pick_by_share(rng, SEGMENTS),
    )


def first_order_moment(rng: random.Random, signed_up_at: datetime) -> datetime:
    """Most customers order within the hour, the others within ten days."""
    if rng.random() < 0.75:
        return signed_up_at + timedelta(seconds=rng.randint(120, 3600))
    return at_random_time(rng, signed_up_at.date() + timedelta(days=rng.randint(1, 10)))


def next_order_moment(rng: random.Random, after: datetime, per_month: float) -> datetime:
    """Draw the next order of a Poisson process whose rate follows the season."""
    moment = after
    while True:
        days = rng.expovariate(per_month * SEASON_PEAK / DAYS_PER_MONTH)
        moment += timedelta(days=max(days, 1.0))
        if moment > LAST_MOMENT or rng.random() < SEASON[moment.month] / SEASON_PEAK:
            return at_random_time(rng, moment.date())


def regular_moments(rng: random.Random, customer: Customer) -> Iterator[datetime]:
    """Yield the orders of an ordinary customer until they leave or the data ends."""
    channel, segment = CHANNELS[customer.channel], SEGMENTS[customer.segment]
    dropout_factor = segment.dropout_factor * COUNTRIES[customer.country].dropout_factor
    scale = segment.orders_per_month / segment.rate_shape
    per_month = max(rng.gammavariate(segment.rate_shape, scale), 0.08)

    moment = first_order_moment(rng, customer.signed_up_at)
    yield moment
    leaves = rng.random() < channel.one_time_share * dropout_factor
    while moment <= LAST_MOMENT:
        if not leaves:
            moment = next_order_moment(rng, moment, per_month)
        elif rng.random() < RETURN_AFTER_LAPSE_SHARE:
            day = moment.date() + timedelta(days=rng.randint(*RETURN_AFTER_DAYS))
            moment = at_random_time(rng, day)
        else:
            return
        yield moment
        leaves = rng.random() < channel.dropout * dropout_factor


def gift_moments(rng: random.Random, customer: Customer) -> Iterator[datetime]:
    """Yield the orders of a customer who only buys Christmas gifts."""
    for year in range(customer.signed_up_at.year, LAST_MOMENT.year + 1):
        yield at_random_time(rng, date(year, 12, rng.randint(1, 14)))
        if rng.random() > GIFT_BUYER_COMES_BACK:
            return


def draw_status(rng: random.Random, ordered_at: datetime) -> str:
    """Draw the status; the younger an order, the more likely it is still pending."""
    age = (LAST_MOMENT - ordered_at).days
    if rng.random() < PENDING_SHARE_TODAY * (1 - age / PENDING_DAYS):
        return "pending"
    return "cancelled" if rng.random() < CANCELLED_SHARE else "completed"


def draw_pence(rng: random.Random, segment: Segment) -> int:
    """Draw a lognormal amount; a few orders are free."""
    if rng.random() < ZERO_AMOUNT_SHARE:
        return 0
    return max(100, round(100 * rng.lognormvariate(segment.log_amount, segment.log_amount_sd)))


def simulate_orders(rng: random.Random, customer: Customer) -> list[Order]:
    """Draw all orders of one customer up to the end of the data."""
    kind = rng.random()
    if kind < NEVER_ORDERS_SHARE:
        return []
    if kind < NEVER_ORDERS_SHARE + GIFT_BUYER_SHARE:
        customer.signed_up_at = customer.signed_up_at.replace(month=11, day=rng.randint(1, 30))
        moments = gift_moments(rng, customer)
    else:
        moments = regular_moments(rng, customer)
    return [
        Order(moment, draw_status(rng, moment), draw_pence(rng, SEGMENTS[customer.segment]))
        for moment in moments
        if moment <= LAST_MOMENT
    ]


def simulated_customers(rng: random.Random) -> list[Customer]:
    """Return all ordinary customers with their orders."""
    customers: list[Customer] = []
    for year, count in NEW_CUSTOMERS.items():
        for moment in sign_up_moments(rng, year, count):
            customer = new_customer(rng, len(customers) + 1, moment)
            customer.orders = simulate_orders(rng, customer)
            customers.append(customer)
    return customers


# --- Step 2: customers by hand ------------------------------------------------------------


def case_customers() -> list[Customer]:
    """Return the customers of ``CASES``; each signs up with the first order."""
    customers = []
    for case in CASES:
        orders = [
            Order(to_local(text), status, round(float(amount) * 100), written_as=text)
            for text, status, amount in case.orders
        ]
        email = f"{case.local_part}@mail.example"
        first = min(order.ordered_at for order in orders)
        customers.append(Customer(email, first, "GB", "organic", "consumer", True, orders))
    return customers


def staff_customers(rng: random.Random) -> list[Customer]:
    """Imitate staff who try out the shop; staging rejects these customers and their orders."""
    customers = []
    for number, email in enumerate(TEST_EMAILS):
        start = date(2022, 2, 1) + timedelta(days=120 * number)
        days = [start + timedelta(days=17 * step) for step in range(ORDERS_PER_TEST_ACCOUNT)]
        orders = [Order(at_random_time(rng, day), "completed", 99999) for day in days]
        signed_up_at = datetime(start.year, start.month, start.day)
        customers.append(Customer(email, signed_up_at, "GB", "organic", "enterprise", True, orders))
    return customers


def number_records(customers: list[Customer]) -> None:
    """Sort customers by sign-up and give customers and orders their ids."""
    customers.sort(key=lambda customer: (customer.signed_up_at, customer.email))
    for number, customer in enumerate(customers, start=1):
        customer.customer_id = f"C{number:05d}"
    orders = [order for customer in customers for order in customer.orders]
    for number, order in enumerate(sorted(orders, key=lambda order: order.ordered_at), start=1):
        order.order_id = f"O{number:06d}"


# --- Refunds ------------------------------------------------------------------------------


def refund_parts(rng: random.Random, pence: int) -> list[int]:
    """Return what is given back of one order: all, a part, or two parts."""
    if rng.random() < SPLIT_REFUND_SHARE:
        return [pence // 3, pence // 2]
    if rng.random() < FULL_REFUND_SHARE:
        return [pence]
    return [round(pence * rng.uniform(0.1, 0.9))]


def simulate_refunds(rng: random.Random, customers: list[Customer]) -> list[Refund]:
    """Refund some completed orders; refunds after the end of the data are not known yet."""
    refunds = []
    orders = [order for customer in customers if not customer.by_hand for order in customer.orders]
    for order in orders:
        refundable = order.status == "completed" and order.pence > 0
        if not refundable or rng.random() >= REFUND_SHARE:
            continue
        for pence in refund_parts(rng, order.pence):
            day = order.ordered_at.date() + timedelta(days=rng.randint(*REFUND_AFTER_DAYS))
            refunds.append(Refund(order.order_id, at_random_time(rng, day), pence))
    known = [refund for refund in refunds if refund.refunded_at <= LAST_MOMENT]
    return sorted(known, key=lambda refund: (refund.refunded_at, refund.order_id))


# --- Clean rows ---------------------------------------------------------------------------


def customer_row(customer: Customer) -> Row:
    """Return one clean line of raw_customers."""
    return {
        "customer_id": customer.customer_id,
        "email": customer.email,
        "signed_up_at": customer.signed_up_at.strftime(CLEAN_FORMAT),
        "country": customer.country,
        "acquisition_channel": customer.channel,
        "customer_segment": customer.segment,
    }


def order_row(rng: random.Random, customer: Customer, order: Order) -> Row:
    """Return one clean line of raw_orders."""
    updated_at = order.ordered_at + timedelta(seconds=rng.randint(30, 3000))
    return {
        "order_id": order.order_id,
        "customer_id": customer.customer_id,
        "ordered_at": order.written_as or order.ordered_at.strftime(CLEAN_FORMAT),
        "status": order.status,
        "amount": money(order.pence),
        "updated_at": min(updated_at, LAST_MOMENT).strftime(CLEAN_FORMAT),
    }


def refund_row(number: int, refund: Refund) -> Row:
    """Return one clean line of raw_refunds."""
    return {
        "refund_id": f"R{number:05d}",
        "order_id": refund.order_id,
        "refunded_at": refund.refunded_at.strftime(CLEAN_FORMAT),
        "amount": money(refund.pence),
    }


# --- Step 3: dirt -------------------------------------------------------------------------
#
# A dirt function gets clean rows, spoils them in place and returns rows to add, if any.

FUTURE_DATES = ("2035-06-01 12:00:00", "2099-12-31 23:59:59", "2026-01-01 00:00:00")

DATE_COLUMNS = ("signed_up_at", "ordered_at", "refunded_at")
PADDED_COLUMNS = ("customer_id", "order_id", "refund_id", "status", "country", "email")
RECASED_COLUMNS = ("status", "country", "email", "acquisition_channel", "customer_segment")
ATTRIBUTE_COLUMNS = ("country", "acquisition_channel", "customer_segment")


def date_column(row: Row) -> str:
    """Return the name of the event date of a row."""
    return next(column for column in DATE_COLUMNS if column in row)


def event_time(row: Row) -> datetime:
    """Return the event date of a row that is still clean."""
    return datetime.strptime(row[date_column(row)], CLEAN_FORMAT)


def pounds(row: Row) -> float:
    """Return the amount of a row that is still clean."""
    return float(row["amount"])


# Repeated orders


def padded_duplicates(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """The same order exported by two systems, one of which pads ids. Staging keeps one."""
    return [dict(row, order_id=f"{row['order_id']} ") for row in rows]


def correct_order(rng: random.Random, row: Row, **changes: str) -> Row:
    """Return a later version of an order row."""
    updated_at = event_time(row) + timedelta(days=rng.randint(1, 20), seconds=rng.randrange(3600))
    return dict(row, updated_at=updated_at.strftime(CLEAN_FORMAT), **changes)


def corrected_amounts(rng: random.Random, rows: list[Row]) -> list[Row]:
    """A price corrected afterwards. Staging keeps the row with the newest updated_at."""
    return [
        correct_order(rng, row, amount=money(round(pounds(row) * 100 * rng.uniform(0.5, 1.4))))
        for row in rows
    ]


def corrected_to_cancelled(rng: random.Random, rows: list[Row]) -> list[Row]:
    """An order cancelled after the first export. Staging keeps the newest row, cancelled."""
    return [correct_order(rng, row, status="cancelled") for row in rows]


def corrected_to_completed(rng: random.Random, rows: list[Row]) -> list[Row]:
    """An order first exported as pending. Staging keeps the newest row, completed."""
    for row in rows:
        row["status"] = "pending"
    return [correct_order(rng, row, status="completed") for row in rows]


# Orders that staging rejects


def unparsable_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Dates typed by hand, for orders and refunds. Staging rejects the row."""
    set_in_turn(rows, date_column(rows[0]), UNPARSABLE_DATES)


def future_dates(_rng: random.Random, rows: list[Row]) -> None:
    """A till with a wrong clock. Staging rejects dates after 2025-12-31."""
    set_in_turn(rows, "ordered_at", FUTURE_DATES)


def too_early_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Default dates of old systems. Staging rejects dates before 1990-01-01."""
    set_in_turn(rows, "ordered_at", TOO_EARLY_DATES)


def negative_amounts(_rng: random.Random, rows: list[Row]) -> None:
    """Reversals booked as orders (or refunds with a sign). Staging rejects the row."""
    for row in rows:
        row["amount"] = f"-{row['amount']}"


def unparsable_amounts(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts that are no number, with a decimal comma, or missing. Staging rejects the row."""
    set_in_turn(rows, "amount", UNPARSABLE_AMOUNTS)


def blank_order_ids(_rng: random.Random, rows: list[Row]) -> None:
    """Orders whose id was lost in the export. Staging rejects the order."""
    set_in_turn(rows, "order_id", BLANKS)


def blank_statuses(_rng: random.Random, rows: list[Row]) -> None:
    """Orders without a status. Staging rejects them: nobody knows whether they count."""
    set_in_turn(rows, "status", BLANKS)


# Odd spellings, all valid


def odd_date_formats(_rng: random.Random, rows: list[Row]) -> None:
    """Sources with other date formats. Staging reads them all; without a time it is midnight."""
    for number, row in enumerate(rows):
        pattern = DATE_FORMATS[number % len(DATE_FORMATS)]
        row[date_column(row)] = event_time(row).strftime(pattern)


def zoned_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Sources that write a time zone. Staging converts to London time, maybe to another day."""
    for number, row in enumerate(rows):
        hours, pattern = ZONES[number % len(ZONES)]
        zone = timezone(timedelta(hours=hours))
        moment = event_time(row).replace(tzinfo=LONDON).astimezone(zone)
        row[date_column(row)] = moment.strftime(pattern)


def odd_white_space(rng: random.Random, rows: list[Row]) -> None:
    """Text copied from spreadsheets. Staging trims blanks, tabs and no-break spaces."""
    for row in rows:
        column = rng.choice([column for column in PADDED_COLUMNS if column in row])
        row[column] = rng.choice(PADDINGS).format(row[column])


def odd_letter_case(rng: random.Random, rows: list[Row]) -> None:
    """Sources with other spelling habits. Staging ignores letter case."""
    for row in rows:
        column = rng.choice([column for column in RECASED_COLUMNS if column in row])
        value = row[column]
        spellings = (value.lower(), value.upper(), value.title())
        row[column] = rng.choice([spelling for spelling in spellings if spelling != value])


def thousands_separators(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts formatted for people, such as 1,234.50. Staging drops the separators."""
    for number, row in enumerate(rows):
        separator = THOUSANDS_SEPARATORS[number % len(THOUSANDS_SEPARATORS)]
        row["amount"] = f"{pounds(row):,.2f}".replace(",", separator)


def currency_signs(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts with a pound sign. Staging drops the sign; all amounts are in pounds."""
    for row in rows:
        row["amount"] = f"£{row['amount']}"


def several_oddities(_rng: random.Random, rows: list[Row]) -> None:
    """Several odd spellings in one order. Staging reads it like any other."""
    for row in rows:
        row["order_id"] = f"{NO_BREAK_SPACE}{row['order_id']} "
        row["customer_id"] = f"{row['customer_id']}\t"
        row["ordered_at"] = event_time(row).strftime("%Y-%m-%dT%H:%M:%S")
        row["status"] = f" {row['status'].upper()} "
        row["amount"] = f"£{row['amount']}"


# Customers


def missing_attributes(rng: random.Random, rows: list[Row]) -> None:
    """Customers with an unknown country, channel or segment. Staging keeps them, as missing."""
    for number, row in enumerate(rows):
        row[rng.choice(ATTRIBUTE_COLUMNS)] = BLANKS[number % len(BLANKS)]


def conflicting_customers(rng: random.Random, rows: list[Row]) -> list[Row]:
    """Customers who registered again under their id. The row that signed up last stands."""
    extra = []
    for row in rows:
        signed_up_at = event_time(row) + timedelta(days=rng.randint(1, 60))
        channel = rng.choice([name for name in CHANNELS if name != row["acquisition_channel"]])
        extra.append(
            dict(
                row,
                signed_up_at=min(signed_up_at, LAST_MOMENT).strftime(CLEAN_FORMAT),
                acquisition_channel=channel,
            )
        )
    return extra


def customers_without_id(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """Half-finished registrations. Staging rejects the customer row."""
    return [
        dict(row, customer_id=BLANKS[number % len(BLANKS)], email=f"half.done{number}@mail.example")
        for number, row in enumerate(rows)
    ]


# Refunds


def refunds_of_unknown_orders(rng: random.Random, rows: list[Row]) -> None:
    """Refunds of orders that were never exported. Staging rejects the refund."""
    for row in rows:
        row["order_id"] = f"O{rng.randint(900000, 999999)}"


def resent_refunds(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """A refund sent again a minute later under its id. Staging keeps one of the rows."""
    return [
        dict(row, refunded_at=(event_time(row) + timedelta(minutes=1)).strftime(CLEAN_FORMAT))
        for row in rows
    ]


def refunds_before_order(_rng: random.Random, rows: list[Row]) -> None:
    """Refunds booked on a wrong date, before the order. Staging rejects the refund."""
    for row in rows:
        row["refunded_at"] = (event_time(row) - timedelta(days=60)).strftime(CLEAN_FORMAT)


# What may be spoilt


def is_correctable(row: Row) -> bool:
    """Completed, paid, and old enough for a correction before the end of the data."""
    old_enough = event_time(row) < LAST_MOMENT - timedelta(days=30)
    return row["status"] == "completed" and pounds(row) > 0 and old_enough


def is_paid(row: Row) -> bool:
    """The amount is not zero, so that a sign matters."""
    return pounds(row) > 0


def is_large(row: Row) -> bool:
    """The amount is large enough for a thousands separator."""
    return pounds(row) >= 1000


def is_near_midnight(row: Row) -> bool:
    """A time zone can move the row to another day."""
    return event_time(row).hour in (0, 22, 23)


# Orders that have refunds stay out of ORDER_DAMAGE, else their refunds would be spoilt too.
ORDER_DAMAGE = (
    Dirt(exact_duplicates, 60),
    Dirt(padded_duplicates, 15),
    Dirt(corrected_amounts, 40, is_correctable),
    Dirt(corrected_to_cancelled, 25, is_correctable),
    Dirt(corrected_to_completed, 25, is_correctable),
    Dirt(unparsable_dates, 56),
    Dirt(future_dates, 30),
    Dirt(too_early_dates, 15),
    Dirt(negative_amounts, 50, is_paid),
    Dirt(unparsable_amounts, 45),
    Dirt(unknown_customers, 50),
    Dirt(blank_customer_ids, 40),
    Dirt(blank_order_ids, 24),
    Dirt(blank_statuses, 40),
)
ORDER_SPELLINGS = (
    Dirt(zoned_dates, 200, is_near_midnight),
    Dirt(zoned_dates, 150),
    Dirt(odd_date_formats, 660),
    Dirt(thousands_separators, 120, is_large),
    Dirt(currency_signs, 80),
    Dirt(odd_white_space, 520),
    Dirt(odd_letter_case, 500),
    Dirt(several_oddities, 20),
)
CUSTOMER_DIRT = (
    Dirt(exact_duplicates, 12),
    Dirt(conflicting_customers, 8),
    Dirt(customers_without_id, 4),
    Dirt(missing_attributes, 100),
    Dirt(odd_date_formats, 90),
    Dirt(zoned_dates, 40),
    Dirt(odd_white_space, 80),
    Dirt(odd_letter_case, 80),
)
REFUND_DIRT = (
    Dirt(refunds_of_unknown_orders, 10),
    Dirt(exact_duplicates, 8),
    Dirt(resent_refunds, 4),
    Dirt(negative_amounts, 6, is_paid),
    Dirt(refunds_before_order, 6),
    Dirt(unparsable_dates, 8),
    Dirt(odd_date_formats, 24),
    Dirt(zoned_dates, 15),
    Dirt(odd_white_space, 30),
    Dirt(currency_signs, 6),
)


def add_order_dirt(
    rng: random.Random, table: list[Row], by_hand: set[str], refunds: list[Row]
) -> None:
    """Spoil orders; no row is both damaged and oddly spelt, and cases by hand stay clean."""
    refunded = {refund["order_id"] for refund in refunds}
    free = [row for row in table if row["customer_id"] not in by_hand]
    to_damage = [row for row in free if row["order_id"] not in refunded]
    to_damage = rng.sample(to_damage, len(to_damage) // 3)
    damaged = {id(row) for row in to_damage}
    to_respell = [row for row in free if id(row) not in damaged]
    add_dirt(rng, table, to_damage, ORDER_DAMAGE)
    add_dirt(rng, table, to_respell, ORDER_SPELLINGS)


def build(seed: int = SEED) -> tuple[list[Customer], dict[str, list[Row]]]:
    """Return the customers, and the rows of the three tables."""
    rng = random.Random(seed)
    customers = simulated_customers(rng) + case_customers() + staff_customers(rng)
    number_records(customers)
    by_hand = {customer.customer_id for customer in customers if customer.by_hand}

    customer_rows = [customer_row(customer) for customer in customers]
    order_rows = [
        order_row(rng, customer, order) for customer in customers for order in customer.orders
    ]
    order_rows.sort(key=lambda row: row["order_id"])
    refunds = simulate_refunds(rng, customers)
    refund_rows = [refund_row(number, refund) for number, refund in enumerate(refunds, start=1)]

    add_order_dirt(rng, order_rows, by_hand, refund_rows)
    free_customers = [row for row in customer_rows if row["customer_id"] not in by_hand]
    add_dirt(rng, customer_rows, free_customers, CUSTOMER_DIRT)
    add_dirt(rng, refund_rows, list(refund_rows), REFUND_DIRT)
    return customers, {
        "raw_customers": customer_rows,
        "raw_orders": order_rows,
        "raw_refunds": refund_rows,
    }
