"""Make the demo's subscriptions and exchange rates: a monthly box the invented shop also sells.

``build`` takes the customers of ``customers_orders``. Random numbers come from a generator of this
module's own, so that nothing here changes the other seeds. The steps are those of that module: simulate, add boundary cases by hand, spoil a small part.

A row is one paid period of a subscription. A renewal, another plan or another price starts the
next row of the same subscription, on the day the old row ends. Rows are as they were known on
the last day of the data: what was booked for later is there, what happened later is not.
"""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from retention_ledger.demo.shared import (
    BLANKS,
    CLEAN_FORMAT,
    DATE_FORMATS,
    LAST_MOMENT,
    LONDON,
    PADDINGS,
    TEST_EMAILS,
    THOUSANDS_SEPARATORS,
    TOO_EARLY_DATES,
    UNPARSABLE_AMOUNTS,
    UNPARSABLE_DATES,
    ZONES,
    Customer,
    Dirt,
    Row,
    add_dirt,
    blank_customer_ids,
    exact_duplicates,
    money,
    set_in_turn,
    unknown_customers,
)

SEED = 20220117
LAST_DAY = LAST_MOMENT.date()

# --- What is sold, and to whom ------------------------------------------------------------

PLANS = ("basic", "standard", "premium", "business")  # from small to large
PRICE_RISE = date(2024, 4, 1)
PRICES = {  # a month, in hundredths of the currency, until the price rise
    "GBP": (900, 1900, 4900, 12000),
    "EUR": (1000, 2200, 5600, 13900),
    "USD": (1100, 2400, 6200, 15000),
    "SEK": (11900, 24900, 64900, 159000),
    "CHF": (1000, 2200, 5500, 13500),
}
RISEN_PRICES = {  # two of the plans became dearer
    "GBP": (900, 2100, 5400, 12000),
    "EUR": (1000, 2400, 6200, 13900),
    "USD": (1100, 2600, 6800, 15000),
    "SEK": (11900, 26900, 69900, 159000),
    "CHF": (1000, 2400, 6000, 13500),
}
FOLLOWS_PRICE_RISE_SHARE = 0.7  # the others keep the price they started with
MONTHS_CHARGED_PER_YEAR = 10  # annual billing: twelve months for the price of ten

CURRENCIES = {  # how customers of a country pay; CHF has no exchange rate
    "GB": {"GBP": 1.0},
    "DE": {"EUR": 0.83, "GBP": 0.155, "CHF": 0.015},
    "FR": {"EUR": 0.87, "GBP": 0.13},
    "NL": {"EUR": 0.87, "GBP": 0.13},
    "US": {"USD": 0.90, "GBP": 0.10},
    "SE": {"SEK": 0.92, "GBP": 0.08},
}
CURRENCY_LEFT_BLANK_SHARE = 0.35  # of the subscriptions in pounds


@dataclass(frozen=True)
class Habits:
    """How customers of one segment subscribe."""

    share: float  # who subscribe at all
    plans: tuple[float, ...]
    annual_share: float
    more_subscriptions_share: float  # seats, a second plan, the same plan again
    leaves: float  # factor on the monthly chance to leave
    not_renewed: float  # chance to end at the end of an annual term
    discounts: tuple[float, ...] = (1.0,)


HABITS = {
    "consumer": Habits(0.51, (0.50, 0.38, 0.12, 0.00), 0.14, 0.06, 1.10, 0.36),
    "small_business": Habits(0.66, (0.10, 0.42, 0.36, 0.12), 0.25, 0.20, 0.75, 0.25),
    "enterprise": Habits(0.85, (0.00, 0.05, 0.30, 0.65), 0.48, 0.55, 0.35, 0.09, (1.0, 0.9, 0.85)),
}
LEAVES_BY_CHANNEL = {
    "organic": 0.95, "paid_search": 1.15, "email": 0.90, "referral": 0.70, "social": 1.30,
}  # fmt: skip
# Most leave in January and after the summer, few before Christmas.
LEAVES_BY_MONTH = {
    1: 1.75, 2: 1.10, 3: 0.95, 4: 0.95, 5: 0.95, 6: 0.95,
    7: 1.00, 8: 1.10, 9: 1.10, 10: 0.90, 11: 0.80, 12: 0.75,
}  # fmt: skip
LEAVES_BY_TENURE = ((1, 0.100), (3, 0.075), (12, 0.050))  # up to that month of the subscription
LEAVES_LATER = 0.036
LEAVES_AFTER_PRICE_RISE = 1.7  # factor, for 90 days

START_AT_SIGN_UP_SHARE = 0.35
DAYS_TO_START = 130  # on average, of the others
BOOKED_AHEAD_DAYS = 45
BOOKED_AHEAD_SHARE = 0.25
MONTH_BY_MONTH_SHARE = 0.17  # monthly billing that writes every month as a row of its own
TRIAL_SHARE = 0.22
TRIAL_DAYS = (14, 30)
TRIAL_LEFT_SHARE = 0.25
RETURN_SHARE = 0.16
RETURN_AFTER_DAYS = (35, 270)
RETURN_UNDER_OLD_ID_SHARE = 0.4

# What happens to a monthly subscription in a month, besides that it may end.
CHANCES = {
    "upgrade": 0.016,
    "downgrade": 0.008,
    "pause": 0.006,
    "free_month": 0.005,
    "changed_mind": 0.005,  # cancelled, and renewed after all
}
# What happens to an annual one at the end of its term.
ANNUAL_CHANCES = {"upgrade": 0.14, "downgrade": 0.07, "changed_mind": 0.04}
MID_TERM_UPGRADE_SHARE = 0.06

# How subscriptions end: on request, because the payment failed, or without a word.
ENDINGS = ("request", "payment_failed", "expiry")
MONTHLY_ENDINGS = (0.75, 0.24, 0.01)
MONTH_BY_MONTH_ENDINGS = (0.61, 0.22, 0.17)
ANNUAL_ENDINGS = (0.68, 0.16, 0.16)

REASONS = {  # share and spellings; staging knows all but those of "other"
    "price": (0.30, ("price", "too expensive", "Too_Expensive", "pricing", "Price", "too-expensive")),
    "missing_features": (0.11, ("missing features", "missing_features", "Features", "features")),
    "competitor": (0.13, ("competitor", "switched", "switched to competitor", "SWITCHED-TO-COMPETITOR")),
    "no_longer_needed": (0.19, ("no longer needed", "not needed", "not-needed", "project ended")),
    "service": (0.10, ("service", "bad support", "Support", "bad_support")),
    "other": (0.06, ("moved abroad", "duplicate account", "Moved abroad", "prefer not to say")),
    "none": (0.11, ("",)),
}  # fmt: skip
PAYMENT_FAILED = (
    "payment failed", "payment_failed", "Payment Failed", "card expired", "card-declined",
    "card declined", "dunning",
)  # fmt: skip

# Exchange rates: pounds per unit, in December and June from 2021 on, and the decimals written.
RATE_ANCHORS = {
    "EUR": (0.8510, 0.8590, 0.8690, 0.8580, 0.8610, 0.8480, 0.8300, 0.8450, 0.8770),
    "USD": (0.7540, 0.8100, 0.8200, 0.7920, 0.7890, 0.7860, 0.7880, 0.7390, 0.7560),
    "SEK": (0.0829, 0.0809, 0.0793, 0.0736, 0.0761, 0.0751, 0.0721, 0.0771, 0.0800),
}
RATE_DECIMALS = {"EUR": 4, "USD": 5, "SEK": 6}
FIRST_RATE = date(2021, 12, 1)
PAYABLE = ("", "GBP", *RATE_ANCHORS)  # staging rejects other currencies: no rate

TEST_ACCOUNTS = 4  # test accounts that subscribe; staging rejects their subscriptions
TEST_PENCE = 99999

# --- Boundary cases by hand ---------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Subscriptions of one customer of ``demo_data.CASES``.

    Each period is (which of the customer's subscriptions, plan, started_on, ended_on,
    monthly_amount) and, where needed, currency, cancel_requested_on and cancel_reason.
    """

    local_part: str  # of the e-mail address
    periods: tuple[tuple[str, ...], ...]


CASES = (
    # Open-ended from the first day of the data.
    Case("case.first_moment", (("a", "standard", "2022-01-01", "", "19.00"),)),
    # Starts and ends on a 29 February.
    Case(
        "case.leap_day",
        (
            ("a", "basic", "2024-02-29", "2025-02-28", "9.00"),
            ("a", "basic", "2025-02-28", "", "9.00"),
            ("b", "standard", "2023-02-28", "2024-02-29", "15.83"),
        ),
    ),
    # From a 31st to a 29 February; "b" is cancelled, but nobody has booked yet to which day.
    Case(
        "case.only_cancelled",
        (
            ("a", "basic", "2024-01-31", "2024-02-29", "9.00"),
            ("b", "basic", "2025-03-01", "", "9.00", "GBP", "2025-12-10", "not needed"),
        ),
    ),
    # The first unpaid day is the last day of a month (inactive at its close) ...
    Case("case.month_edges", (("a", "basic", "2024-01-01", "2024-01-31", "9.00"),)),
    # ... or the first of the next (active at the close, lost in the new quarter).
    Case("case.quarter_edges", (("a", "basic", "2023-01-01", "2023-04-01", "9.00"),)),
    # Lost at the end of one year, back on the first day of another.
    Case(
        "case.year_edges",
        (
            ("a", "premium", "2022-12-31", "2023-12-31", "40.83"),
            ("a", "premium", "2025-01-01", "2026-01-01", "45.00"),
        ),
    ),
    # Two subscriptions change on one day, one up and one down: a net gain of 20.00.
    Case(
        "case.three_in_a_day",
        (
            ("a", "standard", "2023-11-17", "2024-05-17", "19.00"),
            ("a", "premium", "2024-05-17", "", "49.00"),
            ("b", "standard", "2023-12-05", "2024-05-17", "19.00"),
            ("b", "basic", "2024-05-17", "", "9.00"),
        ),
    ),
    # Another plan at the same price: transferred from plan to plan, no gain and no loss.
    Case(
        "case.zones_same_day",
        (
            ("a", "standard", "2023-03-14", "2023-08-14", "19.00"),
            ("a", "standard plus", "2023-08-14", "", "19.00"),
        ),
    ),
    # 5 to 0 is churn, and 0 to 9 later is no "new" but a reactivation.
    Case(
        "case.90_days_apart",
        (
            ("a", "basic", "2024-06-03", "2024-09-01", "5.00"),
            ("a", "basic", "2024-09-01", "2024-12-01", "0.00"),
            ("a", "basic", "2024-12-01", "", "9.00"),
        ),
    ),
    # A gap of 91 days; the last period is one day long.
    Case(
        "case.91_days_apart",
        (
            ("a", "basic", "2024-05-03", "2024-06-03", "9.00"),
            ("a", "basic", "2024-09-02", "2024-09-03", "9.00"),
        ),
    ),
    # Free at first, so "new" only with the first paid day.
    Case(
        "case.free_sample_first",
        (
            ("a", "standard", "2024-03-05", "2024-04-04", "0.00"),
            ("a", "standard", "2024-04-04", "", "21.00"),
        ),
    ),
    Case("case.only_free_sample", (("a", "basic", "2024-10-10", "", "0.00"),)),
    # Starts on the last day of the data.
    Case("case.last_day", (("a", "basic", "2025-12-14", "", "9.00"),)),
    # Starts one day after it; "b" starts on it only when the time zone is taken into account.
    Case(
        "case.zones_last_day",
        (
            ("a", "basic", "2025-12-15", "", "9.00"),
            ("b", "basic", "2025-12-15T00:30:00+02:00", "", "9.00"),
        ),
    ),
    # Ends one day after the data ends: a cancellation that is pending for one more day.
    Case(
        "case.first_cancelled",
        (("a", "standard", "2025-10-15", "2025-12-15", "21.00", "GBP", "2025-12-14", "price"),),
    ),
    # A time zone moves the start to another month.
    Case(
        "case.zones_next_month",
        (("a", "basic", "2023-06-30T23:30:00Z", "2024-07-01", "9.00"),),
    ),
    Case(
        "case.zones_previous_month",
        (("a", "basic", "2024-01-01T00:30:00+02:00", "2024-07-01T00:30:00+02:00", "9.00"),),
    ),
    # Cancelled and renewed after all; lost on the last day of the data, when the payment failed
    # although the customer had asked to leave, too.
    Case(
        "contest.winner",
        (
            ("a", "basic", "2023-02-11", "2024-02-11", "7.50", "", "2024-01-20", "too expensive"),
            ("a", "basic", "2024-02-11", "2025-12-14", "7.50", "", "2025-11-30", "dunning"),
        ),
    ),
    # Another currency within one subscription: each keeps the rate of its own first start.
    Case(
        "ines.example.com",
        (
            ("a", "premium", "2023-04-18", "2024-04-18", "46.67", "EUR"),
            ("a", "premium", "2024-04-18", "2025-04-18", "51.67", "EUR"),
            ("a", "premium", "2025-04-18", "", "54.00", "GBP"),
        ),
    ),
    # Back under another subscription id, on the day the old one ends: no gap.
    Case(
        "omar+shop",
        (
            ("a", "basic", "2023-07-23", "2024-01-23", "9.00", "", "2024-01-02", "price"),
            ("b", "standard", "2024-01-23", "", "19.00"),
        ),
    ),
)

# --- Records of the clean shop ------------------------------------------------------------


@dataclass
class Period:
    """One paid (or free) period of a subscription, as it really was; without an end: open."""

    plan: str
    started_on: date
    pence: int
    ended_on: date | None = None
    cancel_requested_on: date | None = None
    reason: str = ""


@dataclass
class Subscription:
    """A subscription with all periods."""

    customer: Customer
    currency: str
    written_currency: str
    billing: str  # open, month_by_month or annual
    discount: float
    follows_price_rise: bool
    started_on: date
    periods: list[Period] = field(default_factory=list)
    subscription_id: str = ""

    def price(self, plan: str, day: date) -> int:
        """What the plan costs a month in a period that starts on that day."""
        list_day = day if self.follows_price_rise else self.started_on
        prices = RISEN_PRICES if list_day >= PRICE_RISE else PRICES
        pence = prices[self.currency][PLANS.index(plan)] * self.discount
        return round(pence * MONTHS_CHARGED_PER_YEAR / 12 if self.billing == "annual" else pence)

    def begin(self, plan: str, day: date) -> Period:
        """End the running period, if any, on that day, and start the next one."""
        if self.periods and self.periods[-1].ended_on is None:
            self.periods[-1].ended_on = day
        self.periods.append(Period(plan, day, self.price(plan, day)))
        return self.periods[-1]


# --- Small helpers ------------------------------------------------------------------------


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def pick(rng: random.Random, shares: dict[str, float]) -> str:
    """Draw a key by its share."""
    return rng.choices(list(shares), list(shares.values()))[0]


def days_before(rng: random.Random, day: date, low: int, high: int) -> date:
    """Draw a day shortly before another."""
    return day - timedelta(days=rng.randint(low, high))


def other_plan(plan: str, step: int) -> str:
    """The next larger or smaller plan, if there is one."""
    return PLANS[min(max(PLANS.index(plan) + step, 0), len(PLANS) - 1)]


# --- Step 1: the clean subscriptions ------------------------------------------------------


def cancel_reason(rng: random.Random, day: date, felt_price_rise: bool) -> str:
    """Draw what the customer says; after the price rise more of them name the price."""
    shares = {reason: share for reason, (share, _) in REASONS.items()}
    if felt_price_rise and PRICE_RISE <= day < PRICE_RISE + timedelta(days=180):
        shares["price"] *= 4
    return rng.choice(REASONS[pick(rng, shares)][1])


def leave(
    rng: random.Random, subscription: Subscription, day: date, shares: Sequence[float], notice: int
) -> None:
    """End the running period on that day, as far as that is known when the data ends."""
    period = subscription.periods[-1]
    ending = rng.choices(ENDINGS, shares)[0]
    if ending == "request":
        requested_on = max(days_before(rng, day, 1, notice), period.started_on)
        if requested_on > LAST_DAY:
            return
        period.cancel_requested_on = requested_on
        period.reason = cancel_reason(rng, day, subscription.follows_price_rise)
    elif day > LAST_DAY:
        return
    elif ending == "payment_failed":
        period.reason = rng.choice(PAYMENT_FAILED)
    period.ended_on = day


def chance_to_leave(subscription: Subscription, month: int, day: date) -> float:
    """How likely a monthly subscription ends with this month of its life."""
    customer = subscription.customer
    chance = next((value for last, value in LEAVES_BY_TENURE if month <= last), LEAVES_LATER)
    chance *= HABITS[customer.segment].leaves * LEAVES_BY_CHANNEL[customer.channel]
    felt_price_rise = subscription.follows_price_rise and subscription.started_on < PRICE_RISE
    if felt_price_rise and PRICE_RISE < day <= PRICE_RISE + timedelta(days=90):
        chance *= LEAVES_AFTER_PRICE_RISE
    return chance * LEAVES_BY_MONTH[day.month]


def start_with_trial(rng: random.Random, subscription: Subscription, plan: str, day: date) -> date:
    """Give a free trial; return its end."""
    trial = subscription.begin(plan, day)
    trial.pence = 0
    trial.ended_on = day + timedelta(days=rng.choice(TRIAL_DAYS))
    return trial.ended_on


def raise_price(subscription: Subscription, since: date, until: date) -> None:
    """Start a new period on the day of the price rise, if it changes the price."""
    period = subscription.periods[-1]
    if period.started_on < PRICE_RISE and since <= PRICE_RISE < until and period.pence > 0:
        plan = period.plan
        if subscription.price(plan, PRICE_RISE) != period.pence:
            subscription.begin(plan, PRICE_RISE)


def live_monthly(rng: random.Random, subscription: Subscription, plan: str, start: date) -> None:
    """Let a subscription with monthly billing run until it ends or the data does."""
    by_month = subscription.billing == "month_by_month"
    endings = MONTH_BY_MONTH_ENDINGS if by_month else MONTHLY_ENDINGS
    subscription.begin(plan, start)
    anchor, month, tenure = start, 0, 0
    while True:
        before, month, tenure = add_months(anchor, month), month + 1, tenure + 1
        day = add_months(anchor, month)
        period = subscription.periods[-1]
        if not by_month:
            raise_price(subscription, before, day)
            period = subscription.periods[-1]
        chances = {"leave": chance_to_leave(subscription, tenure, day), **CHANCES}
        event = pick(rng, {**chances, "stay": 1 - sum(chances.values())})
        known = day <= LAST_DAY
        if event == "leave":
            leave(rng, subscription, day, endings, notice=25)
            if by_month and period.ended_on is None:
                period.ended_on = day
            return
        if not known and not (event in ("downgrade", "pause") and rng.random() < 0.6):
            if by_month:
                period.ended_on = day  # paid up to there; the next month is not written yet
            return
        if event == "pause":
            period.ended_on = day
            period.cancel_requested_on = min(days_before(rng, day, 1, 20), LAST_DAY)
            anchor, month = add_months(day, rng.randint(1, 3)), 0
            subscription.begin(period.plan, anchor)
            if anchor > LAST_DAY:
                return  # when it goes on again is booked already
        elif event == "free_month":
            subscription.begin(period.plan, day).pence = 0
            month += 1
            subscription.begin(period.plan, add_months(anchor, month))
            if add_months(anchor, month) > LAST_DAY:
                return
        elif event == "changed_mind":
            period.cancel_requested_on = days_before(rng, day, 1, 20)
            period.reason = cancel_reason(rng, day, subscription.follows_price_rise)
            subscription.begin(period.plan, day)
        elif event in ("upgrade", "downgrade"):
            plan = other_plan(period.plan, 1 if event == "upgrade" else -1)
            if plan != period.plan:
                # Who wants more gets it at once, who wants less at the end of the paid month.
                at_once = event == "upgrade" and not by_month
                change = days_before(rng, day, 1, 26) if at_once else day
                subscription.begin(plan, max(change, period.started_on + timedelta(days=1)))
            if not known:
                return
        if by_month and subscription.periods[-1].started_on < day:
            subscription.begin(subscription.periods[-1].plan, day)


def live_annual(rng: random.Random, subscription: Subscription, plan: str, start: date) -> None:
    """Let a subscription with annual terms run until it ends or the data does."""
    subscription.begin(plan, start)
    not_renewed = HABITS[subscription.customer.segment].not_renewed
    year = 0
    while True:
        year += 1
        day = add_months(start, 12 * year)
        plan = subscription.periods[-1].plan
        larger, middle = other_plan(plan, 1), days_before(rng, day, 40, 300)
        if rng.random() < MID_TERM_UPGRADE_SHARE and larger != plan and middle <= LAST_DAY:
            subscription.begin(larger, middle)
        period = subscription.periods[-1]
        season = LEAVES_BY_MONTH[day.month] ** 0.5
        if rng.random() < not_renewed * season:
            leave(rng, subscription, day, ANNUAL_ENDINGS, notice=90)
            period.ended_on = day
            return
        period.ended_on = day
        if day > LAST_DAY:
            return
        event = pick(rng, {**ANNUAL_CHANCES, "stay": 1 - sum(ANNUAL_CHANCES.values())})
        if event == "changed_mind":
            period.cancel_requested_on = days_before(rng, day, 5, 60)
            period.reason = cancel_reason(rng, day, subscription.follows_price_rise)
        step = {"upgrade": 1, "downgrade": -1}.get(event, 0)
        subscription.begin(other_plan(period.plan, step), day)


def live(rng: random.Random, subscription: Subscription, plan: str, start: date) -> None:
    """Let a subscription run from that day on."""
    if subscription.billing == "annual":
        live_annual(rng, subscription, plan, start)
    else:
        live_monthly(rng, subscription, plan, start)


def new_subscription(
    rng: random.Random, customer: Customer, currency: str, start: date
) -> Subscription:
    """Draw a subscription without periods."""
    habits = HABITS[customer.segment]
    billing = "annual"
    if rng.random() >= habits.annual_share:
        billing = "month_by_month" if rng.random() < MONTH_BY_MONTH_SHARE else "open"
    blank = currency == "GBP" and rng.random() < CURRENCY_LEFT_BLANK_SHARE
    return Subscription(
        customer=customer,
        currency=currency,
        written_currency="" if blank else currency,
        billing=billing,
        discount=rng.choice(habits.discounts),
        follows_price_rise=rng.random() < FOLLOWS_PRICE_RISE_SHARE,
        started_on=start,
    )


def subscribe(
    rng: random.Random, customer: Customer, currency: str, start: date
) -> Iterator[Subscription]:
    """Yield a new subscription and those under which the customer comes back after it."""
    subscription = new_subscription(rng, customer, currency, start)
    plan = rng.choices(PLANS, HABITS[customer.segment].plans)[0]
    yield subscription
    if subscription.billing != "annual" and start <= LAST_DAY and rng.random() < TRIAL_SHARE:
        start = start_with_trial(rng, subscription, plan, start)
        if start <= LAST_DAY and rng.random() < TRIAL_LEFT_SHARE:
            return
    if start > LAST_DAY:
        period = subscription.begin(plan, start)  # booked ahead
        if subscription.billing != "open":
            months = 12 if subscription.billing == "annual" else 1
            period.ended_on = add_months(start, months)
        return
    live(rng, subscription, plan, start)
    while rng.random() < RETURN_SHARE:
        last = subscription.periods[-1]
        start = (last.ended_on or LAST_DAY) + timedelta(days=rng.randint(*RETURN_AFTER_DAYS))
        if start > LAST_DAY:
            return
        if rng.random() >= RETURN_UNDER_OLD_ID_SHARE:
            subscription = new_subscription(rng, customer, currency, start)
            yield subscription
        live(rng, subscription, last.plan, start)


def first_start(rng: random.Random, customer: Customer) -> date | None:
    """Draw the day on which a customer first subscribes, unless that is too far away."""
    day = customer.signed_up_at.date()
    if rng.random() >= START_AT_SIGN_UP_SHARE:
        day += timedelta(days=round(rng.expovariate(1 / DAYS_TO_START)))
    if day <= LAST_DAY:
        return day
    booked_ahead = day <= LAST_DAY + timedelta(days=BOOKED_AHEAD_DAYS)
    return day if booked_ahead and rng.random() < BOOKED_AHEAD_SHARE else None


def subscriptions_of(rng: random.Random, customer: Customer) -> Iterator[Subscription]:
    """Yield all subscriptions of one customer, perhaps none."""
    habits = HABITS[customer.segment]
    start = first_start(rng, customer)
    if rng.random() >= habits.share or start is None:
        return
    currency = pick(rng, CURRENCIES[customer.country])
    yield from subscribe(rng, customer, currency, start)
    while rng.random() < habits.more_subscriptions_share:
        start += timedelta(days=rng.choice((0, rng.randint(1, 400))))
        if start > LAST_DAY:
            return
        yield from subscribe(rng, customer, currency, start)


def simulated_subscriptions(rng: random.Random, customers: list[Customer]) -> list[Subscription]:
    """Simulate the subscriptions of all ordinary customers, and number them by their start."""
    subscriptions = [
        subscription
        for customer in customers
        if not customer.by_hand
        for subscription in subscriptions_of(rng, customer)
    ]
    subscriptions.sort(key=lambda each: (each.started_on, each.customer.customer_id))
    for number, subscription in enumerate(subscriptions, start=1):
        subscription.subscription_id = f"S{number:05d}"
    return subscriptions


# --- Clean rows ---------------------------------------------------------------------------


def written(day: date | None) -> str:
    """Write a day as the clean export does; no day is blank."""
    return day.isoformat() if day else ""


def subscription_rows(subscription: Subscription) -> list[Row]:
    """Return the clean lines of raw_subscriptions, one for each period."""
    return [
        {
            "subscription_id": subscription.subscription_id,
            "customer_id": subscription.customer.customer_id,
            "plan": period.plan,
            "started_on": written(period.started_on),
            "ended_on": written(period.ended_on),
            "monthly_amount": money(period.pence),
            "currency": subscription.written_currency,
            "cancel_requested_on": written(period.cancel_requested_on),
            "cancel_reason": period.reason,
            "updated_at": "",
        }
        for period in subscription.periods
    ]


# --- Step 2: subscriptions by hand --------------------------------------------------------


def case_rows(customers: list[Customer]) -> list[Row]:
    """Return the lines of ``CASES``; their ids, such as S9001a, are apart from the others."""
    ids = {customer.email.partition("@")[0]: customer.customer_id for customer in customers}
    columns = ("plan", "started_on", "ended_on", "monthly_amount")
    columns += ("currency", "cancel_requested_on", "cancel_reason")
    rows = []
    for number, case in enumerate(CASES, start=1):
        for letter, *values in case.periods:
            padded = [*values, *[""] * (len(columns) - len(values))]
            row = {
                "subscription_id": f"S9{number:03d}{letter}",
                "customer_id": ids[case.local_part],
                **dict(zip(columns, padded, strict=True)),
                "updated_at": "",
            }
            rows.append(row)
    return rows


def staff_rows(customers: list[Customer]) -> list[Row]:
    """Imitate staff who try out the subscription; staging rejects all of their rows."""
    staff = [customer for customer in customers if customer.email in TEST_EMAILS]
    rows = []
    for number, customer in enumerate(staff[:TEST_ACCOUNTS], start=1):
        start = customer.signed_up_at.date()
        subscription = Subscription(customer, "GBP", "GBP", "annual", 1.0, True, start)
        subscription.subscription_id = f"S8{number:03d}"
        while start <= LAST_DAY:
            end = add_months(start, 6)
            subscription.periods.append(Period("business", start, TEST_PENCE, end))
            start = end
        rows += subscription_rows(subscription)
    return rows


# --- Exchange rates -----------------------------------------------------------------------


def rate_rows(rng: random.Random) -> list[Row]:
    """Return clean monthly rates, on a bumpy line through the anchors."""
    rows = []
    for currency, anchors in RATE_ANCHORS.items():
        for month in range(6 * (len(anchors) - 1) + 1):
            left, step = divmod(month, 6)
            right = min(left + 1, len(anchors) - 1)
            rate = anchors[left] + (anchors[right] - anchors[left]) * step / 6
            rate *= 1 + rng.gauss(0, 0.004)
            day = written(add_months(FIRST_RATE, month))
            text = f"{rate:.{RATE_DECIMALS[currency]}f}"
            rows.append({"currency": currency, "valid_from": day, "rate": text})
    return rows


# --- Step 3: dirt -------------------------------------------------------------------------
#
# A dirt function gets clean rows, spoils them in place and returns rows to add, if any.

UNPARSABLE_ENDS = ("not a date", "2023-02-30", "until further notice")
UNPARSABLE_REQUESTS = ("by phone", "2024-13-01", "31/31/2023")
DATE_COLUMNS = ("started_on", "ended_on", "cancel_requested_on")
PADDED_COLUMNS = ("subscription_id", "customer_id", "plan", "started_on", "currency")
SIGNS = {"": "£{}", "GBP": "£{}", "EUR": "{} €", "USD": "${}"}


def to_date(text: str) -> date:
    """Read a date that is still clean."""
    return date.fromisoformat(text)


def pence(row: Row) -> int:
    """Return the amount of a row that is still clean."""
    return round(float(row["monthly_amount"]) * 100)


def mark_as_updated(rng: random.Random, row: Row) -> None:
    """Set updated_at to a moment after the start, before the data ends."""
    start = to_date(row["started_on"])
    moment = datetime(start.year, start.month, start.day, 8) + timedelta(
        days=rng.randint(1, 20), seconds=rng.randrange(36000)
    )
    row["updated_at"] = min(moment, LAST_MOMENT).strftime(CLEAN_FORMAT)


# Repeated and overlapping periods


def padded_duplicates(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """The same period exported by two systems, one of which pads ids. Staging keeps one."""
    return [dict(row, subscription_id=f"{row['subscription_id']} ") for row in rows]


def corrected_amounts(rng: random.Random, rows: list[Row]) -> list[Row]:
    """A wrong price put right afterwards. Staging keeps the row with the newest updated_at."""
    wrong = [
        dict(row, monthly_amount=money(round(pence(row) * rng.uniform(0.5, 1.5)))) for row in rows
    ]
    for row in rows:
        mark_as_updated(rng, row)
    return wrong


def corrected_ends(rng: random.Random, rows: list[Row]) -> list[Row]:
    """An end booked afterwards; the row without it was exported too. Staging keeps the newest."""
    extra = [dict(row, ended_on="", cancel_requested_on="", cancel_reason="") for row in rows]
    for old, row in zip(extra, rows, strict=True):
        mark_as_updated(rng, old)
        booked = datetime.strptime(old["updated_at"], CLEAN_FORMAT) + timedelta(days=1)
        row["updated_at"] = min(booked, LAST_MOMENT).strftime(CLEAN_FORMAT)
    return extra


def first_versions_without_a_time(_rng: random.Random, rows: list[Row]) -> list[Row]:
    """Half a price, without updated_at, before the right one. Staging keeps the one with a time."""
    halves = [dict(row, monthly_amount=money(pence(row) // 2)) for row in rows]
    for row in rows:
        row["updated_at"] = f"{to_date(row['started_on'])} 20:00:00"
    return halves


def corrections_alone(rng: random.Random, rows: list[Row]) -> None:
    """Corrected rows whose first version was never exported. Staging reads them like any other."""
    for row in rows:
        mark_as_updated(rng, row)


def ends_left_open(_rng: random.Random, rows: list[Row]) -> None:
    """Periods not closed when the next one began. They end where it starts: nothing counts twice."""
    for row in rows:
        row["ended_on"] = ""


def ends_too_late(rng: random.Random, rows: list[Row]) -> None:
    """Periods that end after the next one began. They end where it starts."""
    for row in rows:
        row["ended_on"] = written(to_date(row["ended_on"]) + timedelta(days=rng.randint(1, 60)))


def contained_periods(rng: random.Random, rows: list[Row]) -> list[Row]:
    """A short special offer within a longer period. The longer one ends where the offer starts."""
    extra = []
    for row in rows:
        start = to_date(row["started_on"]) + timedelta(days=rng.randint(20, 80))
        end = start + timedelta(days=rng.randint(14, 28))
        offer = dict(row, started_on=written(start), ended_on=written(end))
        extra.append(dict(offer, monthly_amount=money(pence(row) * 4 // 5)))
    return extra


# Periods that staging rejects


def unparsable_starts(_rng: random.Random, rows: list[Row]) -> None:
    """Starts typed by hand, or left out. Staging rejects the row."""
    set_in_turn(rows, "started_on", UNPARSABLE_DATES)


def too_early_starts(_rng: random.Random, rows: list[Row]) -> None:
    """Default dates of old systems. Staging rejects starts before 1990-01-01."""
    set_in_turn(rows, "started_on", TOO_EARLY_DATES)


def unparsable_ends(_rng: random.Random, rows: list[Row]) -> None:
    """Ends typed by hand. Staging rejects the row: it cannot be taken for open-ended."""
    set_in_turn(rows, "ended_on", UNPARSABLE_ENDS)


def ends_before_start(_rng: random.Random, rows: list[Row]) -> None:
    """Start and end interchanged. Staging rejects the row."""
    for row in rows:
        row["started_on"], row["ended_on"] = row["ended_on"], row["started_on"]


def booked_and_undone(rng: random.Random, rows: list[Row]) -> list[Row]:
    """A subscription undone on the day it was booked. Staging rejects the row: it covers no day."""
    return [
        dict(row, subscription_id=f"S7{number:03d}", ended_on=row["started_on"])
        for number, row in enumerate(rows, start=1)
    ]


def unparsable_amounts(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts that are no number, with a decimal comma, or missing. Staging rejects the row."""
    set_in_turn(rows, "monthly_amount", UNPARSABLE_AMOUNTS)


def negative_amounts(_rng: random.Random, rows: list[Row]) -> None:
    """Credit notes exported as periods. Staging rejects the row."""
    for row in rows:
        row["monthly_amount"] = f"-{row['monthly_amount']}"


def blank_subscription_ids(_rng: random.Random, rows: list[Row]) -> None:
    """Periods whose subscription was lost in the export. Staging rejects the row."""
    set_in_turn(rows, "subscription_id", BLANKS)


# Odd spellings, all valid


def odd_date_formats(_rng: random.Random, rows: list[Row]) -> None:
    """Sources with other date formats. Staging reads them all."""
    for number, row in enumerate(rows):
        pattern = DATE_FORMATS[number % len(DATE_FORMATS)]
        for column in DATE_COLUMNS:
            if row[column]:
                day = to_date(row[column])
                row[column] = datetime(day.year, day.month, day.day).strftime(pattern)


def zoned_starts(_rng: random.Random, rows: list[Row]) -> None:
    """Sources that write midnight in another time zone. Staging converts to London time."""
    for number, row in enumerate(rows):
        hours, pattern = ZONES[number % len(ZONES)]
        day = to_date(row["started_on"])
        midnight = datetime(day.year, day.month, day.day, tzinfo=LONDON)
        row["started_on"] = midnight.astimezone(timezone(timedelta(hours=hours))).strftime(pattern)


def unparsable_requests(_rng: random.Random, rows: list[Row]) -> None:
    """Notes in the place of a date of request. Staging keeps the row, without the request."""
    set_in_turn(rows, "cancel_requested_on", UNPARSABLE_REQUESTS)


def odd_white_space(rng: random.Random, rows: list[Row]) -> None:
    """Text copied from spreadsheets. Staging trims blanks, tabs and no-break spaces."""
    for row in rows:
        column = rng.choice([column for column in PADDED_COLUMNS if row[column]])
        row[column] = rng.choice(PADDINGS).format(row[column])


def odd_letter_case(_rng: random.Random, rows: list[Row]) -> None:
    """Sources with other spelling habits. Staging ignores the letter case of plan and currency."""
    for number, row in enumerate(rows):
        row["plan"] = row["plan"].title() if number % 2 else row["plan"].upper()
        row["currency"] = row["currency"].lower()


def missing_plans(_rng: random.Random, rows: list[Row]) -> None:
    """Periods without a plan. Staging keeps them, under (unknown)."""
    set_in_turn(rows, "plan", BLANKS)


def missing_currencies(_rng: random.Random, rows: list[Row]) -> None:
    """Other ways to leave the currency out. Staging takes all of them for pounds."""
    set_in_turn(rows, "currency", BLANKS[1:])


def currency_signs(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts with a sign. Staging drops the sign; the currency column alone counts."""
    for row in rows:
        row["monthly_amount"] = SIGNS[row["currency"]].format(row["monthly_amount"])


def thousands_separators(_rng: random.Random, rows: list[Row]) -> None:
    """Amounts formatted for people, such as 1,590.00. Staging drops the separators."""
    for number, row in enumerate(rows):
        separator = THOUSANDS_SEPARATORS[number % len(THOUSANDS_SEPARATORS)]
        row["monthly_amount"] = f"{pence(row) / 100:,.2f}".replace(",", separator)


# What may be spoilt


def is_paid(row: Row) -> bool:
    """The amount is not zero, so that a sign matters."""
    return pence(row) > 0


def has_begun(row: Row) -> bool:
    """Began long enough ago for a correction before the data ends."""
    return is_paid(row) and to_date(row["started_on"]) < LAST_DAY - timedelta(days=30)


def has_ended(row: Row) -> bool:
    """Has an end, long enough ago for it to have been booked late."""
    return has_begun(row) and "" < row["ended_on"] <= written(LAST_DAY)


def is_long(row: Row) -> bool:
    """Runs for so long that a shorter period fits in."""
    start, end = to_date(row["started_on"]), row["ended_on"]
    length = (to_date(end) if end else LAST_DAY) - start
    return is_paid(row) and length > timedelta(days=120)


def has_request(row: Row) -> bool:
    """Has a date of request."""
    return row["cancel_requested_on"] != ""


def is_blank_currency(row: Row) -> bool:
    """The currency is left out already."""
    return row["currency"] == ""


def has_sign(row: Row) -> bool:
    """The currency is one with a sign."""
    return row["currency"] in SIGNS


def is_large(row: Row) -> bool:
    """The amount is large enough for a thousands separator."""
    return pence(row) >= 100000


OVERLAPS = (  # of rows that another row of the subscription follows without a gap
    Dirt(ends_left_open, 60),
    Dirt(ends_too_late, 20),
)
DAMAGE = (
    Dirt(exact_duplicates, 45),
    Dirt(padded_duplicates, 15),
    Dirt(corrected_amounts, 24, has_begun),
    Dirt(corrected_ends, 20, has_ended),
    Dirt(first_versions_without_a_time, 6, has_begun),
    Dirt(corrections_alone, 60, has_begun),
    Dirt(contained_periods, 8, is_long),
    Dirt(unparsable_starts, 12),
    Dirt(too_early_starts, 6),
    Dirt(unparsable_ends, 9),
    Dirt(ends_before_start, 10, has_ended),
    Dirt(booked_and_undone, 10, has_begun),
    Dirt(unparsable_amounts, 12),
    Dirt(negative_amounts, 10, is_paid),
    Dirt(unknown_customers, 12),
    Dirt(blank_customer_ids, 8),
    Dirt(blank_subscription_ids, 8),
)
SPELLINGS = (
    Dirt(thousands_separators, 12, is_large),
    Dirt(currency_signs, 60, has_sign),
    Dirt(odd_date_formats, 240),
    Dirt(zoned_starts, 60),
    Dirt(unparsable_requests, 9, has_request),
    Dirt(odd_white_space, 160),
    Dirt(odd_letter_case, 160),
    Dirt(missing_plans, 12),
    Dirt(missing_currencies, 40, is_blank_currency),
)
# Rates that are no rate; staging rejects them.
DIRTY_RATES = (
    ("EUR", "2022-05-16", ""),
    ("USD", "2023-03-15", "tbc"),
    ("USD", "2024-08-15", "-0.7800"),
    ("SEK", "2022-09-15", "0"),
    ("", "2023-01-01", "0.8800"),
    ("EUR", "", "0.8600"),
    ("EUR", "2023-02-30", "0.8850"),
)
REPEATED_RATES = 3


def add_subscription_dirt(rng: random.Random, table: list[Row], spared: set[str]) -> None:
    """Spoil subscriptions other than those to be spared; no row is spoilt twice."""
    starts = {(row["subscription_id"], row["started_on"]) for row in table}
    free = [row for row in table if row["subscription_id"] not in spared]
    free = rng.sample(free, len(free))
    followed = [row for row in free if (row["subscription_id"], row["ended_on"]) in starts]
    to_overlap = followed[: len(followed) // 10]
    overlapping = {id(row) for row in to_overlap}
    others = [row for row in free if id(row) not in overlapping]
    to_damage, to_respell = others[: len(others) // 3], others[len(others) // 3 :]
    add_dirt(rng, table, to_overlap, OVERLAPS)
    add_dirt(rng, table, to_damage, DAMAGE)
    add_dirt(rng, table, to_respell, SPELLINGS)


def add_rate_dirt(rng: random.Random, table: list[Row]) -> None:
    """Spell some rates oddly, repeat some, and add some that staging rejects."""
    chosen = rng.sample(table, 2 * REPEATED_RATES)
    for row in chosen[:REPEATED_RATES]:
        row["currency"] = f" {row['currency'].lower()}"
        row["valid_from"] = f"{to_date(row['valid_from']):%d/%m/%Y} 00:00"
    extra = [dict(row) for row in chosen[REPEATED_RATES:]]
    extra += [
        {"currency": currency, "valid_from": day, "rate": rate}
        for currency, day, rate in DIRTY_RATES
    ]
    for row in extra:
        table.insert(rng.randint(0, len(table)), row)


# --- Everything together ------------------------------------------------------------------


def build(customers: list[Customer], seed: int = SEED) -> dict[str, list[Row]]:
    """Return the rows of both tables for the customers of ``customers_orders``."""
    rng = random.Random(seed)
    subscriptions = simulated_subscriptions(rng, customers)
    rows = [row for each in subscriptions for row in subscription_rows(each)]
    by_hand = staff_rows(customers) + case_rows(customers)
    spared = {row["subscription_id"] for row in by_hand}
    spared |= {row["subscription_id"] for row in rows if row["currency"] not in PAYABLE}
    rows += by_hand
    add_subscription_dirt(rng, rows, spared)
    rates = rate_rows(rng)
    add_rate_dirt(rng, rates)
    return {"raw_subscriptions": rows, "raw_exchange_rates": rates}
