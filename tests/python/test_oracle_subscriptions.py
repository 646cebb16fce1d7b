"""The subscriptions oracle's own tests: examples worked out by hand, and identities.

As in test_oracle.py, every expected number was derived on paper from the definitions.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import oracle
import oracle_subscriptions as subs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_subscriptions import SubscriptionPolicy

ONE_DAY = timedelta(days=1)
CUSTOMERS = {"A", "B"}


def d(text: str) -> date:
    """A date from ISO text."""
    return date.fromisoformat(text)


def maybe(text: str | None) -> date | None:
    """A date from ISO text, or None."""
    return None if text is None else d(text)


def days(first: str, last: str) -> set[date]:
    """Every day from first to last, both included."""
    return set(oracle.days_between(d(first), d(last)))


def raw(
    subscription_id="S1", customer_id="A", started_on="2024-01-10", ended_on="", **more
) -> dict[str, str]:
    """A raw row of a subscription."""
    row = {
        "subscription_id": subscription_id,
        "customer_id": customer_id,
        "plan": "basic",
        "started_on": started_on,
        "ended_on": ended_on,
        "monthly_amount": "9.00",
        "currency": "GBP",
        "cancel_requested_on": "",
        "cancel_reason": "",
        "updated_at": "",
    }
    return row | more


def rate(currency="EUR", valid_from="2024-01-01", rate="0.85") -> dict[str, str]:
    """A raw exchange rate."""
    return {"currency": currency, "valid_from": valid_from, "rate": rate}


def period(
    started_on: str,
    ended_on: str | None = None,
    mrr: str = "9.00",
    plan: str = "basic",
    customer_id: str = "A",
    subscription_id: str = "S1",
    reason: str | None = None,
    requested: str | None = None,
) -> subs.SubscriptionRow:
    """An accepted row."""
    return subs.SubscriptionRow(
        subscription_id=subscription_id,
        customer_id=customer_id,
        plan=plan,
        started_on=d(started_on),
        ended_on=maybe(ended_on),
        mrr=Decimal(mrr),
        currency="GBP",
        cancel_reason=reason,
        cancel_requested_on=maybe(requested),
    )


def only(*grains: str, grace_days: int = 0) -> SubscriptionPolicy:
    """A policy with the given grains."""
    return SubscriptionPolicy(grace_days=grace_days, period_grains=grains)


def ledger(rows, as_of: str, *grains: str, grace_days: int = 0) -> list[tuple]:
    """(grain, period_start, customer, movement) of the ledger, in order."""
    found = subs.movements(rows, only(*grains, grace_days=grace_days), d(as_of))
    return [(key[1], str(key[2]), key[3], row.movement) for key, row in found.items()]


def movements(rows, as_of: str, grain: str = "month", grace_days: int = 0) -> list[tuple]:
    """(period_start, customer, movement, amount, plan) of the MRR movements, in order."""
    policy = only(grain, grace_days=grace_days)
    daily = subs.daily_mrr(rows, grace_days, d(as_of))
    return [
        (str(key[1]), key[2], row.movement, str(row.amount), row.plan)
        for key, row in subs.mrr_movements(daily, policy, d(as_of)).items()
    ]


def plans(rows, as_of: str, grain: str = "month") -> dict[tuple, tuple]:
    """{(period_start, plan): (opening, closing, posted, transferred)} of the plan movements."""
    daily = subs.daily_mrr(rows, 0, d(as_of))
    return {
        (str(key[1]), key[3]): (
            str(row.opening_mrr),
            str(row.closing_mrr),
            str(row.posted_mrr),
            str(row.transferred_mrr),
        )
        for key, row in subs.plan_movements(daily, only(grain), d(as_of)).items()
    }


def by_period(rows, as_of: str, grain: str = "month", segments=None, grace_days: int = 0) -> dict:
    """The rows of mrr_by_period of one grain, by (period_start, dimension, value)."""
    daily = subs.daily_mrr(rows, grace_days, d(as_of))
    policy = only(grain, grace_days=grace_days)
    found = subs.mrr_by_period(daily, segments or {}, policy, d(as_of))
    return {(str(key[1]), *key[2:]): row for key, row in found.items()}


# Cleaning


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        # Every row is wrong in what the next reasons ask for, too.
        (raw(" ", "", ""), "missing_subscription_id"),
        (raw("S1", "NULL", ""), "missing_customer_id"),
        (raw(started_on="N/A", ended_on="soon"), "missing_date"),
        (raw(started_on="2023-02-29", ended_on="soon"), "unparsable_date"),
        (raw(started_on="1989-12-31", ended_on="soon"), "date_too_early"),
        (raw(ended_on="31/04/2024", monthly_amount=""), "unparsable_end_date"),
        (raw(ended_on="2024-01-09", monthly_amount=""), "ends_before_start"),
        (raw(ended_on="2024-01-10", monthly_amount=""), "covers_no_day"),
        # Both are days: the end is not ten hours after the start.
        (raw(started_on="2024-01-10 08:00", ended_on="2024-01-10 18:00"), "covers_no_day"),
        (raw(monthly_amount="nan", customer_id="X"), "missing_amount"),
        (raw(monthly_amount="nine", customer_id="X"), "unparsable_amount"),
        (raw(monthly_amount="-0.01", customer_id="X"), "negative_amount"),
        (raw(customer_id="TEST", currency="CHF"), "test_account"),
        (raw(customer_id="X", currency="CHF"), "unknown_customer"),
        (raw(currency="CHF"), "no_exchange_rate"),
        (raw(started_on="1990-01-01"), None),
        (raw(started_on="2199-01-01"), None),
        (raw(ended_on="2199-01-01"), None),
        (raw(ended_on="2024-01-11"), None),
        (raw(monthly_amount="0"), None),
        (raw(cancel_requested_on="one day"), None),
        (raw(updated_at="yesterday"), "unparsable_updated_at"),
        (raw(monthly_amount="£5", currency="EUR"), "currency_sign_disagrees"),
        (raw(monthly_amount="£5", currency="gbp"), None),
        ({"subscription_id": "1", "customer_id": "A", "started_on": "20240110",
          "monthly_amount": "1"}, None),
    ],
)  # fmt: skip
def test_reasons(row, reason):
    cleaned = subs.clean([], [row], CUSTOMERS, {"TEST"})
    if reason is None:
        assert (cleaned.rejected, len(cleaned.rows)) == ([], 1)
    else:
        assert cleaned.rejected == [("subscriptions", row["subscription_id"], reason)]
        assert cleaned.rows == []


def test_a_customer_who_is_also_a_test_account_counts():
    assert len(subs.clean([], [raw()], {"A"}, {"A"}).rows) == 1


def test_without_a_customer_table_nobody_is_unknown():
    assert len(subs.clean([], [raw(customer_id="X")], None).rows) == 1
    assert subs.clean([], [raw(customer_id="X")], set()).rows == []


def test_row_is_normalised():
    row = raw(
        " S1\u00a0",
        " A ",
        " 31/03/2024 ",
        "2024-06-30T23:30:00Z",  # 00:30 on 1 July in London
        plan=" Premium ",
        monthly_amount="£1,234.565",
        currency=" gbp ",
        cancel_requested_on="05 Mar 2024 10:11",
        cancel_reason=" Too-Expensive ",
    )
    assert subs.clean([], [row], CUSTOMERS).rows == [
        subs.SubscriptionRow(
            subscription_id="S1",
            customer_id="A",
            plan="premium",
            started_on=d("2024-03-31"),
            ended_on=d("2024-07-01"),
            mrr=Decimal("1234.57"),
            currency="GBP",
            cancel_reason="price",
            cancel_requested_on=d("2024-03-05"),
        )
    ]


def test_missing_values():
    row = raw(plan="NULL", currency=" ", cancel_requested_on="rubbish", cancel_reason="None")
    (accepted,) = subs.clean([], [row], CUSTOMERS, reporting_currency="NOK").rows
    assert (accepted.plan, accepted.currency) == ("(unknown)", "NOK")
    assert (accepted.ended_on, accepted.cancel_requested_on) == (None, None)
    assert accepted.cancel_reason == "other"  # somebody asked, nobody knows when or why


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price", "price"),
        ("Too expensive", "price"),
        ("pricing", "price"),
        ("missing_features", "missing_features"),
        ("FEATURES", "missing_features"),
        ("competitor", "competitor"),
        ("switched", "competitor"),
        ("switched-to-competitor", "competitor"),
        ("no-longer_needed", "no_longer_needed"),
        ("not needed", "no_longer_needed"),
        ("Project Ended", "no_longer_needed"),
        ("service", "service"),
        ("bad support", "service"),
        ("support", "service"),
        ("PAYMENT_FAILED", "payment_failed"),
        ("card expired", "payment_failed"),
        ("card-declined", "payment_failed"),
        ("dunning", "payment_failed"),
        ("moved abroad", "other"),
        ("too  expensive", "other"),
        ("_price", "other"),
        ("-", "other"),
        ("none", "other"),
        ("None", None),
        ("  ", None),
        (None, None),
    ],
)
def test_cancel_reason(text, expected):
    assert subs.cancel_reason_of(text) == expected


def test_newest_row_of_a_start_wins():
    rows = [
        raw(updated_at="2024-02-01 10:00", plan="old"),
        raw(updated_at="2024-02-01 10:01", plan="new", ended_on="2024-03-01"),
        raw(updated_at="", plan="never"),
        raw(updated_at="rubbish", plan="never"),
        raw(updated_at="2024-02-02", plan="broken", monthly_amount="x"),  # rejected, cannot win
        raw(started_on="2024-01-11", plan="another start"),
        raw("S2", plan="another subscription"),
    ]
    cleaned = subs.clean([], rows, CUSTOMERS)
    assert [(row.subscription_id, row.plan) for row in cleaned.rows] == [
        ("S1", "new"),
        ("S1", "another start"),
        ("S2", "another subscription"),
    ]
    assert Counter(reason for _, _, reason in cleaned.rejected) == {
        "superseded_by_newer_row": 2,
        "unparsable_amount": 1,
        "unparsable_updated_at": 1,
    }


def test_one_start_is_one_day():
    """The rows of a subscription that start on one day have one start, whatever their time."""
    rows = [raw(started_on="2024-01-10 09:00"), raw(started_on="10/01/2024 23:59")]
    cleaned = subs.clean([], rows, CUSTOMERS)
    assert len(cleaned.rows) == 1
    assert cleaned.rejected == [("subscriptions", "S1", "superseded_by_newer_row")]


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ({"updated_at": "1990-01-01", "ended_on": "2024-02-01"}, {}),
        ({}, {"ended_on": "2024-03-01", "monthly_amount": "99"}),
        ({"ended_on": "2024-03-01"}, {"ended_on": "2024-02-29", "monthly_amount": "99"}),
        # In its own currency: 10 EUR are 8.50 GBP.
        ({"monthly_amount": "10", "currency": "EUR"}, {"monthly_amount": "9"}),
        ({"customer_id": "A", "plan": "z"}, {"customer_id": "B", "plan": "a"}),
        ({"plan": "a", "currency": "GBP"}, {"plan": "b", "currency": "EUR"}),
        ({"currency": "EUR"}, {"currency": "GBP", "cancel_requested_on": "2024-02-02"}),
        ({"cancel_requested_on": "2024-02-02"}, {"cancel_requested_on": "2024-02-01"}),
        ({"cancel_requested_on": "2024-02-02"}, {"cancel_reason": "price"}),
        # The mapped reasons: competitor, then service.
        ({"cancel_reason": "switched"}, {"cancel_reason": "bad support"}),
        ({"cancel_reason": "support"}, {}),
    ],
)
def test_ties(winner, loser):
    expected = subs.clean([rate()], [raw(**winner)], CUSTOMERS).rows
    for rows in ([raw(**winner), raw(**loser)], [raw(**loser), raw(**winner)]):
        cleaned = subs.clean([rate()], rows, CUSTOMERS)
        assert cleaned.rows == expected
        assert cleaned.rejected == [("subscriptions", "S1", "superseded_by_newer_row")]


# Exchange rates


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (rate(" ", "", ""), "missing_currency"),
        (rate(valid_from="null", rate=""), "missing_date"),
        (rate(valid_from="2024-02-30", rate=""), "unparsable_date"),
        (rate(rate=""), "missing_rate"),
        (rate(rate="parity"), "unparsable_rate"),
        (rate(rate="0"), "rate_not_positive"),
        (rate(rate="-0.00001"), "rate_not_positive"),
        (rate(valid_from="1970-01-01"), None),
        (rate(rate="0.00001"), None),
        (rate("GBP", rate="1"), None),
    ],
)
def test_reasons_of_rates(row, reason):
    cleaned = subs.clean([row], [], None)
    expected = [] if reason is None else [("exchange_rates", row["currency"], reason)]
    assert cleaned.rejected == expected
    assert bool(cleaned.rates) == (reason is None)


def test_identical_rates_are_duplicates():
    rows = [rate(), rate(" eur ", "01/01/2024", "0.8500"), rate()]
    cleaned = subs.clean(rows, [], None)
    assert cleaned.rates == {"EUR": {d("2024-01-01"): Fraction(85, 100)}}
    assert cleaned.rejected == [
        ("exchange_rates", " eur ", "duplicate_rate"),
        ("exchange_rates", "EUR", "duplicate_rate"),
    ]


def test_two_rates_for_one_day_are_an_error():
    with pytest.raises(ValueError, match="two different rates for EUR from 2024-01-01"):
        subs.clean([rate(), rate(rate="0.850001")], [], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.853219", Fraction(853219, 1000000)),
        ("1,234.5", Fraction(12345, 10)),
        ("2", Fraction(2)),
        ("-0.5", Fraction(-1, 2)),
        ("1e3", None),
    ],
)
def test_parse_rate(text, expected):
    assert subs.parse_rate(text) == expected


def test_rate_is_valid_until_the_next():
    rates = {"EUR": {d("2024-01-01"): Fraction(8, 10), d("2024-02-01"): Fraction(9, 10)}}
    assert subs.rate_on(rates, "EUR", d("2023-12-31")) is None
    assert subs.rate_on(rates, "EUR", d("2024-01-01")) == Fraction(8, 10)
    assert subs.rate_on(rates, "EUR", d("2024-01-31")) == Fraction(8, 10)
    assert subs.rate_on(rates, "EUR", d("2024-02-01")) == Fraction(9, 10)
    assert subs.rate_on(rates, "EUR", d("2030-01-01")) == Fraction(9, 10)
    assert subs.rate_on(rates, "USD", d("2024-02-01")) is None


def mrr_of(cleaned: subs.CleanedSubscriptions) -> list[tuple[str, str, str]]:
    """(subscription, start, mrr) of every accepted row."""
    return [(row.subscription_id, str(row.started_on), str(row.mrr)) for row in cleaned.rows]


def test_rate_of_the_first_start_is_kept():
    rates = [rate(rate="0.8"), rate(valid_from="2024-02-01", rate="0.9")]
    rows = [
        raw("S1", started_on="2024-03-01", currency="EUR", monthly_amount="20"),
        raw("S1", started_on="2024-01-31", currency="eur", monthly_amount="10"),
        raw("S2", started_on="2024-02-01", currency="EUR", monthly_amount="10"),
    ]
    assert mrr_of(subs.clean(rates, rows, CUSTOMERS)) == [
        ("S1", "2024-01-31", "8.00"),
        ("S1", "2024-03-01", "16.00"),  # not 18.00
        ("S2", "2024-02-01", "9.00"),
    ]


def test_first_start_is_that_of_the_currency():
    """The reporting currency needs no rate; a row that lost to another is no first start."""
    rates = [
        rate(rate="0.8"),
        rate(valid_from="2024-02-01", rate="0.9"),
        rate("GBP", "2024-01-01", "5"),  # of no use
    ]
    rows = [
        raw(started_on="2024-01-10", currency="EUR", monthly_amount="10"),
        raw(started_on="2024-01-10", currency="GBP", monthly_amount="10", updated_at="2024-01-11"),
        raw(started_on="2024-02-10", currency="EUR", monthly_amount="10"),
    ]
    assert mrr_of(subs.clean(rates, rows, CUSTOMERS)) == [
        ("S1", "2024-01-10", "10.00"),
        ("S1", "2024-02-10", "9.00"),
    ]


def test_no_rate_on_the_first_start():
    """Then the later rows have none either, though a rate is valid by then; nor do they cut."""
    rows = [
        raw("S1", started_on="2023-12-31", currency="EUR"),
        raw("S1", started_on="2024-03-01", currency="EUR"),
        raw("S1", started_on="2023-12-01"),
        raw("S2", started_on="2024-03-01", currency="EUR", monthly_amount="0"),
    ]
    cleaned = subs.clean([rate()], rows, CUSTOMERS)
    assert cleaned.rejected == [("subscriptions", "S1", "no_exchange_rate")] * 2
    assert [(row.started_on, row.ended_on) for row in cleaned.rows] == [
        (d("2023-12-01"), None),
        (d("2024-03-01"), None),
    ]


@pytest.mark.parametrize(
    ("amount", "rate_text", "expected"),
    [
        ("10.00", "0.8505", "8.51"),  # 8.505
        ("10.00", "0.85049", "8.50"),  # 8.5049
        ("0.01", "0.5", "0.01"),
        ("0.01", "0.49", "0.00"),
        ("19.99", "0.85321", "17.06"),  # 17.0556679
    ],
)
def test_mrr_is_rounded_half_away_from_zero(amount, rate_text, expected):
    row = raw(currency="EUR", monthly_amount=amount)
    assert mrr_of(subs.clean([rate(rate=rate_text)], [row], CUSTOMERS)) == [
        ("S1", "2024-01-10", expected)
    ]


def test_round_to_cents():
    assert str(subs.round_to_cents(Fraction(1005, 1000))) == "1.01"
    assert str(subs.round_to_cents(Fraction(-1005, 1000))) == "-1.01"
    assert str(subs.round_to_cents(Fraction(-1, 1000))) == "0.00"


# The cut


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Left open when the plan changed.
        (
            [("2024-01-01", ""), ("2024-02-01", "")],
            [("2024-01-01", "2024-02-01"), ("2024-02-01", None)],
        ),
        # A gap stays a gap; a row that follows at once changes nothing.
        (
            [("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-03-01"), ("2024-03-01", "")],
            [("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-03-01"), ("2024-03-01", None)],
        ),
        # The later row is contained in the earlier one, which does not resume after it.
        (
            [("2024-01-01", "2024-12-31"), ("2024-02-01", "2024-03-01")],
            [("2024-01-01", "2024-02-01"), ("2024-02-01", "2024-03-01")],
        ),
        # By the next start, not by the last.
        (
            [("2024-01-03", ""), ("2024-01-01", ""), ("2024-01-02", "")],
            [("2024-01-01", "2024-01-02"), ("2024-01-02", "2024-01-03"), ("2024-01-03", None)],
        ),
    ],
)
def test_cut(rows, expected):
    raw_rows = [raw(started_on=start, ended_on=end) for start, end in rows]
    cleaned = subs.clean([], raw_rows, CUSTOMERS)
    assert [(str(row.started_on), str(row.ended_on)) for row in cleaned.rows] == [
        (start, str(end)) for start, end in expected
    ]
    assert cleaned.rejected == []


def test_who_cuts():
    rows = [
        raw("S1", started_on="2024-01-01"),
        raw("S2", started_on="2024-01-02"),  # another subscription: no
        raw("S1", started_on="2024-01-03", customer_id="X"),  # rejected: no
        raw("S1", started_on="2024-01-04", customer_id="B", monthly_amount="0"),  # free: yes
        raw("S1", started_on="2024-01-05"),
    ]
    cleaned = subs.clean([], rows, CUSTOMERS)
    assert [(row.subscription_id, row.customer_id, str(row.ended_on)) for row in cleaned.rows] == [
        ("S1", "A", "2024-01-04"),
        ("S1", "B", "2024-01-05"),
        ("S1", "A", "None"),
        ("S2", "A", "None"),
    ]


def test_clean_seeds(tmp_path):
    files = {
        "raw_customers.csv": "customer_id,email,signed_up_at,country,acquisition_channel,"
        "customer_segment\n7,a@b.org,2024-01-01,gb,,\nT,x@example.com,2024-01-01,gb,,\n",
        "raw_orders.csv": "order_id,customer_id,ordered_at,status,amount,updated_at\n"
        "1,7,2024-03-05,completed,20.00,\n2,7,2024-03-09,pending,5.00,\n",
        "raw_refunds.csv": "refund_id,order_id,refunded_at,amount\n1,1,2024-03-06,3.00\n"
        "2,2,2024-03-09,5.00\n",  # the refund of an order that does not count
        "raw_exchange_rates.csv": "currency,valid_from,rate\nEUR,2024-01-01,0.8\nUSD,,1\n",
        "raw_subscriptions.csv": "subscription_id,customer_id,plan,started_on,ended_on,"
        "monthly_amount,currency,cancel_requested_on,cancel_reason,updated_at\n"
        "S1,7,Basic,2024-03-01,,10.00,EUR,,,\nS2,T,Basic,2024-03-01,,10.00,EUR,,,\nS3\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert subs.clean_seeds(tmp_path)[0].as_of == d("2024-03-05")
    cleaned, subscriptions = subs.clean_seeds(tmp_path, as_of=d("2024-03-09"))
    assert mrr_of(subscriptions) == [("S1", "2024-03-01", "8.00")]
    assert subscriptions.rejected == [
        ("exchange_rates", "USD", "missing_date"),
        ("subscriptions", "S2", "test_account"),
        ("subscriptions", "S3", "missing_customer_id"),
    ]
    assert subs.counted_orders(cleaned) == {"7": [(d("2024-03-05"), Decimal("20.00"))]}
    assert subs.counted_refunds(cleaned) == {"7": [(d("2024-03-06"), Decimal("3.00"))]}
    assert subs.clean_seeds(tmp_path, as_of=d("2024-03-05"))[0].as_of == d("2024-03-05")


# The days


def test_paid_days_end_before_the_end():
    rows = [period("2024-01-30", "2024-02-02")]
    assert subs.paid_days(rows, d("2024-12-31")) == days("2024-01-30", "2024-02-01")
    assert subs.paid_days(rows, d("2024-01-31")) == days("2024-01-30", "2024-01-31")
    assert subs.paid_days(rows, d("2024-01-29")) == set()
    assert subs.paid_days([period("2024-01-30")], d("2024-02-05")) == days(
        "2024-01-30", "2024-02-05"
    )


def test_29_february():
    leap = [period("2024-02-28", "2024-02-29"), period("2024-02-29", "2024-03-01")]
    assert subs.paid_days(leap, d("2024-12-31")) == {d("2024-02-28"), d("2024-02-29")}
    active = subs.active_days([period("2024-01-31", "2024-02-29")], 1, d("2024-12-31"))
    assert subs.spells(active, d("2024-12-31")) == [(d("2024-01-31"), d("2024-03-01"))]


def test_free_periods_make_nobody_active():
    rows = [
        period("2024-01-01", "2024-02-01", "0.00"),  # a trial
        period("2024-02-01", "2024-03-01"),
        period("2024-03-01", "2024-04-01", "0.00"),  # a free month in between
        period("2024-04-01", "2024-05-01"),
    ]
    active = subs.active_days(rows, 0, d("2024-12-31"))
    assert active == days("2024-02-01", "2024-02-29") | days("2024-04-01", "2024-04-30")
    assert ledger(rows, "2024-05-31", "month") == [
        ("month", "2024-02-01", "A", "new"),
        ("month", "2024-03-01", "A", "churned"),
        ("month", "2024-04-01", "A", "reactivated"),
        ("month", "2024-05-01", "A", "churned"),
    ]
    # A free month is grace like any other unpaid one: 31 days of it bridge March.
    assert subs.active_days(rows, 31, d("2024-04-30")) == days("2024-02-01", "2024-04-30")
    assert subs.active_by_customer([rows[0]], 31, d("2024-12-31")) == {}


@pytest.mark.parametrize(
    ("restart", "grace_days", "expected"),
    [
        # Paid through 31 January: e is 1 February.
        ("2024-02-01", 0, [("2024-01-01", "2024-02-11")]),
        ("2024-02-02", 0, [("2024-01-01", "2024-02-01"), ("2024-02-02", "2024-02-11")]),
        ("2024-02-02", 1, [("2024-01-01", "2024-02-12")]),  # on e + G
        ("2024-02-03", 1, [("2024-01-01", "2024-02-02"), ("2024-02-03", "2024-02-12")]),
        ("2024-02-05", 5, [("2024-01-01", "2024-02-16")]),
        ("2024-02-06", 5, [("2024-01-01", "2024-02-16")]),  # on e + G
        ("2024-02-07", 5, [("2024-01-01", "2024-02-06"), ("2024-02-07", "2024-02-16")]),
    ],
)
def test_grace(restart, grace_days, expected):
    rows = [period("2024-01-01", "2024-02-01"), period(restart, "2024-02-11")]
    active = subs.active_days(rows, grace_days, d("2024-12-31"))
    assert subs.spells(active, d("2024-12-31")) == [(d(start), d(end)) for start, end in expected]


@pytest.mark.parametrize(
    ("reason", "requested_on", "end"),
    [
        (None, None, "2024-02-06"),
        (None, "2024-01-20", "2024-02-01"),
        ("price", None, "2024-02-01"),
        ("price", "2024-02-03", "2024-02-03"),
        ("price", "2024-02-20", "2024-02-06"),
        ("payment_failed", "2024-01-20", "2024-02-06"),
    ],
)
def test_grace_ends_when_somebody_asks_to_leave(reason, requested_on, end):
    asked_on = d(requested_on) if requested_on else None
    row = replace(
        period("2024-01-01", "2024-02-01"), cancel_reason=reason, cancel_requested_on=asked_on
    )
    active = subs.active_days([row], 5, d("2024-12-31"))
    assert subs.spells(active, d("2024-12-31")) == [(d("2024-01-01"), d(end))]
    mrr = subs.daily_mrr([row], 5, d("2024-12-31"))[row.customer_id]
    assert (mrr.on(d(end) - timedelta(1)), mrr.on(d(end))) == (row.mrr, 0)


def test_a_share_of_a_yearly_price_is_rounded_at_the_end():
    rows = [
        raw(f"S{n}", monthly_amount="", price="10.00", quantity="1", billing_interval="year")
        for n in range(300)
    ]
    cleaned = subs.clean([], rows, CUSTOMERS)
    assert cleaned.rows[0].mrr == Decimal("0.8333333333")
    row = by_period(cleaned.rows, "2024-01-31")["2024-01-01", "all", "all"]
    assert (row.opening_mrr, row.new_mrr, row.closing_mrr) == (0, 250, 250)
    assert row.annual_run_rate == 3000


@pytest.mark.parametrize(
    ("as_of", "grace_days", "end"),
    [
        ("2024-01-30", 0, None),
        ("2024-01-31", 0, None),  # the end is not yet effective
        ("2024-02-01", 0, "2024-02-01"),
        ("2024-02-02", 2, None),
        ("2024-02-03", 2, "2024-02-03"),
    ],
)
def test_spell_is_open_until_the_first_inactive_day(as_of, grace_days, end):
    active = subs.active_days([period("2024-01-01", "2024-02-01")], grace_days, d(as_of))
    assert subs.spells(active, d(as_of)) == [(d("2024-01-01"), maybe(end))]


def test_grace_is_the_customers_not_the_subscriptions():
    """While another subscription is paid there is no grace; after it, that of the last day."""
    rows = [
        period("2024-01-01", "2024-01-10", "5.00", subscription_id="S1"),
        period("2024-01-01", "2024-01-11", "9.00", "premium", subscription_id="S2"),
    ]
    mrr = subs.daily_mrr(rows, 3, d("2024-01-31"))["A"]
    assert [str(mrr.on(d(f"2024-01-{day:02}"))) for day in range(9, 16)] == [
        "14.00",
        "9.00",
        "9.00",
        "9.00",
        "9.00",
        "0.00",
        "0.00",
    ]
    assert str(mrr.of_plan_on("basic", d("2024-01-09"))) == "5.00"
    assert str(mrr.of_plan_on("basic", d("2024-01-11"))) == "0.00"
    assert str(mrr.of_plan_on("premium", d("2024-01-13"))) == "9.00"
    assert str(mrr.on(d("2023-12-31"))) == "0.00"


def test_ends_on_the_last_day_of_a_month_and_on_the_first_of_the_next():
    rows = [
        period("2024-01-15", "2024-03-31", customer_id="last", subscription_id="S1"),
        period("2024-01-15", "2024-04-01", customer_id="first", subscription_id="S2"),
    ]
    # The one is gone on 31 March, in the first quarter; the other pays through it.
    assert ledger(rows, "2024-04-30", "month", "quarter") == [
        ("month", "2024-01-01", "first", "new"),
        ("month", "2024-01-01", "last", "new"),
        ("month", "2024-03-01", "last", "churned"),
        ("month", "2024-04-01", "first", "churned"),
        ("quarter", "2024-01-01", "first", "new"),
        ("quarter", "2024-01-01", "last", "transient"),
        ("quarter", "2024-04-01", "first", "churned"),
    ]
    # With one day of grace, a month later each.
    churned = [row for row in ledger(rows, "2024-04-30", "month", grace_days=1) if "churned" in row]
    assert churned == [
        ("month", "2024-04-01", "first", "churned"),
        ("month", "2024-04-01", "last", "churned"),
    ]
    found = subs.movements(rows, only("month", grace_days=1), d("2024-04-30"))
    ends = {key[3]: row.last_event_on for key, row in found.items() if row.movement == "churned"}
    assert ends == {"last": d("2024-04-01"), "first": d("2024-04-02")}


def test_ledger_of_all_grains():
    """29 April to 2 May 2024, Monday to Wednesday, all of it in one week; back on 2 December."""
    rows = [period("2024-04-29", "2024-05-02"), period("2024-12-02")]
    assert ledger(rows, "2024-12-31", "week", "month", "quarter", "year") == [
        ("week", "2024-04-29", "A", "transient"),
        ("week", "2024-12-02", "A", "reactivated"),
        ("month", "2024-04-01", "A", "new"),
        ("month", "2024-05-01", "A", "churned"),
        ("month", "2024-12-01", "A", "reactivated"),
        ("quarter", "2024-04-01", "A", "transient"),
        ("quarter", "2024-10-01", "A", "reactivated"),
        ("year", "2024-01-01", "A", "new"),
    ]
    balances = subs.retention(rows, {"A": {"country": "GB"}}, only("month"), d("2024-12-31"))
    assert [
        (str(key[2]), row.opening_customers, row.closing_customers)
        for key, row in balances.items()
        if key[3:] == ("country", "GB")
    ] == [
        ("2024-04-01", 0, 1),
        ("2024-05-01", 1, 0),
        *[(f"2024-{month:02}-01", 0, 0) for month in range(6, 12)],
        ("2024-12-01", 0, 1),
    ]


def test_what_starts_after_as_of_has_no_effect():
    rows = [period("2024-01-01", "2024-03-01"), period("2024-02-11", customer_id="B")]
    assert ledger(rows, "2024-02-10", "month") == [("month", "2024-01-01", "A", "new")]
    assert ledger(rows, "2024-02-11", "month")[1:] == [("month", "2024-02-01", "B", "new")]
    assert set(subs.daily_mrr(rows, 0, d("2024-02-10"))) == {"A"}
    assert subs.movements(rows, SubscriptionPolicy(), d("2023-12-31")) == {}
    assert by_period(rows, "2023-12-31") == {}


# MRR movements


def test_movements_of_one_customer():
    rows = [
        period("2024-01-10", "2024-02-20", "10.00"),
        period("2024-02-20", "2024-03-20", "15.00"),
        period("2024-03-20", "2024-04-20", "12.00"),
        period("2024-06-01", None, "12.00"),
    ]
    assert movements(rows, "2024-07-31") == [
        ("2024-01-01", "A", "new", "10.00", "basic"),
        ("2024-02-01", "A", "expansion", "5.00", "basic"),
        ("2024-03-01", "A", "contraction", "3.00", "basic"),
        ("2024-04-01", "A", "churn", "12.00", "basic"),
        ("2024-06-01", "A", "reactivation", "12.00", "basic"),
    ]
    # By quarter: there at the end of March, and with the same amount at the end of June.
    assert movements(rows, "2024-07-31", "quarter") == [
        ("2024-01-01", "A", "new", "12.00", "basic"),
    ]
    assert movements(rows, "2024-05-31", "quarter") == [
        ("2024-01-01", "A", "new", "12.00", "basic"),
        ("2024-04-01", "A", "churn", "12.00", "basic"),  # the partial quarter, as of 31 May
    ]


def test_interrupted_is_a_movement_only_when_the_amount_changed():
    rows = [
        period("2024-01-01", "2024-02-10", "9.00"),
        period("2024-02-20", "2024-03-10", "9.00"),
        period("2024-03-20", None, "11.00"),
    ]
    assert ledger(rows, "2024-03-31", "month")[1:] == [
        ("month", "2024-02-01", "A", "interrupted"),
        ("month", "2024-03-01", "A", "interrupted"),
    ]
    assert movements(rows, "2024-03-31")[1:] == [
        ("2024-03-01", "A", "expansion", "2.00", "basic"),
    ]


def test_from_5_to_free_is_churn_and_9_later_is_a_reactivation():
    rows = [
        period("2024-01-01", "2024-02-05", "5.00"),
        period("2024-02-05", "2024-04-05", "0.00"),
        period("2024-04-05", None, "9.00"),
    ]
    assert movements(rows, "2024-04-30") == [
        ("2024-01-01", "A", "new", "5.00", "basic"),
        ("2024-02-01", "A", "churn", "5.00", "basic"),
        ("2024-04-01", "A", "reactivation", "9.00", "basic"),
    ]


def test_from_free_to_9_is_new():
    rows = [period("2024-01-01", "2024-02-05", "0.00"), period("2024-02-05", None, "9.00")]
    assert movements(rows, "2024-02-29") == [("2024-02-01", "A", "new", "9.00", "basic")]


def test_first_spell_ever_decides_what_is_new():
    """Come and gone in January, back in March: a reactivation by month, new by quarter."""
    rows = [period("2024-01-05", "2024-01-20", "5.00"), period("2024-03-05", None, "9.00")]
    assert movements(rows, "2024-03-31") == [
        ("2024-03-01", "A", "reactivation", "9.00", "basic"),
    ]
    assert movements(rows, "2024-03-31", "quarter") == [
        ("2024-01-01", "A", "new", "9.00", "basic"),
    ]
    january = by_period(rows, "2024-03-31")["2024-01-01", "all", "all"]
    assert (january.acquired_customers, january.new_customers) == (1, 0)


def test_grace_delays_the_churn_and_bridges_a_gap():
    rows = [period("2024-01-01", "2024-02-25", "9.00"), period("2024-03-05", None, "9.00")]
    assert movements(rows, "2024-03-31") == [
        ("2024-01-01", "A", "new", "9.00", "basic"),
        ("2024-02-01", "A", "churn", "9.00", "basic"),
        ("2024-03-01", "A", "reactivation", "9.00", "basic"),
    ]
    # 25 February + 5 days = 1 March: there at the end of February, gone on 1 March.
    assert movements(rows, "2024-03-04", grace_days=5)[1:] == [
        ("2024-03-01", "A", "churn", "9.00", "basic")
    ]
    # 25 February + 9 days = 5 March: the grace ends exactly on the restart.
    assert movements(rows, "2024-03-31", grace_days=9)[1:] == []
    february = by_period(rows, "2024-03-31", grace_days=5)["2024-02-01", "all", "all"]
    assert (february.closing_customers, str(february.closing_mrr)) == (1, "9.00")


# Plans


def test_upgrade_and_downgrade_of_two_subscriptions_on_one_day():
    """Basic 9 becomes premium 49, standard 19 becomes basic 9: 28 become 58."""
    rows = [
        period("2024-01-01", "2024-02-10", "9.00", "basic"),
        period("2024-02-10", None, "49.00", "premium"),
        period("2024-01-01", "2024-02-10", "19.00", "standard", subscription_id="S2"),
        period("2024-02-10", None, "9.00", "basic", subscription_id="S2"),
    ]
    assert movements(rows, "2024-02-29") == [
        # The larger of the two gains; the other one is a transfer.
        ("2024-01-01", "A", "new", "28.00", "standard"),
        ("2024-02-01", "A", "expansion", "30.00", "premium"),
    ]
    assert plans(rows, "2024-02-29") == {
        ("2024-01-01", "basic"): ("0.00", "9.00", "0.00", "9.00"),
        ("2024-01-01", "standard"): ("0.00", "19.00", "28.00", "-9.00"),
        ("2024-02-01", "premium"): ("0.00", "49.00", "30.00", "19.00"),
        ("2024-02-01", "standard"): ("19.00", "0.00", "0.00", "-19.00"),
    }


def test_plan_switch_at_an_equal_price_is_a_transfer_only():
    rows = [
        period("2024-01-01", "2024-02-10", "9.00", "basic"),
        period("2024-02-10", None, "9.00", "lite"),
    ]
    assert movements(rows, "2024-02-29")[1:] == []
    assert plans(rows, "2024-02-29")["2024-02-01", "basic"] == ("9.00", "0.00", "0.00", "-9.00")
    assert plans(rows, "2024-02-29")["2024-02-01", "lite"] == ("0.00", "9.00", "0.00", "9.00")
    found = by_period(rows, "2024-02-29")
    assert str(found["2024-02-01", "all", "all"].transferred_mrr) == "0.00"
    basic, lite = found["2024-02-01", "plan", "basic"], found["2024-02-01", "plan", "lite"]
    assert (basic.opening_customers, basic.closing_customers) == (1, 0)
    assert (str(basic.opening_mrr), str(basic.closing_mrr)) == ("9.00", "0.00")
    assert str(basic.transferred_mrr) == "-9.00"
    assert (basic.churn_customers, str(basic.churn_mrr)) == (0, "0.00")
    assert (lite.opening_customers, lite.closing_customers) == (0, 1)
    assert (lite.new_customers, str(lite.transferred_mrr)) == (0, "9.00")


def test_churn_from_two_plans_is_posted_on_the_one_that_loses_most():
    rows = [
        period("2024-01-01", "2024-02-10", "9.00", "basic"),
        period("2024-01-01", "2024-02-20", "19.00", "standard", subscription_id="S2"),
    ]
    assert movements(rows, "2024-02-29")[1:] == [
        ("2024-02-01", "A", "churn", "28.00", "standard"),
    ]
    assert plans(rows, "2024-02-29")["2024-02-01", "standard"] == (
        "19.00", "0.00", "-28.00", "9.00",
    )  # fmt: skip
    assert plans(rows, "2024-02-29")["2024-02-01", "basic"] == ("9.00", "0.00", "0.00", "-9.00")
    found = by_period(rows, "2024-02-29")
    standard, basic = found["2024-02-01", "plan", "standard"], found["2024-02-01", "plan", "basic"]
    assert (standard.churn_customers, str(standard.churn_mrr)) == (1, "28.00")
    assert (basic.churn_customers, str(basic.churn_mrr)) == (0, "0.00")
    assert (standard.opening_customers, basic.opening_customers) == (1, 1)


@pytest.mark.parametrize(("direction", "expected"), [("gain", "a"), ("loss", "a")])
def test_equal_changes_are_posted_on_the_first_plan(direction, expected):
    for order in (["a", "b"], ["b", "a"]):
        if direction == "gain":
            rows = [
                period("2024-01-01", None, "9.00", plan, subscription_id=plan) for plan in order
            ]
        else:
            rows = [
                period("2024-01-01", "2024-02-05", "9.00", plan, subscription_id=plan)
                for plan in order
            ]
        assert movements(rows, "2024-02-29")[-1][4] == expected


def test_contraction_is_posted_on_the_plan_that_shrinks_though_another_grows():
    """Premium 49 becomes standard 19: standard grows, but the customer shrinks by 30."""
    rows = [
        period("2024-01-01", "2024-02-10", "49.00", "premium"),
        period("2024-02-10", None, "19.00", "standard"),
    ]
    assert movements(rows, "2024-02-29")[1:] == [
        ("2024-02-01", "A", "contraction", "30.00", "premium"),
    ]
    assert plans(rows, "2024-02-29")["2024-02-01", "premium"] == (
        "49.00", "0.00", "-30.00", "-19.00",
    )  # fmt: skip
    assert plans(rows, "2024-02-29")["2024-02-01", "standard"] == (
        "0.00", "19.00", "0.00", "19.00",
    )  # fmt: skip


def test_two_subscriptions_on_one_plan_are_one_customer_of_it():
    rows = [
        period("2024-01-01", None, "9.00"),
        period("2024-01-20", None, "9.00", subscription_id="S2"),
    ]
    found = by_period(rows, "2024-01-31")
    basic = found["2024-01-01", "plan", "basic"]
    assert (basic.closing_customers, basic.new_customers) == (1, 1)
    assert (str(basic.closing_mrr), basic.arpa) == ("18.00", Fraction(18))


# Balances and rates


@pytest.fixture
def worked_month() -> list[subs.SubscriptionRow]:
    """Opening 100, lost 20, expansion 10."""
    return [
        period("2024-01-01", "2024-02-10", "20.00", "basic", "leaves", "S1"),
        period("2024-01-01", "2024-02-10", "80.00", "premium", "grows", "S2"),
        period("2024-02-10", None, "90.00", "premium", "grows", "S2"),
    ]


def test_worked_month(worked_month):
    segments = {"leaves": {"country": "GB"}, "grows": {"country": None}, "never": {"country": "FR"}}
    found = by_period(worked_month, "2024-02-29", segments=segments)
    assert found["2024-02-01", "all", "all"] == subs.MrrPeriod(
        period_end=d("2024-02-29"),
        period_status="complete",
        is_latest_complete_period=True,
        opening_mrr=Decimal(100),
        expansion_mrr=Decimal(10),
        churn_mrr=Decimal(20),
        closing_mrr=Decimal(90),
        annual_run_rate=Decimal(1080),
        # Nine days of 20 + 80 and 20 of 90.
        mrr_days=Decimal(2700),
        churn_events=1,
        opening_customers=2,
        expansion_customers=1,
        churn_customers=1,
        closing_customers=1,
        grr=Fraction(80, 100),
        nrr=Fraction(90, 100),
        mrr_churn_rate=Fraction(20, 100),
        net_mrr_churn_rate=Fraction(10, 100),
        quick_ratio=Fraction(10, 20),
        arpa=Fraction(90),
        # 2,700 * 12 / 365 * 60 % / 1
        subscription_lifetime_value=Fraction(2700 * 12 * 6, 3650),
    )
    assert found["2024-02-01", "country", "GB"].nrr == 0
    assert found["2024-02-01", "country", "(unknown)"].nrr == Fraction(9, 8)
    assert found["2024-02-01", "country", "(unknown)"].grr == 1
    assert {key[1:] for key in found} == {
        ("all", "all"),
        ("country", "GB"),
        ("country", "(unknown)"),
        ("plan", "basic"),
        ("plan", "premium"),
    }
    premium = found["2024-02-01", "plan", "premium"]
    assert premium.arpa == 90
    assert premium.acquired_customers is None
    for name in ("grr", "nrr", "mrr_churn_rate", "net_mrr_churn_rate", "quick_ratio"):
        assert getattr(premium, name) is None
    assert found["2024-02-01", "plan", "basic"].arpa is None  # nobody is left
    assert found["2024-02-01", "plan", "basic"].subscription_lifetime_value is None


def test_first_and_partial_period_have_no_rates(worked_month):
    found = by_period(worked_month, "2024-02-15")
    january, february = found["2024-01-01", "all", "all"], found["2024-02-01", "all", "all"]
    assert (january.is_latest_complete_period, february.is_latest_complete_period) == (True, False)
    assert (january.opening_mrr, january.new_mrr, january.closing_mrr) == (0, 100, 100)
    assert (january.new_customers, january.acquired_customers) == (2, 2)
    assert (january.grr, january.nrr, january.mrr_churn_rate) == (None, None, None)
    assert (january.net_mrr_churn_rate, january.quick_ratio) == (None, None)
    assert (january.arpa, january.subscription_lifetime_value) == (50, None)
    assert (february.period_status, february.period_end) == ("partial", d("2024-02-29"))
    assert (february.opening_mrr, february.churn_mrr, february.closing_mrr) == (100, 20, 90)
    for field in fields(february):
        if field.type == "Fraction | None":
            assert getattr(february, field.name) is None
    assert found["2024-02-01", "plan", "premium"].arpa is None


@pytest.mark.parametrize(
    ("grain", "start", "as_of", "expected"),
    [
        # MRR of the days * 12 / 365 * 60 %; February 10, when one leaves, is in the week from the 5th.
        ("week", "2024-02-05", "2024-02-11", Fraction((5 * 100 + 2 * 90) * 12 * 6, 3650)),
        ("month", "2024-02-01", "2024-02-29", Fraction((9 * 100 + 20 * 90) * 12 * 6, 3650)),
        ("quarter", "2024-01-01", "2024-03-31", Fraction((40 * 100 + 51 * 90) * 12 * 6, 3650)),
        ("quarter", "2024-04-01", "2024-06-30", None),  # nobody left
    ],
)
def test_lifetime_value_by_grain(worked_month, grain, start, as_of, expected):
    row = by_period(worked_month, as_of, grain)[start, "all", "all"]
    assert row.subscription_lifetime_value == expected


def test_a_lifetime_value_counts_each_time_that_somebody_leaves():
    rows = [
        period("2024-01-01", "2024-01-10", "20.00", customer_id="A", subscription_id="S1"),
        period("2024-01-20", "2024-02-10", "20.00", customer_id="A", subscription_id="S2"),
        period("2024-01-01", None, "30.00", customer_id="B", subscription_id="S3"),
    ]
    months = by_period(rows, "2024-12-31", "month")
    year = by_period(rows, "2024-12-31", "year")["2024-01-01", "all", "all"]
    assert (year.churn_events, year.churn_customers) == (2, 0)
    assert year.mrr_days == 30 * 20 + 366 * 30
    assert year.subscription_lifetime_value == Fraction(11580 * 12 * 6, 3650 * 2)
    pooled = [row for key, row in months.items() if key[1] == "all"]
    assert sum(row.mrr_days for row in pooled) == year.mrr_days
    assert sum(row.churn_events for row in pooled) == year.churn_events


def test_quick_ratio_counts_everything_that_came():
    rows = [
        period("2024-01-01", "2024-01-20", "7.00", customer_id="back", subscription_id="S1"),
        period("2024-02-20", None, "7.00", customer_id="back", subscription_id="S1"),
        period("2024-02-20", None, "5.00", customer_id="new", subscription_id="S2"),
        period("2024-01-01", "2024-02-20", "20.00", customer_id="less", subscription_id="S3"),
        period("2024-02-20", None, "16.00", customer_id="less", subscription_id="S3"),
        period("2024-01-01", "2024-02-20", "4.00", customer_id="more", subscription_id="S4"),
        period("2024-02-20", None, "8.00", customer_id="more", subscription_id="S4"),
        period("2024-01-01", "2024-02-20", "4.00", customer_id="gone", subscription_id="S5"),
    ]
    row = by_period(rows, "2024-02-29")["2024-02-01", "all", "all"]
    assert (row.opening_mrr, row.closing_mrr) == (28, 36)
    assert (row.new_mrr, row.reactivation_mrr, row.expansion_mrr) == (5, 7, 4)
    assert (row.contraction_mrr, row.churn_mrr) == (4, 4)
    assert (row.new_customers, row.reactivation_customers, row.expansion_customers) == (1, 1, 1)
    assert (row.contraction_customers, row.churn_customers) == (1, 1)
    assert (row.opening_customers, row.closing_customers, row.acquired_customers) == (3, 4, 1)
    assert row.quick_ratio == 2
    assert row.grr == Fraction(20, 28)
    assert row.nrr == Fraction(24, 28)


def test_a_plan_has_a_row_for_every_period_once_it_was_paid():
    rows = [
        period("2024-01-01", None, "9.00", "basic"),
        period("2024-02-10", "2024-02-12", "9.00", "short", "B", "S2"),
        period("2024-01-01", None, "0.00", "free", "B", "S3"),
        period("2024-03-01", None, "9.00", "later", "B", "S4"),
    ]
    found = by_period(rows, "2024-02-29")
    assert {key[2] for key in found if key[1] == "plan"} == {"basic", "short"}
    january, february = found["2024-01-01", "plan", "short"], found["2024-02-01", "plan", "short"]
    for row in (january, february):
        assert (row.opening_mrr, row.closing_mrr, row.opening_customers) == (0, 0, 0)


# Why they left


def churned(rows, as_of: str, grain: str = "month", grace_days: int = 0, **given) -> dict:
    """The rows of churned_customers of one grain, by (period_start, customer)."""
    policy = only(grain, grace_days=grace_days)
    active = subs.active_by_customer(rows, grace_days, d(as_of))
    orders, refunds = given.get("orders", {}), given.get("refunds", {})
    segments = given.get("segments", {})
    found = subs.churned_customers(
        subs.BASIS, active, orders, refunds, rows, segments, policy, d(as_of)
    )
    return {(str(key[2]), key[3]): row for key, row in found.items()}


def test_churned_customer():
    rows = [
        period("2023-11-01", "2024-02-01", "9.00", reason="price", requested="2024-01-20"),
        period("2024-01-15", "2024-02-01", "4.00", "extra", subscription_id="S2"),
    ]
    found = churned(
        rows,
        "2024-02-29",
        orders={
            "A": [
                (d("2024-01-10"), Decimal("20.00")),
                (d("2024-01-31"), Decimal("30.00")),
                (d("2024-02-01"), Decimal("40.00")),  # on the day: no longer before
            ]
        },
        refunds={"A": [(d("2024-01-31"), Decimal("5.00")), (d("2024-02-01"), Decimal("1.00"))]},
        segments={"A": {"country": "GB", "acquisition_channel": None}},
    )
    # 9 * 92 days + 4 * 17 days = 896; 896 * 12 / 365.25 = 29.4373...
    assert found == {
        ("2024-02-01", "A"): subs.ChurnedCustomer(
            country="GB",
            acquisition_channel="(unknown)",
            customer_segment="(unknown)",
            churned_on=d("2024-02-01"),
            spell_started_on=d("2023-11-01"),
            is_first_spell=True,
            tenure_days=92,
            tenure_band="under_12_months",
            movement_before="new",
            orders_to_date=2,
            net_revenue_to_date=Decimal("45.00"),
            last_order_on=d("2024-01-31"),
            churn_type="voluntary",
            plan="basic",
            cancel_reason="price",
            cancel_requested_on=d("2024-01-20"),
            last_mrr=Decimal("13.00"),
            recurring_revenue_to_date=Decimal("29.44"),
        )
    }


def test_churned_after_grace():
    """Grace is part of the spell, but the last paid day speaks and nothing more was paid."""
    rows = [
        period("2024-01-01", "2024-01-10", "5.00", "small"),
        period("2024-01-01", "2024-01-31", "9.00", "large", subscription_id="S2"),
    ]
    row = churned(rows, "2024-02-29", grace_days=14)["2024-02-01", "A"]
    assert (row.churned_on, row.tenure_days) == (d("2024-02-14"), 44)
    assert (row.plan, row.last_mrr) == ("large", Decimal("9.00"))
    # (5 * 9 + 9 * 30) * 12 / 365.25 = 10.3490...
    assert row.recurring_revenue_to_date == Decimal("10.35")


def test_recurring_revenue_is_rounded_once():
    rows = [
        period("2024-01-01", "2024-01-02", "1.00"),
        period("2024-01-02", "2024-01-03", "1.00"),
        period("2024-01-03", "2024-01-04", "1.00"),
    ]
    row = churned(rows, "2024-01-31", "week")
    assert row == {}  # transient in its week
    # 3 * 12 / 365.25 = 0.0985...; each day by itself would be 0.03.
    rows[2] = period("2024-01-03", "2024-01-10", "1.00")
    row = churned(rows, "2024-01-31", "week")["2024-01-08", "A"]
    # 9 * 12 / 365.25 = 0.2956...; in parts 0.03 + 0.03 + 0.23 = 0.29
    assert row.recurring_revenue_to_date == Decimal("0.30")


def test_last_churn_of_the_period_and_the_second_spell():
    rows = [
        period("2024-01-01", "2024-02-05", "9.00", reason="price"),
        period("2024-02-10", "2024-02-20", "9.00", reason="service"),
        period("2024-03-10", "2024-04-20", "9.00"),
        period("2024-04-25", None, "9.00"),
    ]
    found = churned(rows, "2024-04-24")
    february, april = found["2024-02-01", "A"], found["2024-04-01", "A"]
    assert (february.spell_started_on, february.churned_on) == (d("2024-02-10"), d("2024-02-20"))
    assert (february.is_first_spell, february.tenure_days) == (False, 10)
    assert (february.cancel_reason, february.movement_before) == ("service", "new")
    assert (april.movement_before, april.churn_type) == ("reactivated", "expired")
    # Interrupted is not churned.
    assert ("2024-04-01", "A") not in churned(rows, "2024-04-25")


def test_movement_before_is_that_of_the_grain():
    rows = [
        period("2024-01-01", "2024-02-10"),
        period("2024-02-20", "2024-03-10"),
        period("2024-03-20", "2024-04-10"),
    ]
    assert churned(rows, "2024-04-30")["2024-04-01", "A"].movement_before == "interrupted"
    assert churned(rows, "2024-04-30", "quarter")["2024-04-01", "A"].movement_before == "new"


@pytest.mark.parametrize(
    ("reason", "requested", "expected"),
    [
        ("payment_failed", None, "involuntary"),
        ("payment_failed", "2024-01-20", "involuntary"),
        ("price", None, "voluntary"),
        ("other", None, "voluntary"),
        (None, "2024-01-20", "voluntary"),
        (None, None, "expired"),
    ],
)
def test_churn_type(reason, requested, expected):
    rows = [period("2024-01-01", "2024-02-01", reason=reason, requested=requested)]
    assert churned(rows, "2024-02-29")["2024-02-01", "A"].churn_type == expected


@pytest.mark.parametrize(
    ("first", "second", "speaker"),
    [
        (("S2", "9.00", "b"), ("S1", "8.99", "a"), "S2"),  # the highest amount
        (("S2", "9.00", "a"), ("S1", "9.00", "b"), "S2"),  # then the plan
        (("S1", "9.00", "a"), ("S2", "9.00", "a"), "S1"),  # then the subscription
    ],
)
def test_the_row_that_speaks(first, second, speaker):
    rows = [
        period("2024-01-01", "2024-02-01", mrr, plan, subscription_id=name, reason=name)
        for name, mrr, plan in (first, second)
    ]
    # Neither gone the day before nor free.
    rows.append(period("2024-01-01", "2024-01-31", "99.00", "c", subscription_id="S3"))
    rows.append(period("2024-01-01", None, "0.00", "d", subscription_id="S4"))
    for given_rows in (rows, rows[::-1]):
        row = churned(given_rows, "2024-02-29")["2024-02-01", "A"]
        assert row.cancel_reason == speaker
        assert row.last_mrr == Decimal(first[1]) + Decimal(second[1])


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2023-11-30", 3, "2024-02-29"),
        ("2023-12-15", 1, "2024-01-15"),
        ("2024-02-29", 1, "2024-03-29"),
        ("2024-12-31", 12, "2025-12-31"),
    ],
)
def test_add_months(day, months, expected):
    assert subs.add_months(d(day), months) == d(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-01-31", "2024-02-01", "first_month"),
        ("2024-01-31", "2024-02-28", "first_month"),
        ("2024-01-31", "2024-02-29", "under_3_months"),
        ("2023-11-30", "2024-02-28", "under_3_months"),
        ("2023-11-30", "2024-02-29", "under_12_months"),
        ("2024-02-29", "2025-02-27", "under_12_months"),
        ("2024-02-29", "2025-02-28", "12_months_or_longer"),
        ("2024-01-01", "2024-12-31", "under_12_months"),
        ("2024-01-01", "2025-01-01", "12_months_or_longer"),
    ],
)
def test_tenure_band(start, end, expected):
    assert subs.tenure_band(d(start), d(end)) == expected


def test_churned_from_orders():
    as_of = d("2024-06-30")
    orders = {
        "A": [(d("2024-01-31"), Decimal("20.00")), (d("2024-01-31"), Decimal("30.00"))],
        "B": [(d("2024-05-31"), Decimal("20.00"))],
    }
    refunds = {"A": [(d("2024-04-29"), Decimal("5.00")), (d("2024-04-30"), Decimal("7.00"))]}
    policy = oracle.Policy()
    active = {
        customer: oracle.active_days([day for day, _ in items], "orders_window", policy, as_of)
        for customer, items in orders.items()
    }
    # Rows of a subscription say nothing about orders.
    rows = [period("2024-01-01", "2024-04-30", reason="price")]
    found = subs.churned_customers(
        "orders_window", active, orders, refunds, rows, {}, only("month", "quarter"), as_of
    )
    # 31 January + 90 days = 30 April, and so are 3 months.
    expected = subs.ChurnedCustomer(
        country="(unknown)",
        acquisition_channel="(unknown)",
        customer_segment="(unknown)",
        churned_on=d("2024-04-30"),
        spell_started_on=d("2024-01-31"),
        is_first_spell=True,
        tenure_days=90,
        tenure_band="under_12_months",
        movement_before="new",
        orders_to_date=2,
        net_revenue_to_date=Decimal("45.00"),
        last_order_on=d("2024-01-31"),
        churn_type="lapsed",
    )
    assert found == {
        ("orders_window", "month", d("2024-04-01"), "A"): expected,
        ("orders_window", "quarter", d("2024-04-01"), "A"): expected,
    }
    calendar = subs.churned_customers(
        "orders_calendar", {"A": days("2024-01-31", "2024-01-31")}, orders, {}, [], {},
        SubscriptionPolicy(), as_of,
    )  # fmt: skip
    assert {key[1] for key in calendar} == {"month"}  # no weeks; transient in its quarter


def test_cancellations_pending():
    as_of = d("2024-03-10")

    def cancelled(
        subscription_id: str,
        ended_on: str | None = "2024-04-01",
        requested: str | None = "2024-03-01",
        started_on: str = "2024-01-01",
        mrr: str = "9.00",
    ) -> subs.SubscriptionRow:
        return period(
            started_on,
            ended_on,
            mrr,
            subscription_id=subscription_id,
            reason="price",
            requested=requested,
        )

    rows = [
        cancelled("pending"),
        cancelled("requested today", requested="2024-03-10"),
        cancelled("requested tomorrow", requested="2024-03-11"),
        cancelled("not requested", requested=None),
        cancelled("without an end", ended_on=None),
        cancelled("ends today", ended_on="2024-03-10"),
        cancelled("ends tomorrow", ended_on="2024-03-11"),
        cancelled("starts today", started_on="2024-03-10"),
        cancelled("starts tomorrow", started_on="2024-03-11"),
        cancelled("free", mrr="0.00"),
        cancelled("renewed"),
        cancelled("renewed", ended_on=None, requested=None, started_on="2024-04-01"),
        cancelled("back later"),
        cancelled("back later", ended_on=None, requested=None, started_on="2024-04-02"),
        cancelled("goes on free"),
        cancelled("goes on free", ended_on=None, started_on="2024-04-01", mrr="0.00"),
    ]
    found = subs.cancellations_pending(rows, as_of)
    assert {key[0]: (row.ends_on, row.days_left) for key, row in found.items()} == {
        "pending": (d("2024-04-01"), 22),
        "requested today": (d("2024-04-01"), 22),
        "without an end": (None, None),
        "ends tomorrow": (d("2024-03-11"), 1),
        "starts today": (d("2024-04-01"), 22),
        "back later": (d("2024-04-01"), 22),
    }
    assert found["pending", d("2024-01-01")] == subs.PendingCancellation(
        subscription_id="pending",
        customer_id="A",
        plan="basic",
        cancel_reason="price",
        mrr=Decimal("9.00"),
        cancel_requested_on=d("2024-03-01"),
        ends_on=d("2024-04-01"),
        days_left=22,
    )


# Identities, on random subscriptions

FIRST_DAY = date(2023, 10, 17)
day_strategy = st.integers(0, 300).map(lambda n: FIRST_DAY + timedelta(n))
COUNTS = [
    field.name for field in fields(subs.MrrPeriod) if field.type in ("int", "int | None", "Decimal")
]
AMOUNTS = [name for name in COUNTS if name.endswith("_mrr")]
POSTED = [
    f"{movement}_{what}"
    for movement in ("new", "reactivation", "expansion", "contraction", "churn")
    for what in ("mrr", "customers")
]
SEGMENTS = {f"c{i}": {"country": "GB" if i % 2 else "FR"} for i in range(3)}


@st.composite
def raw_subscriptions(draw) -> list[dict[str, str]]:
    """Rows of up to four subscriptions of up to four customers, overlaps and gaps included."""
    rows = []
    for _ in range(draw(st.integers(0, 9))):
        start = draw(day_strategy)
        length = draw(st.sampled_from([None, 1, 2, 7, 28, 31, 60, 120]))
        rows.append(
            raw(
                draw(st.sampled_from(["S1", "S2", "S3", "S4"])),
                draw(st.sampled_from(["c0", "c1", "c2", "c3"])),
                str(start),
                "" if length is None else str(start + timedelta(length)),
                plan=draw(st.sampled_from(["a", "b", "c"])),
                monthly_amount=draw(st.sampled_from(["0", "5", "9", "9", "19"])),
                cancel_requested_on=draw(st.sampled_from(["", str(start)])),
            )
        )
    return rows


def policy_of(grace_days: int) -> SubscriptionPolicy:
    """All four grains."""
    return SubscriptionPolicy(grace_days=grace_days)


@settings(max_examples=60, deadline=None)
@given(raw_rows=raw_subscriptions(), grace_days=st.integers(0, 40), as_of=day_strategy)
def test_identities(raw_rows, grace_days, as_of):
    cleaned = subs.clean([], raw_rows, None)
    rows, policy = cleaned.rows, policy_of(grace_days)
    assert len(rows) + len(cleaned.rejected) == len(raw_rows)
    for row, following in pairwise(rows):
        if row.subscription_id == following.subscription_id:
            assert row.started_on < row.ended_on <= following.started_on

    daily = subs.daily_mrr(rows, grace_days, as_of)
    active = subs.active_by_customer(rows, grace_days, as_of)
    assert set(daily) == set(active)
    for customer, mrr in daily.items():
        for day in oracle.days_between(FIRST_DAY - ONE_DAY, as_of):
            assert mrr.on(day) == sum(mrr.of_plan_on(plan, day) for plan in mrr.plans)
            assert (mrr.on(day) > 0) == (day in active[customer])

    found = subs.mrr_by_period(daily, SEGMENTS, policy, as_of)
    status = subs.retention(rows, SEGMENTS, policy, as_of)
    assert {key for key in found if key[2] != "plan"} == {key[1:] for key in status}
    for (grain, start, dimension, value), row in found.items():
        # The roll-forward, and from one period to the next.
        gains = row.new_mrr + row.reactivation_mrr + row.expansion_mrr + row.transferred_mrr
        losses = row.contraction_mrr + row.churn_mrr
        assert row.closing_mrr == row.opening_mrr + gains - losses
        following = found.get((grain, row.period_end + ONE_DAY, dimension, value))
        if row.period_end < as_of:
            assert following.opening_mrr == row.closing_mrr
            assert following.opening_customers == row.closing_customers
        else:
            assert following is None

        if dimension == "plan":
            assert (row.grr, row.nrr, row.quick_ratio, row.acquired_customers) == (None,) * 4
            continue
        assert row.transferred_mrr == 0

        # The movements of the MRR are those of the status.
        balances = status[subs.BASIS, grain, start, dimension, value]
        assert row.opening_customers == balances.opening_customers
        assert row.closing_customers == balances.closing_customers
        assert row.new_customers == balances.new_customers
        assert row.reactivation_customers == balances.reactivated_customers
        assert row.churn_customers == balances.churned_customers
        assert row.acquired_customers == balances.acquired_customers
        assert row.is_latest_complete_period == balances.is_latest_complete_period
        assert (row.period_end, row.period_status) == (balances.period_end, balances.period_status)

        # The rates, the other way.
        if row.grr is not None:
            assert 0 <= row.grr <= 1
            assert row.grr <= row.nrr
            assert row.grr == 1 - row.mrr_churn_rate
            assert row.nrr == 1 - row.net_mrr_churn_rate

        # The parts add up: segments in everything, plans in all that is posted.
        if dimension == "all":
            parts = [
                found.get((grain, start, "country", part)) for part in ("FR", "GB", "(unknown)")
            ]
            for name in COUNTS:
                assert getattr(row, name) == sum(getattr(part, name) for part in parts if part)
            of_plans = [part for key, part in found.items() if key[:3] == (grain, start, "plan")]
            for name in {*AMOUNTS, *POSTED}:
                assert getattr(row, name) == sum(getattr(part, name) for part in of_plans)
            assert row.closing_customers <= sum(part.closing_customers for part in of_plans)


@settings(max_examples=60, deadline=None)
@given(raw_rows=raw_subscriptions(), grace_days=st.integers(0, 40), as_of=day_strategy)
def test_posted_and_transferred(raw_rows, grace_days, as_of):
    rows, policy = subs.clean([], raw_rows, None).rows, policy_of(grace_days)
    daily = subs.daily_mrr(rows, grace_days, as_of)
    moved = subs.mrr_movements(daily, policy, as_of)
    per_customer: dict[tuple, list[subs.PlanMovement]] = {}
    for key, row in subs.plan_movements(daily, policy, as_of).items():
        per_customer.setdefault(key[:3], []).append(row)
        assert row.posted_mrr + row.transferred_mrr == row.closing_mrr - row.opening_mrr
    for key, parts in per_customer.items():
        assert sum(part.transferred_mrr for part in parts) == 0
        movement = moved.get(key)
        posted = [part.posted_mrr for part in parts if part.posted_mrr != 0]
        if movement is None:
            assert posted == []
        else:
            assert posted == [movement.closing_mrr - movement.opening_mrr]
            assert movement.amount == abs(posted[0]) > 0
    assert set(moved) <= set(per_customer)


@settings(max_examples=60, deadline=None)
@given(raw_rows=raw_subscriptions(), grace_days=st.integers(0, 40), as_of=day_strategy)
def test_everybody_who_churned_is_explained(raw_rows, grace_days, as_of):
    rows, policy = subs.clean([], raw_rows, None).rows, policy_of(grace_days)
    active = subs.active_by_customer(rows, grace_days, as_of)
    daily = subs.daily_mrr(rows, grace_days, as_of)
    found = subs.churned_customers(subs.BASIS, active, {}, {}, rows, {}, policy, as_of)
    status = subs.movements(rows, policy, as_of)
    assert set(found) == {key for key, row in status.items() if row.movement == "churned"}
    assert {key[1:] for key in found} == {
        key
        for key, row in subs.mrr_movements(daily, policy, as_of).items()
        if row.movement == "churn"
    }
    for (basis, grain, start, customer), row in found.items():
        movement = status[basis, grain, start, customer]
        assert row.churned_on == movement.last_event_on
        assert row.movement_before in ("new", "reactivated", "interrupted")
        mrr = daily[customer]
        assert row.last_mrr == mrr.on(row.churned_on - ONE_DAY) > 0
        assert row.last_mrr >= mrr.of_plan_on(row.plan, row.churned_on - ONE_DAY) > 0
        # The revenue is the MRR of the paid days, grace left out.
        paid = subs.paid_days([r for r in rows if r.customer_id == customer], as_of)
        earned = sum(Fraction(mrr.on(day)) for day in paid if day < row.churned_on)
        assert row.recurring_revenue_to_date == subs.round_to_cents(
            earned * 12 / Fraction(36525, 100)
        )


@settings(max_examples=60, deadline=None)
@given(
    raw_rows=raw_subscriptions(),
    grace_days=st.integers(0, 40),
    as_of=day_strategy,
    later=st.integers(1, 100),
)
def test_as_of_stability(raw_rows, grace_days, as_of, later):
    """What was complete yesterday is the same today; a plan that is new has opened at nothing."""
    rows, policy = subs.clean([], raw_rows, None).rows, policy_of(grace_days)
    today = as_of + timedelta(later)

    def complete(day: date) -> tuple[dict, dict, dict]:
        daily = subs.daily_mrr(rows, grace_days, day)
        active = subs.active_by_customer(rows, grace_days, day)
        left = subs.churned_customers(subs.BASIS, active, {}, {}, rows, SEGMENTS, policy, day)
        return (
            subs.mrr_by_period(daily, SEGMENTS, policy, day),
            subs.retention(rows, SEGMENTS, policy, day),
            {key: row for key, row in left.items() if oracle.period_end(key[2], key[1]) <= as_of},
        )

    then, now = complete(as_of), complete(today)
    for before, after in zip(then[:2], now[:2], strict=True):
        for key, row in before.items():
            if row.period_status == "complete":
                latest = row.is_latest_complete_period
                assert replace(after[key], is_latest_complete_period=latest) == row
    assert then[2] == now[2]


@settings(max_examples=60, deadline=None)
@given(raw_rows=raw_subscriptions(), as_of=day_strategy, seed=st.integers(0, 9))
def test_the_order_of_the_rows_does_not_matter(raw_rows, as_of, seed):
    shuffled = list(raw_rows)
    random.Random(seed).shuffle(shuffled)
    one, other = subs.clean([], raw_rows, None), subs.clean([], shuffled, None)
    assert one.rows == other.rows
    assert Counter(one.rejected) == Counter(other.rejected)


@settings(max_examples=60, deadline=None)
@given(raw_rows=raw_subscriptions(), grace_days=st.integers(0, 40), as_of=day_strategy)
def test_active_days_are_paid_days_and_the_grace_after_each(raw_rows, grace_days, as_of):
    """The other reading of grace: every paid day is good for itself and the next G days."""
    for rows in subs.rows_by_customer(subs.clean([], raw_rows, None).rows).values():
        # Nobody asks to leave.
        rows = [replace(row, cancel_reason=None, cancel_requested_on=None) for row in rows]
        good = {
            day + timedelta(k) for day in subs.paid_days(rows, as_of) for k in range(grace_days + 1)
        }
        assert subs.active_days(rows, grace_days, as_of) == {day for day in good if day <= as_of}
