"""An independent oracle for subscriptions: MRR, currencies and why customers left, day by day.

The second part of the oracle, in the manner of the first (see oracle.py): slow, naive, and without
anything in common with the dbt project. A row of a subscription is walked through one day at a
time, its MRR is added to each of its days, and every balance is looked up in those days.

Part 1, the cleaning  ``clean``, ``clean_seeds``; ``parse_rate``, ``cancel_reason_of``
Part 2, the days      ``paid_days``, ``active_days``, ``spells``, ``movements``, ``retention``
Part 3, MRR           ``daily_mrr``, ``mrr_movements``, ``plan_movements``, ``mrr_by_period``,
                      ``plan_movements_by_period``, ``mrr_cohorts``
Part 4, why they left ``churned_customers``, ``cancellations_pending``; ``counted_orders`` and
                      ``counted_refunds`` lead over from the first part of the oracle

Money is Decimal, rates are Fraction, and nothing is rounded but where the definitions say so: what is paid a month in
another currency when it is converted, a share of the price of another interval after ten decimals, the balances of
``mrr_by_period`` at the end.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import oracle
from oracle import (
    DEMO_TIMEZONE,
    ONE_DAY,
    UNKNOWN,
    Cleaned,
    Movement,
    MovementKey,
    RawRow,
    Retention,
    RetentionKey,
    _latest_first,
    _lower,
    _moment,
    _reason_of_amount,
    _reason_of_date,
    _slices,
    _smallest_first,
    _upper,
    clean_text,
    days_between,
    parse_amount,
    parse_timestamp,
    periods,
    read_csv,
)

BASIS = "subscriptions"
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class SubscriptionPolicy:
    """The policy vars that subscriptions depend on."""

    grace_days: int = 0
    period_grains: tuple[str, ...] = ("week", "month", "quarter", "year")
    gross_margin_rate: Fraction = Fraction(6, 10)


def round_to_cents(amount: Fraction) -> Decimal:
    """Rounded to 2 decimals, half away from zero."""
    cents = int(abs(amount) * 100 + Fraction(1, 2))
    return Decimal(-cents if amount < 0 else cents).scaleb(-2)


def round_to_ten(amount: Fraction) -> Decimal:
    """Rounded to 10 decimals, half away from zero."""
    units = int(abs(amount) * 10**10 + Fraction(1, 2))
    return Decimal(-units if amount < 0 else units).scaleb(-10)


def in_cents(amount: Decimal) -> Decimal:
    """A sum in cents; its decimals from the seventh on are what ten decimals could not say."""
    millionths = int(abs(Fraction(amount)) * 10**6 + Fraction(1, 2))
    return round_to_cents(Fraction(-millionths if amount < 0 else millionths, 10**6))


# --------------------------------------------------------------------------------------------
# Part 1: the cleaning of the raw rows
# --------------------------------------------------------------------------------------------

CANCEL_REASONS = {
    "price": ["price", "too expensive", "pricing"],
    "missing_features": ["missing features", "features"],
    "competitor": ["competitor", "switched", "switched to competitor"],
    "no_longer_needed": ["no longer needed", "not needed", "project ended"],
    "service": ["service", "bad support", "support"],
    "payment_failed": ["payment failed", "card expired", "card declined", "dunning"],
}

Rates = dict[str, dict[date, Fraction]]  # currency: valid_from: rate


@dataclass(frozen=True)
class SubscriptionRow:
    """An accepted row: one period of a subscription, in the reporting currency.

    ``ended_on`` is the first day it no longer covers, after the cut; None when it is open-ended.
    """

    subscription_id: str
    customer_id: str
    plan: str
    started_on: date
    ended_on: date | None
    mrr: Decimal
    currency: str
    cancel_reason: str | None
    cancel_requested_on: date | None

    @property
    def is_paid(self) -> bool:
        """A free period is accepted and cuts others, but nobody pays for it."""
        return self.mrr > 0

    def covers(self, day: date) -> bool:
        """Is the day one of this row's?"""
        return self.started_on <= day and (self.ended_on is None or day < self.ended_on)


@dataclass
class CleanedSubscriptions:
    """What ``clean`` returns. ``rejected`` holds (table, key exactly as in the file, reason).

    The key of a rejected exchange rate is its currency.
    """

    rates: Rates = field(default_factory=dict)
    rows: list[SubscriptionRow] = field(default_factory=list)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _ReadRow:
    """A raw row that can be read, before it is known whether it stands and for how long."""

    raw: RawRow
    subscription_id: str
    customer_id: str
    plan: str
    started_on: date
    ended_on: date | None
    amount: Decimal
    is_derived: bool
    currency: str
    cancel_reason: str | None
    cancel_requested_on: date | None
    rank: tuple


def clean(
    raw_rates: Sequence[RawRow],
    raw_subscriptions: Sequence[RawRow],
    customers: Collection[str] | None,
    test_ids: Collection[str] = (),
    reporting_currency: str = "GBP",
    business_timezone: str = DEMO_TIMEZONE,
) -> CleanedSubscriptions:
    """Accept or reject every raw row, with the first reason that applies.

    ``customers`` are the ids of the accepted customers, ``test_ids`` those that have a test
    account's row. Without a customer table, ``customers`` is None and nobody is unknown.
    """
    result = CleanedSubscriptions()
    _clean_rates(result, raw_rates, business_timezone)
    _clean_subscriptions(
        result, raw_subscriptions, customers, test_ids, reporting_currency, business_timezone
    )
    return result


def clean_seeds(
    folder: Path | str, as_of: date | None = None, reporting_currency: str = "GBP"
) -> tuple[Cleaned, CleanedSubscriptions]:
    """Clean a folder of seeds: the three files of ``oracle.clean_seeds`` and the two new ones.

    The day the numbers are as of is that of the orders: ``as_of`` of the first result.
    """
    folder = Path(folder)
    cleaned = oracle.clean_seeds(folder, as_of=as_of)
    return cleaned, clean(
        read_csv(folder / "raw_exchange_rates.csv"),
        read_csv(folder / "raw_subscriptions.csv"),
        customers=set(cleaned.customers),
        test_ids=ids_of_test_accounts(read_csv(folder / "raw_customers.csv")),
        reporting_currency=reporting_currency,
    )


def ids_of_test_accounts(raw_customers: Iterable[RawRow]) -> set[str]:
    """The customer ids that have a test account's row."""
    return {
        customer_id
        for row in raw_customers
        if (customer_id := clean_text(row.get("customer_id"))) is not None
        and oracle.is_test_email(_lower(row.get("email")))
    }


# Values


def parse_rate(text: str) -> Fraction | None:
    """A rate, from cleaned text: written as an amount is, but not rounded."""
    if parse_amount(text) is None:
        return None
    return Fraction("".join(letter for letter in text if letter in "-.0123456789"))


def cancel_reason_of(raw: str | None) -> str | None:
    """The reason a raw text stands for; `other` when it is in no list, None when there is none."""
    text = _lower(raw)
    if text is None:
        return None
    text = text.replace("_", " ").replace("-", " ")
    for reason, spellings in CANCEL_REASONS.items():
        if text in spellings:
            return reason
    return "other"


def _day(raw: str | None, business_timezone: str) -> date | None:
    """The day of a text; None when it is missing or cannot be parsed."""
    moment = _moment(raw, business_timezone)
    return None if moment is None else moment.date()


# Exchange rates


def _clean_rates(
    result: CleanedSubscriptions, raw_rates: Sequence[RawRow], business_timezone: str
) -> None:
    """Fill in the rates. Two different rates for one currency and day are an error."""

    def reason_of(row: RawRow) -> str | None:
        valid_from = clean_text(row.get("valid_from"))
        text = clean_text(row.get("rate"))
        if clean_text(row.get("currency")) is None:
            return "missing_currency"
        if valid_from is None:
            return "missing_date"
        if parse_timestamp(valid_from, business_timezone) is None:
            return "unparsable_date"
        if text is None:
            return "missing_rate"
        rate = parse_rate(text)
        if rate is None:
            return "unparsable_rate"
        if rate <= 0:
            return "rate_not_positive"
        return None

    for row in raw_rates:
        reason = reason_of(row)
        if reason is None:
            currency = _upper(row["currency"])
            valid_from = _day(row["valid_from"], business_timezone)
            rate = parse_rate(clean_text(row["rate"]))
            known = result.rates.setdefault(currency, {})
            if valid_from not in known:
                known[valid_from] = rate
            elif known[valid_from] == rate:
                reason = "duplicate_rate"
            else:
                raise ValueError(f"two different rates for {currency} from {valid_from}")
        if reason is not None:
            result.rejected.append(("exchange_rates", row.get("currency") or "", reason))


def rate_on(rates: Rates, currency: str, day: date) -> Fraction | None:
    """The rate that is valid on a day: that of the latest valid_from up to it."""
    valid = [valid_from for valid_from in rates.get(currency, {}) if valid_from <= day]
    return rates[currency][max(valid)] if valid else None


# Subscriptions


def _clean_subscriptions(
    result: CleanedSubscriptions,
    raw_subscriptions: Sequence[RawRow],
    customers: Collection[str] | None,
    test_ids: Collection[str],
    reporting_currency: str,
    business_timezone: str,
) -> None:
    """Fill in the accepted rows: readable, the newest of their start, converted, and cut."""

    def reject(row: RawRow, reason: str) -> None:
        result.rejected.append(("subscriptions", row.get("subscription_id") or "", reason))

    # Reasons 1 to 9: those of a row alone.
    survivors: dict[tuple[str, date], list[_ReadRow]] = {}
    for raw in raw_subscriptions:
        reason = _reason_of_subscription(
            raw, customers, test_ids, reporting_currency, business_timezone
        )
        if reason is not None:
            reject(raw, reason)
            continue
        row = _read_row(raw, reporting_currency, business_timezone)
        survivors.setdefault((row.subscription_id, row.started_on), []).append(row)

    # Reason 10: of the rows with one subscription and start, one stands.
    winners = []
    for ranked in survivors.values():
        winner, *losers = sorted(ranked, key=lambda row: row.rank)
        winners.append(winner)
        for row in losers:
            reject(row.raw, "superseded_by_newer_row")

    # Reason 11: the rate of the first start is kept for all rows of a subscription and currency.
    first_starts: dict[tuple[str, str], date] = {}
    for row in winners:
        key = (row.subscription_id, row.currency)
        first_starts[key] = min(first_starts.get(key, row.started_on), row.started_on)
    accepted: list[tuple[_ReadRow, Decimal]] = []
    for row in winners:
        first_start = first_starts[row.subscription_id, row.currency]
        rate = Fraction(1)
        if row.currency != reporting_currency:
            rate = rate_on(result.rates, row.currency, first_start)
        if rate is None:
            reject(row.raw, "no_exchange_rate")
        else:
            mrr = Fraction(row.amount) * rate
            accepted.append((row, round_to_ten(mrr) if row.is_derived else round_to_cents(mrr)))

    # The cut: a period ends where the next accepted one of its subscription starts.
    starts: dict[str, list[date]] = {}
    for row, _ in accepted:
        starts.setdefault(row.subscription_id, []).append(row.started_on)
    for row, mrr in accepted:
        ends = [start for start in starts[row.subscription_id] if start > row.started_on]
        if row.ended_on is not None:
            ends.append(row.ended_on)
        result.rows.append(
            SubscriptionRow(
                subscription_id=row.subscription_id,
                customer_id=row.customer_id,
                plan=row.plan,
                started_on=row.started_on,
                ended_on=min(ends, default=None),
                mrr=mrr,
                currency=row.currency,
                cancel_reason=row.cancel_reason,
                cancel_requested_on=row.cancel_requested_on,
            )
        )
    result.rows.sort(key=lambda row: (row.subscription_id, row.started_on))


def _reason_of_subscription(
    raw: RawRow,
    customers: Collection[str] | None,
    test_ids: Collection[str],
    reporting_currency: str,
    business_timezone: str,
) -> str | None:
    """Why a row is not acceptable, whatever the other rows are; None when it is."""
    customer_id = clean_text(raw.get("customer_id"))
    if clean_text(raw.get("subscription_id")) is None:
        return "missing_subscription_id"
    if customer_id is None:
        return "missing_customer_id"
    # No start is in the future: a subscription may be sold before it starts.
    reason = _reason_of_date(raw.get("started_on"), business_timezone, date.max)
    if reason is not None:
        return reason
    started_on = _day(raw["started_on"], business_timezone)
    end_text = clean_text(raw.get("ended_on"))
    if end_text is not None:
        end = parse_timestamp(end_text, business_timezone)
        if end is None:
            return "unparsable_end_date"
    changed_text = clean_text(raw.get("updated_at"))
    if changed_text is not None and parse_timestamp(changed_text, business_timezone) is None:
        return "unparsable_updated_at"
    if end_text is not None:
        if end.date() < started_on:
            return "ends_before_start"
        if end.date() == started_on:
            return "covers_no_day"
    amount_text = _amount_text(raw)
    reason = _reason_of_amount(amount_text)
    if reason in ("missing_amount", "unparsable_amount"):
        return reason
    sign_of = {"£": "GBP", "€": "EUR"}
    currency = _upper(raw.get("currency")) or reporting_currency
    if any(sign in amount_text and currency != sign_of[sign] for sign in sign_of):
        return "currency_sign_disagrees"
    if reason is not None:
        return reason
    if customers is not None and customer_id not in customers:
        return "test_account" if customer_id in test_ids else "unknown_customer"
    return None


def _amount_text(raw: RawRow) -> str | None:
    """What the amount is read from: that of a month, and without one the price of an interval."""
    if clean_text(raw.get("monthly_amount")) is None:
        return raw.get("price")
    return raw["monthly_amount"]


INTERVALS_A_YEAR = {"week": 52, "month": 12, "quarter": 4, "year": 1}


def _read_row(raw: RawRow, reporting_currency: str, business_timezone: str) -> _ReadRow:
    """The values of an acceptable row, and its rank among those with its start (first wins)."""
    customer_id = clean_text(raw["customer_id"])
    plan = _lower(raw.get("plan")) or UNKNOWN
    ended_on = _day(raw.get("ended_on"), business_timezone)
    amount = parse_amount(clean_text(_amount_text(raw)))
    is_derived = clean_text(raw["monthly_amount"]) is None
    if is_derived:
        times = Fraction(INTERVALS_A_YEAR[raw["billing_interval"]] * int(raw["quantity"]), 12)
        amount = round_to_ten(Fraction(amount) * times)
    currency = _upper(raw.get("currency")) or reporting_currency
    cancel_requested_on = _day(raw.get("cancel_requested_on"), business_timezone)
    cancel_reason = cancel_reason_of(raw.get("cancel_reason"))
    # Who asked to leave on a day that cannot be read has asked all the same, for a reason unknown.
    if cancel_requested_on is None and clean_text(raw.get("cancel_requested_on")) is not None:
        cancel_reason = cancel_reason or "other"
    rank = (
        _latest_first(_moment(raw.get("updated_at"), business_timezone)),
        _latest_first(_moment(raw["started_on"], business_timezone)),
        (0, 0) if ended_on is None else (1, -ended_on.toordinal()),
        -amount,
        customer_id,
        plan,
        currency,
        (1, 0) if cancel_requested_on is None else (0, -cancel_requested_on.toordinal()),
        _smallest_first(cancel_reason),
    )
    return _ReadRow(
        raw=raw,
        subscription_id=clean_text(raw["subscription_id"]),
        customer_id=customer_id,
        plan=plan,
        started_on=_day(raw["started_on"], business_timezone),
        ended_on=ended_on,
        amount=amount,
        is_derived=is_derived,
        currency=currency,
        cancel_reason=cancel_reason,
        cancel_requested_on=cancel_requested_on,
        rank=rank,
    )


# --------------------------------------------------------------------------------------------
# Part 2: the days
# --------------------------------------------------------------------------------------------


def covered_days(row: SubscriptionRow, as_of: date) -> Iterator[date]:
    """The days of a row, one after the other. Days after ``as_of`` do not exist yet."""
    day = row.started_on
    while day <= as_of and row.covers(day):
        yield day
        day = day + ONE_DAY


def rows_by_customer(rows: Iterable[SubscriptionRow]) -> dict[str, list[SubscriptionRow]]:
    """The rows of each customer; a subscription may pass from one customer to another."""
    result: dict[str, list[SubscriptionRow]] = {}
    for row in rows:
        result.setdefault(row.customer_id, []).append(row)
    return result


def paid_days(rows: Iterable[SubscriptionRow], as_of: date) -> set[date]:
    """The days of one customer that some paid row covers."""
    return {day for row in rows if row.is_paid for day in covered_days(row, as_of)}


def grace_after(rows: Iterable[SubscriptionRow], unpaid_since: date, grace_days: int) -> int:
    """The days of grace from the first unpaid day of a customer on.

    None from the day on which the customer has asked to leave, also before, and none at all for who
    gave a reason and no day. Of several rows that end together, the longest grace stands.
    """
    graces = []
    for row in rows:
        if not row.is_paid or row.ended_on != unpaid_since:
            continue
        if row.cancel_reason == "payment_failed":
            graces.append(grace_days)
        elif row.cancel_requested_on is not None:
            graces.append(max(0, min(grace_days, (row.cancel_requested_on - unpaid_since).days)))
        else:
            graces.append(grace_days if row.cancel_reason is None else 0)
    return max(graces)


def active_days(rows: Iterable[SubscriptionRow], grace_days: int, as_of: date) -> set[date]:
    """The days of one customer that are paid, or in the grace after the last one ended."""
    rows = list(rows)
    paid = paid_days(rows, as_of)
    active = set()
    if not paid:
        return active
    unpaid_since = None
    for day in days_between(min(paid), as_of):
        if day in paid:
            unpaid_since = None
            active.add(day)
            continue
        if unpaid_since is None:
            unpaid_since = day
            grace = grace_after(rows, day, grace_days)
        if (day - unpaid_since).days < grace:
            active.add(day)
    return active


def active_by_customer(
    rows: Iterable[SubscriptionRow], grace_days: int, as_of: date
) -> dict[str, set[date]]:
    """The active days of everybody who was ever active up to ``as_of``."""
    return {
        customer: days
        for customer, customer_rows in rows_by_customer(rows).items()
        if (days := active_days(customer_rows, grace_days, as_of))
    }


def spells(active: Collection[date], as_of: date) -> list[tuple[date, date | None]]:
    """Maximal runs of one customer's active days as (first active day, first inactive day).

    The end is None when the customer is still active on ``as_of``.
    """
    days = set(active)
    result = []
    for start in sorted(days):
        if start - ONE_DAY in days:
            continue
        day = start
        while day in days:
            day = day + ONE_DAY
        result.append((start, None if day > as_of else day))
    return result


def _ledger_policy(basis: str, policy: SubscriptionPolicy) -> oracle.Policy:
    return oracle.Policy(period_grains=policy.period_grains, status_bases=(basis,))


def movements(
    rows: Iterable[SubscriptionRow], policy: SubscriptionPolicy, as_of: date
) -> dict[MovementKey, Movement]:
    """The ledger of the basis `subscriptions`."""
    active = active_by_customer(rows, policy.grace_days, as_of)
    return oracle.movements({}, _ledger_policy(BASIS, policy), as_of, {BASIS: active})


def retention(
    rows: Iterable[SubscriptionRow],
    segments: Mapping[str, Mapping[str, str | None]],
    policy: SubscriptionPolicy,
    as_of: date,
) -> dict[RetentionKey, Retention]:
    """Balances and rates of the basis `subscriptions`."""
    active = active_by_customer(rows, policy.grace_days, as_of)
    return oracle.retention({}, segments, _ledger_policy(BASIS, policy), as_of, {BASIS: active})


# --------------------------------------------------------------------------------------------
# Part 3: MRR
# --------------------------------------------------------------------------------------------

MrrKey = tuple[str, date, str]  # grain, period_start, customer_id
PlanKey = tuple[str, date, str, str]  # grain, period_start, customer_id, plan
MrrPeriodKey = tuple[str, date, str, str]  # grain, period_start, dimension, value


@dataclass
class CustomerMrr:
    """The MRR of one customer, in all and per plan, on every day from the first paid one."""

    first_paid_on: date
    totals: list[Decimal]
    plans: dict[str, list[Decimal]]

    def on(self, day: date) -> Decimal:
        """MRR on a day."""
        return self._look_up(self.totals, day)

    def of_plan_on(self, plan: str, day: date) -> Decimal:
        """MRR of a plan on a day."""
        return self._look_up(self.plans[plan], day)

    def between(self, first: date, last: date) -> list[Decimal]:
        """The MRR of each day from one to another, from the first paid one on."""
        begin = self.first_paid_on.toordinal()
        return self.totals[max(0, first.toordinal() - begin) : max(0, last.toordinal() - begin + 1)]

    def _look_up(self, amounts: list[Decimal], day: date) -> Decimal:
        if day < self.first_paid_on:
            return ZERO
        return amounts[day.toordinal() - self.first_paid_on.toordinal()]


def daily_mrr(
    rows: Iterable[SubscriptionRow], grace_days: int, as_of: date
) -> dict[str, CustomerMrr]:
    """The MRR of every day up to ``as_of``, for everybody who ever paid until then.

    On a day of grace it is that of the last paid day, per plan too.
    """
    result = {}
    for customer, customer_rows in rows_by_customer(rows).items():
        paid = paid_days(customer_rows, as_of)
        if not paid:
            continue
        first = min(paid)
        calendar = list(days_between(first, as_of))
        totals = [ZERO] * len(calendar)
        plans: dict[str, list[Decimal]] = {}
        for row in customer_rows:
            if not row.is_paid:
                continue
            for day in covered_days(row, as_of):
                of_plan = plans.setdefault(row.plan, [ZERO] * len(calendar))
                i = (day - first).days
                totals[i] += row.mrr
                of_plan[i] += row.mrr
        last_paid = 0
        for i, day in enumerate(calendar):
            if day in paid:
                last_paid = i
                continue
            if i == last_paid + 1:
                grace = grace_after(customer_rows, day, grace_days)
            if i - (last_paid + 1) < grace:
                for amounts in [totals, *plans.values()]:
                    amounts[i] = amounts[last_paid]
        result[customer] = CustomerMrr(first, totals, plans)
    return result


@dataclass(frozen=True)
class MrrMovement:
    """What happened to the MRR of a customer in a period; ``amount`` is positive.

    ``plan`` is the one the amount is posted on.
    """

    movement: str
    opening_mrr: Decimal
    closing_mrr: Decimal
    amount: Decimal
    plan: str


@dataclass(frozen=True)
class PlanMovement:
    """What happened to the MRR of a customer on a plan: closing - opening = posted + transferred."""

    opening_mrr: Decimal
    closing_mrr: Decimal
    posted_mrr: Decimal
    transferred_mrr: Decimal


@dataclass
class MrrPeriod:
    """One row of ``mrr_by_period``, without its key. Filled while counting.

    The lifetime value is exact, as the rates are.
    """

    period_end: date
    period_status: str
    is_latest_complete_period: bool
    opening_mrr: Decimal = ZERO
    new_mrr: Decimal = ZERO
    reactivation_mrr: Decimal = ZERO
    expansion_mrr: Decimal = ZERO
    contraction_mrr: Decimal = ZERO
    churn_mrr: Decimal = ZERO
    transferred_mrr: Decimal = ZERO
    closing_mrr: Decimal = ZERO
    annual_run_rate: Decimal = ZERO
    opening_customers: int = 0
    new_customers: int = 0
    reactivation_customers: int = 0
    expansion_customers: int = 0
    contraction_customers: int = 0
    churn_customers: int = 0
    voluntary_churn_mrr: Decimal = ZERO
    involuntary_churn_mrr: Decimal = ZERO
    expired_churn_mrr: Decimal = ZERO
    voluntary_churned_customers: int = 0
    involuntary_churned_customers: int = 0
    expired_churned_customers: int = 0
    closing_customers: int = 0
    acquired_customers: int | None = 0
    mrr_days: Decimal | None = ZERO
    churn_events: int | None = 0
    year_before_customers: int | None = 0
    year_before_customers_lost: int | None = 0
    year_before_mrr: Decimal | None = ZERO
    year_before_mrr_retained: Decimal | None = ZERO
    year_before_mrr_kept: Decimal | None = ZERO
    trailing_grr: Fraction | None = None
    trailing_nrr: Fraction | None = None
    trailing_logo_churn_rate: Fraction | None = None
    grr: Fraction | None = None
    nrr: Fraction | None = None
    mrr_churn_rate: Fraction | None = None
    net_mrr_churn_rate: Fraction | None = None
    quick_ratio: Fraction | None = None
    arpa: Fraction | None = None
    subscription_lifetime_value: Fraction | None = None


def _periods_of(
    daily: Mapping[str, CustomerMrr], policy: SubscriptionPolicy, as_of: date
) -> list[tuple[str, date, date]]:
    """(grain, first day, last day) of every period since somebody first paid."""
    first = min((mrr.first_paid_on for mrr in daily.values()), default=None)
    if first is None:
        return []
    return [
        (grain, start, end)
        for grain in policy.period_grains
        for start, end in periods(first, as_of, grain)
    ]


def mrr_movements(
    daily: Mapping[str, CustomerMrr], policy: SubscriptionPolicy, as_of: date
) -> dict[MrrKey, MrrMovement]:
    """The movement of every customer whose MRR is another at the end of a period."""
    result = {}
    for grain, start, end in _periods_of(daily, policy, as_of):
        for customer, mrr in daily.items():
            movement = _mrr_movement(mrr, start, min(end, as_of))
            if movement is not None:
                result[grain, start, customer] = movement
    return result


def _mrr_movement(mrr: CustomerMrr, start: date, closing_day: date) -> MrrMovement | None:
    opening = mrr.on(start - ONE_DAY)
    closing = mrr.on(closing_day)
    if opening == closing:
        return None
    if opening == 0:
        # The first spell starts on the first paid day.
        movement = "new" if start <= mrr.first_paid_on <= closing_day else "reactivation"
    elif closing == 0:
        movement = "churn"
    elif closing > opening:
        movement = "expansion"
    else:
        movement = "contraction"
    changes = {
        plan: mrr.of_plan_on(plan, closing_day) - mrr.of_plan_on(plan, start - ONE_DAY)
        for plan in mrr.plans
    }
    most = max(changes.values()) if closing > opening else min(changes.values())
    return MrrMovement(
        movement=movement,
        opening_mrr=opening,
        closing_mrr=closing,
        amount=abs(closing - opening),
        plan=min(plan for plan, change in changes.items() if change == most),
    )


def plan_movements(
    daily: Mapping[str, CustomerMrr], policy: SubscriptionPolicy, as_of: date
) -> dict[PlanKey, PlanMovement]:
    """What was posted on and transferred to a plan, for every customer's plan that changed."""
    result = {}
    for grain, start, end in _periods_of(daily, policy, as_of):
        closing_day = min(end, as_of)
        for customer, mrr in daily.items():
            movement = _mrr_movement(mrr, start, closing_day)
            for plan in mrr.plans:
                opening = mrr.of_plan_on(plan, start - ONE_DAY)
                closing = mrr.of_plan_on(plan, closing_day)
                if opening == closing:
                    continue
                posted = ZERO
                if movement is not None and movement.plan == plan:
                    posted = movement.closing_mrr - movement.opening_mrr
                result[grain, start, customer, plan] = PlanMovement(
                    opening_mrr=opening,
                    closing_mrr=closing,
                    posted_mrr=posted,
                    transferred_mrr=closing - opening - posted,
                )
    return result


@dataclass
class _OfOpeningCustomers:
    """What is left of the MRR of a slice's opening customers: without and with what they added."""

    kept: Decimal = ZERO
    closing: Decimal = ZERO


def mrr_by_period(
    daily: Mapping[str, CustomerMrr],
    segments: Mapping[str, Mapping[str, str | None]],
    policy: SubscriptionPolicy,
    as_of: date,
    churn_types: Mapping[MrrKey, str] | None = None,
) -> dict[MrrPeriodKey, MrrPeriod]:
    """MRR, customers and rates per grain, period and slice, and per plan.

    ``segments`` as for ``oracle.retention``; ``churn_types`` says why somebody left in a period. Opening and closing are counted from the days, not
    from the movements. ``grr`` and ``nrr`` are, but for cents, what is left of the MRR of each
    opening customer.
    """
    dimensions = sorted({dimension for values in segments.values() for dimension in values})
    slices_of = {customer: _slices(segments.get(customer, {}), dimensions) for customer in daily}
    all_slices = sorted(
        {pair for pairs in slices_of.values() for pair in pairs}
        | {("plan", plan) for mrr in daily.values() for plan in mrr.plans}
    )
    of_customers = mrr_movements(daily, policy, as_of)
    of_plans = plan_movements(daily, policy, as_of)
    all_periods = _periods_of(daily, policy, as_of)
    result: dict[MrrPeriodKey, MrrPeriod] = {}
    for grain, start, end in all_periods:
        closing_day = min(end, as_of)
        rows = {
            (dimension, value): MrrPeriod(
                period_end=end,
                period_status="complete" if end <= as_of else "partial",
                is_latest_complete_period=end <= as_of < oracle.period_end(end + ONE_DAY, grain),
                acquired_customers=None if dimension == "plan" else 0,
            )
            for dimension, value in all_slices
        }
        for dimension, value in all_slices:
            if dimension == "plan":
                _leave_out_customers_of_plan(rows[dimension, value])
        left = {pair: _OfOpeningCustomers() for pair in all_slices}
        day_before = year_before(closing_day)
        for customer, mrr in daily.items():
            opening = mrr.on(start - ONE_DAY)
            closing = mrr.on(closing_day)
            is_acquired = start <= mrr.first_paid_on <= closing_day
            movement = of_customers.get((grain, start, customer))
            daily_amounts = mrr.between(start, closing_day)
            revenue = sum(daily_amounts, ZERO)
            losses = sum(a > 0 == b for a, b in pairwise([opening, *daily_amounts]))
            churn_type = (churn_types or {}).get((grain, start, customer))
            for pair in slices_of[customer]:
                _count_balance(rows[pair], opening, closing)
                if is_acquired:
                    rows[pair].acquired_customers += 1
                if opening > 0:
                    left[pair].kept += min(opening, closing)
                    left[pair].closing += closing
                rows[pair].mrr_days += revenue
                rows[pair].churn_events += losses
                _count_year_before(rows[pair], then=mrr.on(day_before), now=closing)
                if movement is not None:
                    _count_movement(rows[pair], movement)
                    _count_churn_type(rows[pair], movement, churn_type)
            for plan in mrr.plans:
                row = rows["plan", plan]
                _count_balance(
                    row, mrr.of_plan_on(plan, start - ONE_DAY), mrr.of_plan_on(plan, closing_day)
                )
                if movement is not None and movement.plan == plan:
                    _count_movement(row, movement)
                    _count_churn_type(row, movement, churn_type)
                of_plan = of_plans.get((grain, start, customer, plan))
                if of_plan is not None:
                    row.transferred_mrr += of_plan.transferred_mrr
        for (dimension, value), row in rows.items():
            _round(row)
            if row.period_status == "complete":
                _add_arpa(row)
                if dimension != "plan":
                    _add_mrr_rates(row, left[dimension, value], policy)
            result[grain, start, dimension, value] = row
    return result


def _count_balance(row: MrrPeriod, opening: Decimal, closing: Decimal) -> None:
    """Count one customer's opening and closing into a row."""
    row.opening_mrr += opening
    row.closing_mrr += closing
    row.annual_run_rate += 12 * closing
    if opening > 0:
        row.opening_customers += 1
    if closing > 0:
        row.closing_customers += 1


def year_before(day: date) -> date:
    """The day twelve months before; of the last day of February the last day of February."""
    if day.month == 2 and (day + ONE_DAY).month == 3:
        return date(day.year - 1, 3, 1) - ONE_DAY
    return day.replace(year=day.year - 1)


def _count_year_before(row: MrrPeriod, then: Decimal, now: Decimal) -> None:
    """Count one customer into what is left of those who paid twelve months ago."""
    if then > 0:
        row.year_before_customers += 1
        row.year_before_customers_lost += now == 0
        row.year_before_mrr += then
        row.year_before_mrr_retained += now
        row.year_before_mrr_kept += min(then, now)


def _leave_out_customers_of_plan(row: MrrPeriod) -> None:
    """MRR moves between plans, so of a plan nothing is said about those of a year ago or who leaves."""
    row.mrr_days = row.churn_events = None
    row.year_before_customers = row.year_before_customers_lost = None
    row.year_before_mrr = row.year_before_mrr_retained = row.year_before_mrr_kept = None


def _count_movement(row: MrrPeriod, movement: MrrMovement) -> None:
    """Count one customer's movement into a row."""
    if movement.movement == "new":
        row.new_mrr += movement.amount
        row.new_customers += 1
    if movement.movement == "reactivation":
        row.reactivation_mrr += movement.amount
        row.reactivation_customers += 1
    if movement.movement == "expansion":
        row.expansion_mrr += movement.amount
        row.expansion_customers += 1
    if movement.movement == "contraction":
        row.contraction_mrr += movement.amount
        row.contraction_customers += 1
    if movement.movement == "churn":
        row.churn_mrr += movement.amount
        row.churn_customers += 1


def _count_churn_type(row: MrrPeriod, movement: MrrMovement, churn_type: str | None) -> None:
    """Count one customer's churn as what it was."""
    if movement.movement == "churn" and churn_type == "voluntary":
        row.voluntary_churn_mrr += movement.amount
        row.voluntary_churned_customers += 1
    if movement.movement == "churn" and churn_type == "involuntary":
        row.involuntary_churn_mrr += movement.amount
        row.involuntary_churned_customers += 1
    if movement.movement == "churn" and churn_type == "expired":
        row.expired_churn_mrr += movement.amount
        row.expired_churned_customers += 1


def _round(row: MrrPeriod) -> None:
    """Cents, so that the row adds up: each balance on the way is rounded, movements lie between."""
    _round_churn_types(row)
    balance = row.opening_mrr
    for name, sign in (
        ("new_mrr", 1), ("reactivation_mrr", 1), ("expansion_mrr", 1),
        ("contraction_mrr", -1), ("churn_mrr", -1), ("transferred_mrr", 1),
    ):  # fmt: skip
        after = balance + sign * getattr(row, name)
        lower, upper = (balance, after) if sign > 0 else (after, balance)
        setattr(row, name, in_cents(upper) - in_cents(lower))
        balance = after
    assert balance == row.closing_mrr
    for name in (
        "opening_mrr", "closing_mrr", "annual_run_rate",
        "year_before_mrr", "year_before_mrr_retained", "year_before_mrr_kept",
    ):  # fmt: skip
        if getattr(row, name) is not None:
            setattr(row, name, in_cents(getattr(row, name)))


def _round_churn_types(row: MrrPeriod) -> None:
    """The parts of the churn lie one below the other, from where the contraction left the balance."""
    balance = row.closing_mrr - row.transferred_mrr + row.churn_mrr
    for name in ("voluntary_churn_mrr", "involuntary_churn_mrr", "expired_churn_mrr"):
        after = balance - getattr(row, name)
        setattr(row, name, in_cents(balance) - in_cents(after))
        balance = after


def _add_arpa(row: MrrPeriod) -> None:
    if row.closing_customers > 0:
        row.arpa = Fraction(row.closing_mrr) / row.closing_customers


def _add_mrr_rates(row: MrrPeriod, left: _OfOpeningCustomers, policy: SubscriptionPolicy) -> None:
    """The rates of a complete period, exactly; each left at None when its denominator is 0."""
    gained = Fraction(row.new_mrr) + Fraction(row.reactivation_mrr) + Fraction(row.expansion_mrr)
    lost = Fraction(row.churn_mrr) + Fraction(row.contraction_mrr)
    opening = Fraction(row.opening_mrr)
    if opening > 0:
        # Rates are made of the cents of the row; what is left of each customer's MRR is that but for cents.
        row.grr = (opening - lost) / opening
        row.nrr = (opening - lost + Fraction(row.expansion_mrr)) / opening
        assert abs(opening * row.grr - Fraction(left.kept)) < Fraction(3, 100)
        assert abs(opening * row.nrr - Fraction(left.closing)) < Fraction(4, 100)
        row.mrr_churn_rate = lost / opening
        row.net_mrr_churn_rate = (lost - Fraction(row.expansion_mrr)) / opening
    if row.year_before_mrr > 0:
        row.trailing_grr = Fraction(row.year_before_mrr_kept) / Fraction(row.year_before_mrr)
        row.trailing_nrr = Fraction(row.year_before_mrr_retained) / Fraction(row.year_before_mrr)
    if row.year_before_customers > 0:
        row.trailing_logo_churn_rate = Fraction(
            row.year_before_customers_lost, row.year_before_customers
        )
    if lost > 0:
        row.quick_ratio = gained / lost
    if row.churn_events > 0:
        revenue = Fraction(row.mrr_days) * 12 / 365
        row.subscription_lifetime_value = revenue * policy.gross_margin_rate / row.churn_events


@dataclass
class PlanPeriod:
    """One row of ``plan_movements_by_period``, without its key. Filled while counting."""

    period_end: date
    period_status: str
    is_latest_complete_period: bool
    opening_customers: int = 0
    new_customers: int = 0
    reactivated_customers: int = 0
    transferred_in_customers: int = 0
    transferred_out_customers: int = 0
    churned_customers: int = 0
    closing_customers: int = 0
    expanded_customers: int = 0
    contracted_customers: int = 0
    opening_mrr: Decimal = ZERO
    new_mrr: Decimal = ZERO
    reactivation_mrr: Decimal = ZERO
    transferred_in_mrr: Decimal = ZERO
    expansion_mrr: Decimal = ZERO
    contraction_mrr: Decimal = ZERO
    transferred_out_mrr: Decimal = ZERO
    churn_mrr: Decimal = ZERO
    closing_mrr: Decimal = ZERO
    plan_churn_rate: Fraction | None = None
    plan_exit_rate: Fraction | None = None
    plan_grr: Fraction | None = None
    plan_nrr: Fraction | None = None


def plan_movements_by_period(
    daily: Mapping[str, CustomerMrr], policy: SubscriptionPolicy, as_of: date
) -> dict[tuple[str, date, str], PlanPeriod]:
    """What happened to each plan, per grain and period, from the days before and at the close."""
    plans = sorted({plan for mrr in daily.values() for plan in mrr.plans})
    result = {}
    for grain, start, end in _periods_of(daily, policy, as_of):
        for plan in plans:
            row = PlanPeriod(
                period_end=end,
                period_status="complete" if end <= as_of else "partial",
                is_latest_complete_period=end <= as_of < oracle.period_end(end + ONE_DAY, grain),
            )
            left = _OfOpeningCustomers()
            for mrr in daily.values():
                if plan in mrr.plans:
                    _count_on_plan(row, left, mrr, plan, start, min(end, as_of))
            _round_plan(row)
            _add_plan_rates(row, left)
            result[grain, start, plan] = row
    return result


def _count_on_plan(
    row: PlanPeriod,
    left: _OfOpeningCustomers,
    mrr: CustomerMrr,
    plan: str,
    start: date,
    closing_day: date,
) -> None:
    """Count one customer's period on a plan into its row."""
    opening = mrr.of_plan_on(plan, start - ONE_DAY)
    closing = mrr.of_plan_on(plan, closing_day)
    row.opening_mrr += opening
    row.closing_mrr += closing
    row.opening_customers += opening > 0
    row.closing_customers += closing > 0
    if opening > 0:
        left.kept += min(opening, closing)
        left.closing += closing
    if opening == 0 and closing > 0:
        if mrr.on(start - ONE_DAY) > 0:
            row.transferred_in_customers += 1
            row.transferred_in_mrr += closing
        elif mrr.first_paid_on >= start:
            row.new_customers += 1
            row.new_mrr += closing
        else:
            row.reactivated_customers += 1
            row.reactivation_mrr += closing
    elif opening > 0 and closing == 0:
        if mrr.on(closing_day) > 0:
            row.transferred_out_customers += 1
            row.transferred_out_mrr += opening
        else:
            row.churned_customers += 1
            row.churn_mrr += opening
    elif closing > opening:
        row.expanded_customers += 1
        row.expansion_mrr += closing - opening
    elif closing < opening:
        row.contracted_customers += 1
        row.contraction_mrr += opening - closing


def _round_plan(row: PlanPeriod) -> None:
    """Cents, in the order of the columns: each balance on the way is rounded."""
    balance = row.opening_mrr
    for name, sign in (
        ("new_mrr", 1), ("reactivation_mrr", 1), ("transferred_in_mrr", 1), ("expansion_mrr", 1),
        ("contraction_mrr", -1), ("transferred_out_mrr", -1), ("churn_mrr", -1),
    ):  # fmt: skip
        after = balance + sign * getattr(row, name)
        lower, upper = (balance, after) if sign > 0 else (after, balance)
        setattr(row, name, in_cents(upper) - in_cents(lower))
        balance = after
    assert balance == row.closing_mrr
    row.opening_mrr, row.closing_mrr = in_cents(row.opening_mrr), in_cents(row.closing_mrr)


def _add_plan_rates(row: PlanPeriod, left: _OfOpeningCustomers) -> None:
    """The rates of a complete period; what is left of each customer's MRR is theirs but for cents."""
    if row.period_status == "partial":
        return
    if row.opening_customers > 0:
        lost = row.churned_customers + row.transferred_out_customers
        row.plan_churn_rate = Fraction(row.churned_customers, row.opening_customers)
        row.plan_exit_rate = Fraction(lost, row.opening_customers)
    opening = Fraction(row.opening_mrr)
    if opening > 0:
        gone = Fraction(row.contraction_mrr + row.transferred_out_mrr + row.churn_mrr)
        row.plan_grr = (opening - gone) / opening
        row.plan_nrr = (opening - gone + Fraction(row.expansion_mrr)) / opening
        assert abs(opening * row.plan_grr - Fraction(left.kept)) < Fraction(4, 100)
        assert abs(opening * row.plan_nrr - Fraction(left.closing)) < Fraction(5, 100)


@dataclass(frozen=True)
class MrrCohort:
    """One row of ``mrr_cohorts``, without its key."""

    activity_month: date
    period_status: str
    cohort_size: int
    closing_customers: int | None
    starting_mrr: Decimal
    closing_mrr: Decimal | None
    mrr_retention_rate: Fraction | None


def mrr_cohorts(
    daily: Mapping[str, CustomerMrr],
    segments: Mapping[str, Mapping[str, str | None]],
    as_of: date,
) -> dict[tuple[str, str, date, int], MrrCohort]:
    """Per slice, month of the first paid day and month since: what was paid then and at the close."""
    dimensions = sorted({dimension for values in segments.values() for dimension in values})
    cohorts: dict[tuple[str, str, date], list[CustomerMrr]] = {}
    for customer, mrr in daily.items():
        for pair in _slices(segments.get(customer, {}), dimensions):
            month = oracle.period_start(mrr.first_paid_on, "month")
            cohorts.setdefault((*pair, month), []).append(mrr)
    result = {}
    for (dimension, value, month), members in cohorts.items():
        starting = in_cents(sum((mrr.on(mrr.first_paid_on) for mrr in members), ZERO))
        for months_since, (start, end) in enumerate(periods(month, as_of, "month")):
            customers = closing = rate = None
            if end <= as_of:
                customers = sum(mrr.on(end) > 0 for mrr in members)
                closing = in_cents(sum((mrr.on(end) for mrr in members), ZERO))
                rate = Fraction(closing) / Fraction(starting) if starting else None
            result[dimension, value, month, months_since] = MrrCohort(
                activity_month=start,
                period_status="partial" if closing is None else "complete",
                cohort_size=len(members),
                closing_customers=customers,
                starting_mrr=starting,
                closing_mrr=closing,
                mrr_retention_rate=rate,
            )
    return result


# --------------------------------------------------------------------------------------------
# Part 4: why they left
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChurnedCustomer:
    """One row of ``churned_customers``, without its key.

    For the bases that are made of orders, ``churn_type`` is `lapsed` and what follows it is None.
    """

    country: str
    acquisition_channel: str
    customer_segment: str
    churned_on: date
    spell_started_on: date
    is_first_spell: bool
    tenure_days: int
    tenure_band: str
    movement_before: str | None
    orders_to_date: int
    net_revenue_to_date: Decimal
    last_order_on: date | None
    churn_type: str
    plan: str | None = None
    cancel_reason: str | None = None
    cancel_requested_on: date | None = None
    last_mrr: Decimal | None = None
    recurring_revenue_to_date: Decimal | None = None


@dataclass(frozen=True)
class PendingCancellation:
    """One row of ``cancellations_pending``: asked to leave, still there."""

    subscription_id: str
    customer_id: str
    plan: str
    cancel_reason: str | None
    mrr: Decimal
    cancel_requested_on: date
    ends_on: date | None
    days_left: int | None


def counted_orders(cleaned: Cleaned) -> dict[str, list[tuple[date, Decimal]]]:
    """(day, amount) of each customer's counted orders."""
    result: dict[str, list[tuple[date, Decimal]]] = {}
    for order in cleaned.orders.values():
        if order.is_counted:
            result.setdefault(order.customer_id, []).append((order.ordered_on, order.amount))
    return result


def counted_refunds(cleaned: Cleaned) -> dict[str, list[tuple[date, Decimal]]]:
    """(day, amount) of the refunds of each customer's counted orders."""
    result: dict[str, list[tuple[date, Decimal]]] = {}
    for refund in cleaned.refunds.values():
        order = cleaned.orders[refund.order_id]
        if order.is_counted:
            result.setdefault(order.customer_id, []).append((refund.refunded_on, refund.amount))
    return result


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or the last day of that month when it has no such day."""
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def tenure_band(spell_started_on: date, churned_on: date) -> str:
    """How long a spell was, in calendar months."""
    if churned_on < add_months(spell_started_on, 1):
        return "first_month"
    if churned_on < add_months(spell_started_on, 3):
        return "under_3_months"
    if churned_on < add_months(spell_started_on, 12):
        return "under_12_months"
    return "12_months_or_longer"


def churned_customers(
    basis: str,
    active: Mapping[str, Collection[date]],
    orders: Mapping[str, Sequence[tuple[date, Decimal]]],
    refunds: Mapping[str, Sequence[tuple[date, Decimal]]],
    rows: Iterable[SubscriptionRow],
    segments: Mapping[str, Mapping[str, str | None]],
    policy: SubscriptionPolicy,
    as_of: date,
) -> dict[MovementKey, ChurnedCustomer]:
    """One row per row of the ledger with the movement `churned`, for one basis.

    ``active`` maps each customer to the active days of that basis, ``orders`` and ``refunds`` to
    (day, amount) of the counted orders, before refunds, and of their refunds.
    """
    ledger = oracle.movements({}, _ledger_policy(basis, policy), as_of, {basis: active})
    rows_of = rows_by_customer(rows)
    spells_of = {customer: spells(days, as_of) for customer, days in active.items()}
    paid_of = {customer: paid_days(rows_of.get(customer, []), as_of) for customer in active}
    periods_of: dict[tuple[str, str], list[date]] = {}
    for _, grain, start, customer in ledger:
        periods_of.setdefault((grain, customer), []).append(start)

    result = {}
    for (_, grain, start, customer), movement in ledger.items():
        if movement.movement != "churned":
            continue
        closing_day = min(oracle.period_end(start, grain), as_of)
        spell_started_on, churned_on = [
            (first, end)
            for first, end in spells_of[customer]
            if end is not None and start <= end <= closing_day
        ][-1]
        before = [day for day in periods_of[grain, customer] if day < start]
        orders_before = [item for item in orders.get(customer, []) if item[0] < churned_on]
        refunds_before = [item for item in refunds.get(customer, []) if item[0] < churned_on]
        of_subscription = {"churn_type": "lapsed"}
        if basis == BASIS:
            of_subscription = _why_subscription_ended(
                rows_of[customer], paid_of[customer], churned_on
            )
        values = segments.get(customer, {})
        result[basis, grain, start, customer] = ChurnedCustomer(
            country=values.get("country") or UNKNOWN,
            acquisition_channel=values.get("acquisition_channel") or UNKNOWN,
            customer_segment=values.get("customer_segment") or UNKNOWN,
            churned_on=churned_on,
            spell_started_on=spell_started_on,
            is_first_spell=spell_started_on == spells_of[customer][0][0],
            tenure_days=(churned_on - spell_started_on).days,
            tenure_band=tenure_band(spell_started_on, churned_on),
            movement_before=(
                ledger[basis, grain, max(before), customer].movement if before else None
            ),
            orders_to_date=len(orders_before),
            net_revenue_to_date=(
                sum((amount for _, amount in orders_before), ZERO)
                - sum((amount for _, amount in refunds_before), ZERO)
            ),
            last_order_on=max((day for day, _ in orders_before), default=None),
            **of_subscription,
        )
    return result


def _why_subscription_ended(
    rows: Sequence[SubscriptionRow], paid: Collection[date], churned_on: date
) -> dict[str, object]:
    """The columns that only the basis `subscriptions` has, for a customer who left on that day."""
    last_paid_on = churned_on - ONE_DAY
    while last_paid_on not in paid:  # the days of grace
        last_paid_on = last_paid_on - ONE_DAY
    last_rows = [row for row in rows if row.is_paid and row.covers(last_paid_on)]
    speaker = min(last_rows, key=lambda row: (-row.mrr, row.plan, row.subscription_id))
    if speaker.cancel_reason == "payment_failed":
        churn_type = "involuntary"
    elif speaker.cancel_requested_on is not None or speaker.cancel_reason is not None:
        churn_type = "voluntary"
    else:
        churn_type = "expired"
    revenue = Fraction(0)
    for row in rows:
        if row.is_paid:
            days = sum(1 for _ in covered_days(row, churned_on - ONE_DAY))
            revenue += Fraction(row.mrr) * days * 12 / Fraction("365.25")
    return {
        "churn_type": churn_type,
        "plan": speaker.plan,
        "cancel_reason": speaker.cancel_reason,
        "cancel_requested_on": speaker.cancel_requested_on,
        "last_mrr": sum((row.mrr for row in last_rows), ZERO),
        "recurring_revenue_to_date": round_to_cents(revenue),
    }


def cancellations_pending(
    rows: Iterable[SubscriptionRow], as_of: date
) -> dict[tuple[str, date], PendingCancellation]:
    """By subscription and start: asked to leave by ``as_of``, not gone, and not going on after it.

    A row that follows without a gap takes the cancellation back, also when it starts after
    ``as_of`` and when it is free.
    """
    rows = list(rows)
    starts = {(row.subscription_id, row.started_on) for row in rows}
    result = {}
    for row in rows:
        if not row.is_paid or row.started_on > as_of:
            continue
        if row.cancel_requested_on is None or row.cancel_requested_on > as_of:
            continue
        if row.ended_on is not None and row.ended_on <= as_of:
            continue
        if (row.subscription_id, row.ended_on) in starts:
            continue
        result[row.subscription_id, row.started_on] = PendingCancellation(
            subscription_id=row.subscription_id,
            customer_id=row.customer_id,
            plan=row.plan,
            cancel_reason=row.cancel_reason,
            mrr=row.mrr,
            cancel_requested_on=row.cancel_requested_on,
            ends_on=row.ended_on,
            days_left=None if row.ended_on is None else (row.ended_on - as_of).days,
        )
    return result
