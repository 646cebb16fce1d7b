"""Make the demo's support tickets and feedback: what customers of the invented shop asked, and what they say of it.

Both are made from what the customers then did (``customers_orders``, ``subscriptions``), with a planted effect: a customer
who is about to leave more often has a complaint or a ticket that nobody resolves, and gives a low score. Random numbers
come from a generator of this module's own, so that nothing here changes the other seeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from retention_ledger.demo import subscriptions
from retention_ledger.demo.customers_orders import at_random_time
from retention_ledger.demo.shared import (
    BLANKS,
    CLEAN_FORMAT,
    LAST_MOMENT,
    PADDINGS,
    TOO_EARLY_DATES,
    UNPARSABLE_DATES,
    Customer,
    Dirt,
    Row,
    add_dirt,
    blank_customer_ids,
    exact_duplicates,
    set_in_turn,
    unknown_customers,
)

SEED = 20230601
LAST_DAY = LAST_MOMENT.date()
LAPSES_AFTER = timedelta(days=90)

# --- How often, and what -------------------------------------------------------------------

TICKETS_A_MONTH = 0.028  # of a customer who is there
BEFORE_LEAVING_SHARE = 0.20  # of those who leave: one more ticket in the weeks before
WEEKS_BEFORE = (3, 75)  # days before the leave
TOPICS = {"delivery": 0.34, "invoice": 0.22, "product question": 0.30, "complaint": 0.14}
TOPICS_BEFORE_LEAVING = {
    "delivery": 0.22,
    "invoice": 0.10,
    "product question": 0.06,
    "complaint": 0.62,
}
UNRESOLVED_SHARE = 0.02
UNRESOLVED_BEFORE_LEAVING_SHARE = 0.38
DAYS_TO_RESOLVE = 1.6
DAYS_TO_RESOLVE_BEFORE_LEAVING = 9.0

ANSWERS_A_MONTH = 0.030
ANSWERS_BEFORE_LEAVING_SHARE = 0.17
SCORES = (1, 0, 1, 1, 1, 2, 4, 10, 24, 32, 24)  # weights of 0 to 10
SCORES_BEFORE_LEAVING = (11, 9, 11, 13, 11, 12, 12, 9, 6, 4, 2)
TEXT_SHARE = 0.5
SCORE_LEFT_OUT_SHARE = 0.06  # a text without a score

WORDS = {  # by language, of a low, a middling and a high score
    "en": (
        ("Delivery was late again.", "Too expensive for what it is.", "Nobody answers my ticket!",
         "Terrible support, still waiting.", "Arrived broken, very disappointed.", "I want to cancel."),
        ("Okay so far.", "Fine, but shipping takes long.", "Good product, website is slow."),
        ("Great service, thank you!", "Love the box.", "Always quick and friendly.", "Would recommend."),
    ),
    "de": (
        ("Lieferung schon wieder zu spät.", "Viel zu teuer.", "Niemand antwortet auf mein Ticket!",
         "Schlechter Service, ich warte noch.", "Ware kam kaputt an, sehr enttäuscht.", "Ich möchte kündigen."),
        ("Ganz in Ordnung.", "Gut, aber der Versand dauert.", "Produkt gut, Seite langsam."),
        ("Toller Service, danke!", "Die Box ist super.", "Immer schnell und freundlich.", "Gerne wieder."),
    ),
}  # fmt: skip


@dataclass
class Stay:
    """Days from one on which a customer is there; ``left_on`` is the first day on which not, if there is one."""

    customer: Customer
    since: date
    left_on: date | None


# --- Who is there, and who leaves ------------------------------------------------------------


def stays_of_orders(customer: Customer) -> Iterator[Stay]:
    """From an order on a customer is there, until 90 days have passed without the next."""
    days = sorted(
        order.ordered_at.date() for order in customer.orders if order.status == "completed"
    )
    since = days[0] if days else LAST_DAY
    for number, day in enumerate(days):
        following = days[number + 1] if number + 1 < len(days) else None
        lapses_on = day + LAPSES_AFTER
        if following is None or following > lapses_on:
            yield Stay(customer, since, lapses_on if lapses_on <= LAST_DAY else None)
        if following is not None and following > lapses_on:
            since = following


def stays_of_subscriptions(of_customers: Sequence[subscriptions.Subscription]) -> Iterator[Stay]:
    """From its first paid day on, until a subscription ends for good."""
    for subscription in of_customers:
        paid = [period for period in subscription.periods if period.pence > 0]
        if paid and paid[0].started_on < LAST_DAY:
            end = paid[-1].ended_on
            left_on = end if end is not None and end <= LAST_DAY else None
            yield Stay(subscription.customer, paid[0].started_on, left_on)


def days_of_events(rng: random.Random, stay: Stay, a_month: float) -> Iterator[date]:
    """Days on which something happens by chance, so many a month, from the first day to the last."""
    end = min(stay.left_on or LAST_DAY, LAST_DAY)
    day = stay.since
    while True:
        day += timedelta(days=1 + int(rng.expovariate(a_month / 30)))
        if day >= end:
            return
        yield day


def day_before_leaving(rng: random.Random, stay: Stay) -> date | None:
    """A day in the weeks before the customer leaves; none where the stay is too short for it."""
    if stay.left_on is None:
        return None
    day = stay.left_on - timedelta(days=rng.randint(*WEEKS_BEFORE))
    return day if stay.since <= day <= LAST_DAY else None


# --- Step 1: clean tickets and feedback ------------------------------------------------------


def pick(rng: random.Random, shares: dict[str, float]) -> str:
    """Draw a key by its share."""
    return rng.choices(list(shares), list(shares.values()))[0]


def ticket(rng: random.Random, stay: Stay, day: date, leaves: bool) -> Row:
    """One clean line of raw_support_tickets, as it is known when the data ends."""
    opened_at = at_random_time(rng, day)
    unresolved = UNRESOLVED_BEFORE_LEAVING_SHARE if leaves else UNRESOLVED_SHARE
    typical_days = DAYS_TO_RESOLVE_BEFORE_LEAVING if leaves else DAYS_TO_RESOLVE
    resolved_at = opened_at + timedelta(days=rng.expovariate(1 / typical_days), minutes=20)
    known = rng.random() >= unresolved and resolved_at <= LAST_MOMENT
    return {
        "ticket_id": "",
        "customer_id": stay.customer.customer_id,
        "opened_at": f"{opened_at:{CLEAN_FORMAT}}",
        "resolved_at": f"{resolved_at:{CLEAN_FORMAT}}" if known else "",
        "topic": pick(rng, TOPICS_BEFORE_LEAVING if leaves else TOPICS),
        "updated_at": "",
    }


def answer(rng: random.Random, stay: Stay, day: date, leaves: bool) -> Row:
    """One clean line of raw_feedback; German where the customer is."""
    score = rng.choices(range(11), SCORES_BEFORE_LEAVING if leaves else SCORES)[0]
    words = WORDS["de" if stay.customer.country == "DE" else "en"][(score > 6) + (score > 8)]
    text = rng.choice(words) if rng.random() < TEXT_SHARE else ""
    left_out = text and rng.random() < SCORE_LEFT_OUT_SHARE
    return {
        "feedback_id": "",
        "customer_id": stay.customer.customer_id,
        "given_at": f"{at_random_time(rng, day):{CLEAN_FORMAT}}",
        "nps_score": "" if left_out else str(score),
        "feedback_text": text,
    }


def numbered(rows: list[Row], time: str, key: str, letter: str) -> list[Row]:
    """The rows by time, with their numbers."""
    rows.sort(key=lambda row: (row[time], row["customer_id"]))
    for number, row in enumerate(rows, start=1):
        row[key] = f"{letter}{number:05d}"
    return rows


def simulate(rng: random.Random, stays: Sequence[Stay]) -> tuple[list[Row], list[Row]]:
    """The clean lines of both tables."""
    tickets, answers = [], []
    for stay in stays:
        tickets += [
            ticket(rng, stay, day, False) for day in days_of_events(rng, stay, TICKETS_A_MONTH)
        ]
        answers += [
            answer(rng, stay, day, False) for day in days_of_events(rng, stay, ANSWERS_A_MONTH)
        ]
        day = day_before_leaving(rng, stay)
        if day and rng.random() < BEFORE_LEAVING_SHARE:
            tickets.append(ticket(rng, stay, day, True))
        day = day_before_leaving(rng, stay)
        if day and rng.random() < ANSWERS_BEFORE_LEAVING_SHARE:
            answers.append(answer(rng, stay, day, True))
    return (
        numbered(tickets, "opened_at", "ticket_id", "T"),
        numbered(answers, "given_at", "feedback_id", "F"),
    )


# --- Step 2: dirt ----------------------------------------------------------------------------


def set_dates(rows: Sequence[Row], values: Sequence[str]) -> None:
    """Overwrite when it happened, whichever the table."""
    for number, row in enumerate(rows):
        row["opened_at" if "opened_at" in row else "given_at"] = values[number % len(values)]


def unparsable_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Dates typed by hand. Staging rejects the row."""
    set_dates(rows, UNPARSABLE_DATES)


def too_early_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Defaults of some system. Staging rejects the row."""
    set_dates(rows, TOO_EARLY_DATES)


def after_the_data(_rng: random.Random, rows: list[Row]) -> None:
    """The export was made two days after the data ends: these are not looked at yet."""
    day = LAST_DAY + timedelta(days=1)
    set_dates(rows, [f"{day} 09:1{number}:00" for number in range(10)])
    for row in rows:
        if "resolved_at" in row:
            row["resolved_at"] = ""


def blank_row_ids(_rng: random.Random, rows: list[Row]) -> None:
    """Lines without an id of their own. Staging rejects the row."""
    set_in_turn(rows, "ticket_id" if "ticket_id" in rows[0] else "feedback_id", BLANKS)


def odd_dates(_rng: random.Random, rows: list[Row]) -> None:
    """Times as another system writes them."""
    for row in rows:
        column = "opened_at" if "opened_at" in row else "given_at"
        row[column] = f"{datetime.strptime(row[column], CLEAN_FORMAT):%d/%m/%Y %H:%M}"


def odd_white_space(rng: random.Random, rows: list[Row]) -> None:
    """Blanks around ids, which staging takes off."""
    for row in rows:
        row["customer_id"] = rng.choice(PADDINGS).format(row["customer_id"])


def odd_topics(_rng: random.Random, rows: list[Row]) -> None:
    """Topics as people type them; staging writes them lower case."""
    for row in rows:
        row["topic"] = f" {row['topic'].title()}"


def blank_topics(_rng: random.Random, rows: list[Row]) -> None:
    """Tickets that nobody has sorted: kept, and no complaint."""
    set_in_turn(rows, "topic", BLANKS)


def unparsable_ends(_rng: random.Random, rows: list[Row]) -> None:
    """No end is blank; what cannot be read is not taken for it."""
    set_in_turn(rows, "resolved_at", ("yes", "closed", "2024-02-30 10:00:00"))


def ends_too_early(_rng: random.Random, rows: list[Row]) -> None:
    """Resolved before opened: clocks of two systems. Staging rejects the row."""
    set_in_turn(rows, "resolved_at", ("2021-12-30 10:00:00",))


def first_versions(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """The ticket was exported before it was resolved, too; the newer row stands."""
    for row in rows:
        row["updated_at"] = row["resolved_at"]
    return [row | {"resolved_at": "", "updated_at": row["opened_at"]} for row in rows]


def scores_off_scale(_rng: random.Random, rows: list[Row]) -> None:
    """Scores of another scale. Staging rejects the row."""
    set_in_turn(rows, "nps_score", ("11", "-1", "7.5", "100"))


def unparsable_scores(_rng: random.Random, rows: list[Row]) -> None:
    """Scores in words. Staging rejects the row."""
    set_in_turn(rows, "nps_score", ("ten", "8 of 10"))


def nothing_said(_rng: random.Random, rows: list[Row]) -> None:
    """Opened and closed without an answer. Staging rejects the row."""
    for row in rows:
        row["nps_score"], row["feedback_text"] = "", ""


def is_resolved(row: Row) -> bool:
    """The ticket has an end."""
    return bool(row["resolved_at"])


COMMON_DIRT = (
    Dirt(exact_duplicates, 10),
    Dirt(unknown_customers, 9),
    Dirt(blank_customer_ids, 6),
    Dirt(blank_row_ids, 6),
    Dirt(unparsable_dates, 8),
    Dirt(too_early_dates, 3),
    Dirt(after_the_data, 5),
    Dirt(odd_dates, 60),
    Dirt(odd_white_space, 50),
)
TICKET_DIRT = (
    *COMMON_DIRT,
    Dirt(odd_topics, 60),
    Dirt(blank_topics, 16),
    Dirt(unparsable_ends, 6),
    Dirt(ends_too_early, 5),
    Dirt(first_versions, 24, is_resolved),
)
FEEDBACK_DIRT = (
    *COMMON_DIRT,
    Dirt(scores_off_scale, 8),
    Dirt(unparsable_scores, 4),
    Dirt(nothing_said, 8),
)


def build(customers: list[Customer], seed: int = SEED) -> dict[str, list[Row]]:
    """Return the rows of both tables for the customers of ``customers_orders``: every value is text."""
    rng = random.Random(seed)
    subscribed = subscriptions.simulated_subscriptions(random.Random(subscriptions.SEED), customers)
    stays = [
        stay
        for customer in customers
        if not customer.by_hand or customer.email.strip().lower() == "qa@example.com"
        for stay in stays_of_orders(customer)
    ]
    stays += stays_of_subscriptions(subscribed)
    tickets, answers = simulate(rng, stays)
    add_dirt(rng, tickets, list(tickets), TICKET_DIRT)
    add_dirt(rng, answers, list(answers), FEEDBACK_DIRT)
    return {"raw_support_tickets": tickets, "raw_feedback": answers}
