"""An independent oracle for the signals of risk: day by day and customer by customer, in plain Python.

Takes what the other oracles cleaned (days and amounts of orders, rows of subscriptions) and, for a snapshot,
looks at nothing that happened after it. Written from the definitions in models/columns.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import ONE_DAY
from oracle_subscriptions import SubscriptionRow

HORIZON_DAYS = 90
RECENT_DAYS = 90
OVERDUE_FACTOR = 2
DECLINE_SHARE = Fraction(1, 2)
SLOW_DAYS = 7


@dataclass(frozen=True)
class Ticket:
    """A support ticket of one customer."""

    opened_on: date
    resolved_on: date | None
    is_complaint: bool


@dataclass(frozen=True)
class Feedback:
    """What one customer said; in the order in which it was given."""

    given_on: date
    score: int | None
    text: str | None


Orders = Sequence[tuple[date, Decimal]]  # day and gross amount of each counted order


@dataclass(frozen=True)
class Seen:
    """What is known of a customer on a snapshot: the day from which each signal applies, or None."""

    cancellation_requested: date | None
    failed_payment: date | None
    complaint: date | None
    slow_service: date | None
    low_nps: date | None
    negative_feedback: date | None
    downgrade: date | None
    price_rise: date | None
    overdue: date | None
    fewer_orders: date | None
    lower_spend: date | None
    poor_onboarding: date | None
    tenure_days: int
    silent_days: int
    recent_purchase_days: int
    mrr: Decimal


def month_ends(as_of: date, months: int) -> list[date]:
    """The last days of the months before the one with ``as_of`` in it, the latest first."""
    found = []
    day = as_of.replace(day=1)
    for _ in range(months):
        found.append(day - ONE_DAY)
        day = (day - ONE_DAY).replace(day=1)
    return found


def usual_day(orders: Mapping[str, Orders], snapshot: date) -> int | None:
    """Days until the second day with an order, by which three quarters of those who came back had."""
    gaps = []
    for bought in orders.values():
        days = sorted({day for day, _ in bought if day <= snapshot})
        if len(days) > 1:
            gaps.append((days[1] - days[0]).days)
    gaps.sort()
    return gaps[math.ceil(Fraction(3, 4) * len(gaps)) - 1] if gaps else None


def active_since(active: set[date], snapshot: date) -> date:
    """The first day of the run of active days that the snapshot lies in."""
    day = snapshot
    while day - ONE_DAY in active:
        day -= ONE_DAY
    return day


def mrr_on(rows: Sequence[SubscriptionRow], day: date) -> Decimal:
    """What is paid for a month on a day."""
    return sum((row.mrr for row in rows if row.is_paid and row.covers(day)), Decimal(0))


def seen(
    rows: Sequence[SubscriptionRow],
    orders: Orders,
    tickets: Sequence[Ticket],
    feedback: Sequence[Feedback],
    words: Collection[str],
    active: set[date],
    usual_days: int | None,
    snapshot: date,
) -> Seen:
    """All signals of one active customer on one day."""
    since = snapshot - timedelta(days=RECENT_DAYS)
    rows = [row for row in rows if row.started_on <= snapshot]
    asked = [
        row.cancel_requested_on
        for row in rows
        if row.is_paid and row.covers(snapshot)
        and row.cancel_requested_on is not None and row.cancel_requested_on <= snapshot
    ]  # fmt: skip
    failed = [
        row.ended_on
        for row in rows
        if row.cancel_reason == "payment_failed" and row.ended_on and since < row.ended_on <= snapshot
    ]  # fmt: skip
    dearer = []
    for row in rows:
        earlier = [
            other for other in rows
            if other.subscription_id == row.subscription_id and other.started_on < row.started_on
        ]  # fmt: skip
        if earlier and row.started_on > since:
            last = max(earlier, key=lambda other: other.started_on)
            same = last.plan == row.plan and last.currency == row.currency
            if same and 0 < last.mrr < row.mrr:
                dearer.append(row.started_on)
    now, before = mrr_on(rows, snapshot), mrr_on(rows, since)
    lowered = None
    if 0 < now < before:
        lowered = snapshot
        while mrr_on(rows, lowered) >= mrr_on(rows, lowered - ONE_DAY):
            lowered -= ONE_DAY
    start = active_since(active, snapshot)
    bought = [(day, amount) for day, amount in orders if day <= snapshot]
    days = sorted({day for day, _ in bought})
    spoken = _of_orders(bought, days, usual_days, snapshot, since)
    return Seen(
        min(asked, default=None), max(failed, default=None),
        *_of_tickets(tickets, snapshot, since), *_of_feedback(feedback, words, snapshot, since),
        lowered, max(dearer, default=None), *spoken,
        tenure_days=(snapshot - start).days,
        silent_days=(snapshot - (days[-1] if days else start)).days,
        recent_purchase_days=sum(day > since for day in days),
        mrr=now,
    )  # fmt: skip


def _of_tickets(
    tickets: Sequence[Ticket], snapshot: date, since: date
) -> tuple[date | None, date | None]:
    complaints = [
        ticket.opened_on
        for ticket in tickets
        if ticket.is_complaint and since < ticket.opened_on <= snapshot
    ]
    slow = []
    for ticket in tickets:
        # Day by day: open at the end of the last day of patience, and seen on the day after.
        day = ticket.opened_on + timedelta(days=SLOW_DAYS)
        is_open = ticket.resolved_on is None or ticket.resolved_on > day
        if is_open and since < day + ONE_DAY <= snapshot:
            slow.append(day + ONE_DAY)
    return max(complaints, default=None), max(slow, default=None)


def has_word(text: str, words: Collection[str]) -> bool:
    """Does the text say one of the words: as a sequence of whole words, whatever the case."""
    said = re.findall(r"\w+", text.lower())
    for word in words:
        parts = re.findall(r"\w+", word.lower())
        if any(said[start : start + len(parts)] == parts for start in range(len(said))):
            return True
    return False


def _of_feedback(
    feedback: Sequence[Feedback], words: Collection[str], snapshot: date, since: date
) -> tuple[date | None, date | None]:
    known = [answer for answer in feedback if answer.given_on <= snapshot]
    scored = [answer for answer in known if answer.score is not None]
    low = None
    if scored and scored[-1].given_on > since:
        last, before = scored[-1].score, scored[-2].score if len(scored) > 1 else None
        promoter_no_more = before is not None and before >= 9 > last
        low = scored[-1].given_on if last <= 6 or promoter_no_more else None
    negative = [
        answer.given_on
        for answer in known
        if answer.given_on > since and answer.text and has_word(answer.text, words)
    ]
    return low, max(negative, default=None)


def _of_orders(
    bought: Orders, days: Sequence[date], usual_days: int | None, snapshot: date, since: date
) -> tuple[date | None, date | None, date | None, date | None]:
    overdue = fewer = lower = onboarding = None
    if len(days) >= 3:
        mean_gap = Fraction((days[-1] - days[0]).days, len(days) - 1)
        if (snapshot - days[-1]).days > OVERDUE_FACTOR * mean_gap:
            overdue = days[-1] + timedelta(days=math.floor(OVERDUE_FACTOR * mean_gap) + 1)
    earlier = since - timedelta(days=RECENT_DAYS)
    if days and days[0] <= earlier:
        recent = [amount for day, amount in bought if since < day]
        before = [amount for day, amount in bought if earlier < day <= since]
        recent_days = sum(since < day for day in days)
        days_before = sum(earlier < day <= since for day in days)
        if days_before >= 2:
            if recent_days <= (1 - DECLINE_SHARE) * days_before:
                fewer = since + ONE_DAY
            if sum(before) > 0 and sum(recent) <= (1 - DECLINE_SHARE) * Fraction(sum(before)):
                lower = since + ONE_DAY
    if len(days) == 1 and usual_days is not None:
        due = days[0] + timedelta(days=usual_days + 1)
        onboarding = due if due <= snapshot else None
    return overdue, fewer, lower, onboarding


def leaves(active: set[date], snapshot: date, as_of: date) -> bool | None:
    """Is there a day without activity within the horizon; None while it is not over."""
    days = [snapshot + timedelta(days=number) for number in range(1, HORIZON_DAYS + 1)]
    return None if days[-1] > as_of else any(day not in active for day in days)
