"""Make the demo's marketing spend: a booking a week for each channel of the invented shop that costs money.

Random numbers come from a generator of this module's own, so that nothing here changes the other seeds. Budgets follow a
plan (so many pounds for each customer expected) and not the customers who came, so that what a customer cost varies.
``podcast`` is a trial that won nobody, and ``organic`` has customers and no spend.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from retention_ledger.demo.customers_orders import CHANNELS, NEW_CUSTOMERS, SEASON
from retention_ledger.demo.shared import (
    BLANKS,
    LAST_MOMENT,
    UNPARSABLE_AMOUNTS,
    UNPARSABLE_DATES,
    Dirt,
    Row,
    add_dirt,
    exact_duplicates,
    money,
    set_in_turn,
)

SEED = 20220103
FIRST_BOOKING = date(2022, 1, 1)
PLANNED_COST = {"paid_search": 72.0, "social": 64.0, "email": 14.0, "referral": 25.0}
DEARER_EACH_YEAR = 1.09
VARIES_BY = 0.22
PAID_IN = {"social": "EUR", "referral": "GBP"}
EUROS_PER_POUND = 1.17
PODCAST = (date(2024, 9, 2), date(2024, 11, 25), 32000)  # first and last booking, pence a week
CREDIT_SHARE = 0.03  # of the weeks of paid search: clicks that were no people are given back


def weekly_bookings(rng: random.Random) -> list[Row]:
    """The clean lines of raw_marketing_spend, by day: what each channel cost in a week."""
    rows = []
    day = FIRST_BOOKING
    while day <= LAST_MOMENT.date():
        years = (day - FIRST_BOOKING).days / 365
        for channel, planned in PLANNED_COST.items():
            expected = NEW_CUSTOMERS[day.year] * CHANNELS[channel].share / 52
            pounds = planned * DEARER_EACH_YEAR**years * expected * SEASON[day.month]
            pence = round(100 * pounds * rng.lognormvariate(0, VARIES_BY))
            currency = PAID_IN.get(channel, "")
            if currency == "EUR":
                pence = round(pence * EUROS_PER_POUND)
            rows.append(booking(day, channel, pence, currency))
            if channel == "paid_search" and rng.random() < CREDIT_SHARE:
                rows.append(booking(day, channel, -round(pence * rng.uniform(0.05, 0.4)), ""))
        if PODCAST[0] <= day <= PODCAST[1]:
            rows.append(booking(day, "podcast", PODCAST[2], "GBP"))
        # A week from Monday to Sunday; the first is what is left of it.
        day += timedelta(days=7 - day.weekday())
    for number, row in enumerate(rows, start=1):
        row["spend_id"] = f"M{number:05d}"
    return rows


def booking(day: date, channel: str, pence: int, currency: str) -> Row:
    """One line; an amount below 0 is a credit."""
    amount = money(pence) if pence >= 0 else "-" + money(-pence)
    return {
        "spend_id": "",
        "spent_on": day.isoformat(),
        "acquisition_channel": channel,
        "amount": amount,
        "currency": currency,
    }


def unparsable_days(_rng: random.Random, rows: list[Row]) -> None:
    """Days typed by hand. Staging rejects the row."""
    set_in_turn(rows, "spent_on", UNPARSABLE_DATES)


def unparsable_amounts(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts that are none. Staging rejects the row."""
    set_in_turn(rows, "amount", UNPARSABLE_AMOUNTS)


def unknown_currencies(_rng: random.Random, rows: list[Row]) -> None:
    """A currency without a rate. The row is rejected, never counted 1 to 1."""
    set_in_turn(rows, "currency", ("CHF",))


def blank_channels(_rng: random.Random, rows: list[Row]) -> None:
    """Spend that nobody has put to a channel: it counts in the total, as ``(unknown)``."""
    set_in_turn(rows, "acquisition_channel", BLANKS)


def blank_ids(_rng: random.Random, rows: list[Row]) -> None:
    """Bookings by hand, without an id: each is one of its own."""
    set_in_turn(rows, "spend_id", BLANKS)


def odd_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Days as another system writes them."""
    for row in rows:
        row["spent_on"] = f"{date.fromisoformat(row['spent_on']):%d/%m/%Y} 00:00"


def odd_channels(rng: random.Random, rows: list[Row]) -> None:
    """White space and letter case, which staging takes off."""
    for row in rows:
        channel = row["acquisition_channel"]
        row["acquisition_channel"] = rng.choice((channel.upper(), channel.title(), f" {channel}\t"))


def booked_ahead(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """Budgets of the days after the data: fine, and not looked at yet."""
    return [
        row
        | {
            "spend_id": f"{row['spend_id']}N",
            "spent_on": str(LAST_MOMENT.date() + timedelta(days=days)),
        }
        for days, row in enumerate(rows, start=1)
    ]


DIRT: Sequence[Dirt] = (
    Dirt(exact_duplicates, 9),
    Dirt(unparsable_days, 4),
    Dirt(unparsable_amounts, 3),
    Dirt(unknown_currencies, 3),
    Dirt(blank_channels, 4),
    Dirt(blank_ids, 8),
    Dirt(odd_dates, 30),
    Dirt(odd_channels, 30),
    Dirt(booked_ahead, 3),
)


def build(seed: int = SEED) -> dict[str, list[Row]]:
    """Return the rows of the table: text, amounts in units of their currency."""
    rng = random.Random(seed)
    rows = weekly_bookings(rng)
    add_dirt(rng, rows, list(rows), DIRT)
    return {"raw_marketing_spend": rows}
