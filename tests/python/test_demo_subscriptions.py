"""The demo's subscriptions and exchange rates contain every case and every kind of dirt.

As in ``test_demo_data``, nothing here uses the parsing of the warehouse: the rules are written
down once more with the standard library.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import test_demo_data as demo
from test_demo_data import CUSTOMER_IDS, SEEDS, TEST_ACCOUNT_IDS, ZONES, Row, clean, padded, read

from retention_ledger.demo import customers_orders, shared, subscriptions
from retention_ledger.demo.__main__ import COLUMNS, main

TABLES = ("raw_subscriptions", "raw_exchange_rates")
LAST_DAY = date(2025, 12, 14)
DATE_COLUMNS = ("started_on", "ended_on", "cancel_requested_on")
AMOUNT = re.compile(r"-?[£$€]? ?(\d+|\d{1,3}([,' ]\d{3})+)\.\d\d( €)?")
KNOWN_REASONS = {
    "price": {"price", "too expensive", "pricing"},
    "missing_features": {"missing features", "features"},
    "competitor": {"competitor", "switched", "switched to competitor"},
    "no_longer_needed": {"no longer needed", "not needed", "project ended"},
    "service": {"service", "bad support", "support"},
    "payment_failed": {"payment failed", "card expired", "card declined", "dunning"},
}

SUBSCRIPTIONS, RATES = (read(name) for name in TABLES)


def to_day(text: str) -> date | None:
    """Read a date in any of the agreed formats, or return None."""
    moment = demo.to_local(clean(text))
    return moment.date() if moment else None


def to_amount(text: str) -> float | None:
    """Read an amount in any of the agreed formats, or return None."""
    return float(re.sub("[£$€,' ]", "", text)) if AMOUNT.fullmatch(text) else None


def reason_of(row: Row) -> str:
    """Spell a reason as in ``KNOWN_REASONS``."""
    return clean(row["cancel_reason"]).lower().replace("_", " ").replace("-", " ")


def faults(row: Row) -> set[str]:
    """Name every reason for which a row must be rejected, other than a newer version of it."""
    found = {
        f"blank {column}" for column in ("subscription_id", "customer_id") if not clean(row[column])
    }
    customer_id = clean(row["customer_id"])
    if customer_id and customer_id not in CUSTOMER_IDS:
        found.add("unknown customer")
    if customer_id in TEST_ACCOUNT_IDS:
        found.add("test account")
    start, end, amount = (
        to_day(row["started_on"]),
        to_day(row["ended_on"]),
        to_amount(row["monthly_amount"]),
    )
    if start is None:
        found.add("unparsable start" if clean(row["started_on"]) else "missing start")
    elif start < date(1990, 1, 1):
        found.add("early start")
    if end is None and clean(row["ended_on"]):
        found.add("unparsable end")
    if start and end and end < start:
        found.add("end before start")
    if start and end and end == start:
        found.add("covers no day")
    if amount is None:
        found.add("unparsable amount" if clean(row["monthly_amount"]) else "missing amount")
    elif amount < 0:
        found.add("negative amount")
    return found


def currency_of(row: Row) -> str:
    """The currency of a row; left out it is pounds."""
    return clean(row["currency"]).upper() or "GBP"


FAULTS = [faults(row) for row in SUBSCRIPTIONS]
VALID = [row for row, found in zip(SUBSCRIPTIONS, FAULTS, strict=True) if not found]
VERSIONS: dict[tuple[str, date], list[Row]] = {}
for _row in VALID:
    _key = (clean(_row["subscription_id"]), to_day(_row["started_on"]))
    VERSIONS.setdefault(_key, []).append(_row)


def newest(rows: list[Row]) -> Row:
    """The version of a row that stands."""
    return max(rows, key=lambda row: (row["updated_at"], row["monthly_amount"]))


WINNERS = {key: newest(rows) for key, rows in VERSIONS.items() if currency_of(rows[0]) != "CHF"}
STARTS_OF: dict[str, list[date]] = {}
for _subscription_id, _start in sorted(WINNERS):
    STARTS_OF.setdefault(_subscription_id, []).append(_start)


def covered(key: tuple[str, date]) -> tuple[date, date]:
    """First day and first day no longer covered of a row, as far as the data goes."""
    subscription_id, start = key
    ends = [day for day in STARTS_OF[subscription_id] if day > start][:1]
    ends += [day for day in [to_day(WINNERS[key]["ended_on"])] if day]
    return start, min([*ends, LAST_DAY + timedelta(days=1)])


def paid_days() -> dict[str, set[date]]:
    """The days on which each customer has a paid subscription."""
    days: dict[str, set[date]] = {}
    for key, row in WINNERS.items():
        if to_amount(row["monthly_amount"]):
            first, end = covered(key)
            known = days.setdefault(clean(row["customer_id"]), set())
            known.update(first + timedelta(days=step) for step in range((end - first).days))
    return days


PAID_DAYS = paid_days()
MONTH_ENDS = [
    date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    for year in range(2022, 2026)
    for month in range(1, 13)
    if (year, month) != (2025, 12)
]


def churn(months: list[date], customers: set[str] | None = None) -> float:
    """Share of the customers at the start of these months who are gone at their end."""
    opening = lost = 0
    for end in months:
        before = end.replace(day=1) - timedelta(days=1)
        for customer_id, days in PAID_DAYS.items():
            if before in days and (customers is None or customer_id in customers):
                opening += 1
                lost += end not in days
    return lost / opening


def rows_of(local_part: str) -> list[Row]:
    """Return the subscription rows of one hand-written customer."""
    email = f"{local_part}@mail.example"
    (customer_id,) = {row["customer_id"] for row in demo.CUSTOMERS if row["email"] == email}
    return [row for row in SUBSCRIPTIONS if row["customer_id"] == customer_id]


def periods_of(local_part: str) -> list[tuple[str, str, str]]:
    """Return (started_on, ended_on, monthly_amount) of one hand-written customer's rows."""
    return [
        (str(to_day(row["started_on"])), str(to_day(row["ended_on"]) or ""), row["monthly_amount"])
        for row in rows_of(local_part)
    ]


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
    subscriptions, rates = ((SEEDS / f"{name}.csv").read_bytes() for name in TABLES)
    assert len(subscriptions) < 600_000
    assert b"\r" not in subscriptions + rates
    assert 5_000 <= len(SUBSCRIPTIONS) <= 8_000
    assert 150 <= len(RATES) <= 170
    assert 1_400 <= len({row["customer_id"] for row in WINNERS.values()}) <= 1_600


@pytest.mark.parametrize("name", TABLES)
def test_columns_and_no_line_breaks_in_values(name: str) -> None:
    lines = (SEEDS / f"{name}.csv").read_text(encoding="utf-8").split("\n")
    assert tuple(lines[0].split(",")) == COLUMNS[name]
    assert len(lines) == len(read(name)) + 2  # the header and the end of the last line


# The business the seeds describe


def test_nothing_is_known_that_happened_after_the_last_day() -> None:
    assert min(start for _, start in WINNERS) == date(2022, 1, 1)
    requests = [to_day(row["cancel_requested_on"]) for row in VALID]
    assert max(day for day in requests if day) <= LAST_DAY
    updates = [row["updated_at"] for row in SUBSCRIPTIONS if row["updated_at"]]
    assert max(datetime.strptime(text, demo.CLEAN_DATE) for text in updates).date() <= LAST_DAY
    assert len(updates) < 0.05 * len(SUBSCRIPTIONS)


def test_some_starts_and_ends_are_not_yet_effective() -> None:
    starts = [start for _, start in WINNERS if start > LAST_DAY]
    ends = [to_day(row["ended_on"]) for row in WINNERS.values()]
    assert 10 < len(starts) < 100
    assert sum(end is not None and end > LAST_DAY for end in ends) > 100


def test_three_to_six_percent_of_customers_leave_in_a_month() -> None:
    for year in range(2022, 2026):
        assert 0.03 < churn([day for day in MONTH_ENDS if day.year == year]) < 0.06


def test_january_is_the_worst_month() -> None:
    by_month = {
        month: churn([day for day in MONTH_ENDS if day.month == month]) for month in range(1, 13)
    }
    assert max(by_month, key=by_month.__getitem__) == 1
    assert by_month[1] > 1.5 * by_month[12]


def test_enterprise_customers_stay_longest() -> None:
    segments = {
        segment: {
            clean(row["customer_id"])
            for row in demo.CUSTOMERS
            if clean(row["customer_segment"]).lower() == segment
        }
        for segment in customers_orders.SEGMENTS
    }
    rates = {name: churn(MONTH_ENDS, customers) for name, customers in segments.items()}
    assert rates["enterprise"] < rates["small_business"] < rates["consumer"]
    assert rates["enterprise"] < 0.02


def test_annual_customers_leave_less_often() -> None:
    annual = {
        clean(row["customer_id"])
        for (_, start), row in WINNERS.items()
        if (end := to_day(row["ended_on"])) and (end - start).days in (365, 366)
    }
    assert churn(MONTH_ENDS, annual) < 0.75 * churn(MONTH_ENDS, set(PAID_DAYS) - annual)


def test_customers_leave_most_often_in_the_first_months() -> None:
    early_days, later_days = Counter(), Counter()
    for days in PAID_DAYS.values():
        first = min(days, default=LAST_DAY)
        for day in days:
            counts = early_days if (day - first).days < 100 else later_days
            counts["paid"] += 1
            counts["lost"] += day < LAST_DAY and day + timedelta(days=1) not in days
    early, later = (counts["lost"] / counts["paid"] for counts in (early_days, later_days))
    assert early > 1.5 * later


def test_the_price_rise_is_in_the_data() -> None:
    risen = 0
    for (subscription_id, start), row in WINNERS.items():
        if start == date(2024, 4, 1):
            earlier = [day for day in STARTS_OF[subscription_id] if day < start]
            if earlier:
                old = WINNERS[subscription_id, earlier[-1]]
                same_plan = clean(old["plan"]).lower() == clean(row["plan"]).lower()
                more = to_amount(old["monthly_amount"]) < to_amount(row["monthly_amount"])
                risen += same_plan and more
    assert risen > 50


def test_plans_go_up_and_down_and_are_renewed() -> None:
    steps: Counter[str] = Counter()
    for subscription_id, starts in STARTS_OF.items():
        for first, second in pairwise(starts):
            old, new = WINNERS[subscription_id, first], WINNERS[subscription_id, second]
            plans = [clean(row["plan"]).lower() for row in (old, new)]
            if set(plans) <= set(subscriptions.PLANS):
                ranks = [subscriptions.PLANS.index(plan) for plan in plans]
                steps[
                    "up" if ranks[0] < ranks[1] else "down" if ranks[0] > ranks[1] else "same"
                ] += 1
    assert min(steps.values()) > 50
    assert steps["same"] > steps["up"] > steps["down"]


def test_several_subscriptions_at_once_some_on_one_plan() -> None:
    now: dict[str, list[str]] = {}
    for key, row in WINNERS.items():
        first, end = covered(key)
        if first <= LAST_DAY < end and to_amount(row["monthly_amount"]):
            now.setdefault(clean(row["customer_id"]), []).append(clean(row["plan"]).lower())
    several = [plans for plans in now.values() if len(plans) > 1]
    assert len(several) > 40
    assert sum(len(set(plans)) < len(plans) for plans in several) > 10


def test_most_live_rows_are_open_ended() -> None:
    live = [WINNERS[key] for key in WINNERS if covered(key)[0] <= LAST_DAY < covered(key)[1]]
    assert sum(not clean(row["ended_on"]) for row in live) > len(live) / 2


def test_free_periods_at_the_start_and_in_between() -> None:
    places: Counter[str] = Counter()
    for subscription_id, start in WINNERS:
        if to_amount(WINNERS[subscription_id, start]["monthly_amount"]) == 0:
            places["first" if start == STARTS_OF[subscription_id][0] else "later"] += 1
    assert places["first"] > 100
    assert places["later"] > 20


def test_customers_return_under_the_old_and_under_a_new_id() -> None:
    under: Counter[str] = Counter()
    ids_of: dict[str, list[tuple[date, str]]] = {}
    for (subscription_id, start), row in WINNERS.items():
        ids_of.setdefault(clean(row["customer_id"]), []).append((start, subscription_id))
    for customer_id, starts in ids_of.items():
        days = PAID_DAYS.get(customer_id, set())
        for start, subscription_id in starts:
            came_back = start in days and start - timedelta(days=1) not in days
            if came_back and min(days) < start:
                is_old = STARTS_OF[subscription_id][0] < start
                under["old" if is_old else "new"] += 1
    assert min(under["old"], under["new"]) > 30


def test_more_leave_on_request_than_by_failed_payment_than_without_a_word() -> None:
    kinds: Counter[str] = Counter()
    for key, row in WINNERS.items():
        end = covered(key)[1]
        days = PAID_DAYS.get(clean(row["customer_id"]), set())
        if end <= LAST_DAY and end not in days and end - timedelta(days=1) in days:
            reason, requested = reason_of(row), to_day(row["cancel_requested_on"])
            if reason in KNOWN_REASONS["payment_failed"]:
                assert requested is None or key[0].startswith("S9")  # a case by hand
                kinds["involuntary"] += 1
            else:
                kinds["voluntary" if reason or requested else "expired"] += 1
    assert kinds["voluntary"] > 2 * kinds["involuntary"]
    assert kinds["involuntary"] > kinds["expired"] > 80


def test_cancellations_pending_and_cancellations_taken_back() -> None:
    pending = taken_back = 0
    for (subscription_id, start), row in WINNERS.items():
        if clean(row["cancel_requested_on"]) and start <= LAST_DAY:
            end = to_day(row["ended_on"])
            followed = end in STARTS_OF[subscription_id]
            pending += not followed and (end is None or end > LAST_DAY)
            taken_back += followed
    assert 10 <= pending <= 60
    assert taken_back > 20


@pytest.mark.parametrize("reason", KNOWN_REASONS)
def test_every_spelling_of_a_reason_occurs(reason: str) -> None:
    assert KNOWN_REASONS[reason] <= {reason_of(row) for row in VALID}


def test_some_reasons_are_in_no_list_and_some_are_blank() -> None:
    known = set().union(*KNOWN_REASONS.values())
    others = Counter(reason_of(row) for row in VALID if reason_of(row) not in known)
    assert others["moved abroad"] > 0
    assert any(clean(row["cancel_requested_on"]) and not reason_of(row) for row in VALID)
    spellings = "".join(row["cancel_reason"] for row in VALID)
    assert "_" in spellings
    assert "-" in spellings


def test_currencies_follow_the_country() -> None:
    countries = {clean(row["customer_id"]): clean(row["country"]).upper() for row in demo.CUSTOMERS}
    used = Counter(
        (countries[clean(row["customer_id"])], currency_of(row)) for row in WINNERS.values()
    )
    euro_countries = ("DE", "FR", "NL")
    assert all(used[country, "EUR"] > used[country, "GBP"] > 0 for country in euro_countries)
    assert used["US", "USD"] > used["US", "GBP"] > 0
    assert used["SE", "SEK"] > used["SE", "GBP"] > 0
    assert used["GB", "GBP"] > 0.4 * used.total()
    assert sum(not row["currency"] for row in VALID) > 500


def test_a_handful_of_rows_has_no_exchange_rate() -> None:
    assert 5 <= sum(currency_of(row) == "CHF" for row in VALID) <= 30
    assert {clean(row["currency"]).upper() for row in RATES} == {"EUR", "USD", "SEK", ""}


# Boundary cases


def test_every_hand_written_customer_has_a_case() -> None:
    assert [
        case.local_part for case in customers_orders.CASES if not rows_of(case.local_part)
    ] == []
    local_parts = [case.local_part for case in subscriptions.CASES]
    assert len(set(local_parts)) == len(local_parts)
    assert all(not faults(row) for part in local_parts for row in rows_of(part))


def test_cases_at_the_edges_of_months() -> None:
    assert periods_of("case.month_edges") == [("2024-01-01", "2024-01-31", "9.00")]
    assert periods_of("case.quarter_edges") == [("2023-01-01", "2023-04-01", "9.00")]
    assert [end for _, end, _ in periods_of("case.year_edges")] == ["2023-12-31", "2026-01-01"]
    leap_days = {day for period in periods_of("case.leap_day") for day in period[:2]}
    assert "2024-02-29" in leap_days
    starts, ends = zip(*[period[:2] for period in periods_of("case.leap_day")], strict=True)
    assert "2024-02-29" in starts
    assert "2024-02-29" in ends


def test_cases_of_prices_and_plans() -> None:
    changes = [row for row in rows_of("case.three_in_a_day") if row["started_on"] == "2024-05-17"]
    assert [row["plan"] for row in changes] == ["premium", "basic"]
    switch = rows_of("case.zones_same_day")
    assert len({row["plan"] for row in switch}) == 2
    assert len({row["monthly_amount"] for row in switch}) == 1
    assert [amount for _, _, amount in periods_of("case.90_days_apart")] == ["5.00", "0.00", "9.00"]
    assert periods_of("case.only_free_sample") == [("2024-10-10", "", "0.00")]
    assert [row["currency"] for row in rows_of("ines.example.com")] == ["EUR", "EUR", "GBP"]


def test_cases_at_the_ends_of_the_data() -> None:
    assert periods_of("case.first_moment") == [("2022-01-01", "", "19.00")]
    assert periods_of("case.last_day") == [("2025-12-14", "", "9.00")]
    assert [start for start, _, _ in periods_of("case.zones_last_day")] == [
        "2025-12-15",
        "2025-12-14",
    ]
    assert periods_of("case.first_cancelled") == [("2025-10-15", "2025-12-15", "21.00")]
    assert periods_of("case.91_days_apart")[1] == ("2024-09-02", "2024-09-03", "9.00")
    assert periods_of("case.zones_next_month")[0][0] == "2023-07-01"
    assert periods_of("case.zones_previous_month")[0][0] == "2023-12-31"


# Dirt in subscriptions


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        ("blank subscription_id", 8),
        ("blank customer_id", 8),
        ("missing start", 3),
        ("unparsable start", 9),
        ("early start", 6),
        ("unparsable end", 9),
        ("end before start", 10),
        ("covers no day", 10),
        ("missing amount", 4),
        ("unparsable amount", 8),
        ("negative amount", 10),
        ("unknown customer", 10),
        ("test account", 10),
    ],
)
def test_rows_with_a_fault_are_present_and_have_no_other(fault: str, least: int) -> None:
    found = [names for names in FAULTS if fault in names]
    assert len(found) >= least
    assert all(names == {fault} for names in found)


def test_three_to_five_percent_of_rows_are_rejected() -> None:
    assert 0.03 < 1 - len(WINNERS) / len(SUBSCRIPTIONS) < 0.05


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("started_on", value) for value in shared.UNPARSABLE_DATES),
        *(("started_on", value) for value in shared.TOO_EARLY_DATES),
        *(("ended_on", value) for value in subscriptions.UNPARSABLE_ENDS),
        *(("cancel_requested_on", value) for value in subscriptions.UNPARSABLE_REQUESTS),
        *(("monthly_amount", value) for value in shared.UNPARSABLE_AMOUNTS),
        *(("subscription_id", value) for value in shared.BLANKS),
        *(("customer_id", value) for value in shared.BLANKS),
        *(("plan", value) for value in shared.BLANKS),
        *(("currency", value) for value in shared.BLANKS),
    ],
)
def test_each_bad_value_occurs(column: str, value: str) -> None:
    assert any(row[column] == value for row in SUBSCRIPTIONS)


def test_repeated_and_corrected_rows() -> None:
    assert demo.repeated(SUBSCRIPTIONS) > 30
    kinds: Counter[str] = Counter()
    for rows in VERSIONS.values():
        ids = {row["subscription_id"] for row in rows}
        updates = {row["updated_at"] for row in rows}
        for column in ("monthly_amount", "ended_on"):
            if len({row[column] for row in rows}) > 1:
                kinds[f"{column} {'corrected' if len(updates) == len(rows) else 'unsettled'}"] += 1
        kinds["padded"] += len(ids) > 1
    assert set(kinds) == {
        "monthly_amount corrected",
        "ended_on corrected",
        "padded",
    }
    assert min(kinds.values()) > 0
    assert sum(row["updated_at"] != "" for rows in VERSIONS.values() for row in rows[1:]) > 0


def test_overlaps_of_one_subscription() -> None:
    kinds: Counter[str] = Counter()
    for (subscription_id, start), row in WINNERS.items():
        later = [day for day in STARTS_OF[subscription_id] if day > start]
        end = to_day(row["ended_on"])
        if later and end is None:
            kinds["left open"] += 1
            other = to_day(WINNERS[subscription_id, later[0]]["ended_on"])
            is_last = len(later) == 1
            kinds["contained"] += is_last and other is not None and other <= LAST_DAY
        elif later and end > later[0]:
            kinds["too late"] += 1
    assert kinds["left open"] > 40
    assert kinds["too late"] > 10
    assert kinds["contained"] > 0


@pytest.mark.parametrize(
    "pattern",
    [pattern for _, pattern in demo.ODD_FORMATS.values()],
    ids=demo.ODD_FORMATS,
)
def test_each_date_format_occurs(pattern: str) -> None:
    for column in DATE_COLUMNS:
        assert sum(bool(re.fullmatch(pattern, row[column])) for row in SUBSCRIPTIONS) > 0


@pytest.mark.parametrize("zone", ZONES)
def test_each_time_zone_occurs(zone: str) -> None:
    found = [row["started_on"] for row in VALID if row["started_on"].endswith(zone)]
    assert sum(":" in text for text in found) > 0


def test_some_time_zones_move_a_start_to_another_month() -> None:
    zoned = [row["started_on"] for row in VALID if row["started_on"].endswith(ZONES)]
    assert sum(str(to_day(text))[:7] != text[:7] for text in zoned if ":" in text) >= 3


def test_white_space_and_letter_case() -> None:
    for column in ("subscription_id", "customer_id", "plan", "started_on", "currency"):
        assert padded(SUBSCRIPTIONS, column) > 0
    assert {"Basic", "BASIC"} <= {row["plan"] for row in SUBSCRIPTIONS}
    assert {"gbp", "eur", "usd"} <= {row["currency"] for row in SUBSCRIPTIONS}


@pytest.mark.parametrize(
    "pattern", [r"^\d,\d{3}\.", r"^\d \d{3}\.", r"^\d'\d{3}\.", r"^£\d", r"^\$\d", r"\d €$"]
)
def test_each_spelling_of_amounts_occurs(pattern: str) -> None:
    assert any(re.search(pattern, row["monthly_amount"]) for row in VALID)


def test_test_accounts_subscribe() -> None:
    ids = {clean(row["customer_id"]) for row in SUBSCRIPTIONS} & TEST_ACCOUNT_IDS
    assert 2 <= len(ids) < len(TEST_ACCOUNT_IDS)


# Exchange rates


def rate_faults(row: Row) -> set[str]:
    """Name every reason for which a rate must be rejected, other than being a repetition."""
    found = {f"missing {column}" for column in row if not clean(row[column])}
    if clean(row["valid_from"]) and to_day(row["valid_from"]) is None:
        found.add("unparsable date")
    if clean(row["rate"]) and not re.fullmatch(r"-?\d+(\.\d+)?", clean(row["rate"])):
        found.add("unparsable rate")
    elif clean(row["rate"]) and float(row["rate"]) <= 0:
        found.add("zero" if float(row["rate"]) == 0 else "negative")
    return found


def test_there_is_one_rate_for_each_currency_and_month() -> None:
    rates: dict[tuple[str, date], set[str]] = {}
    for row in RATES:
        if not rate_faults(row):
            key = (clean(row["currency"]).upper(), to_day(row["valid_from"]))
            rates.setdefault(key, set()).add(clean(row["rate"]))
    assert all(len(values) == 1 for values in rates.values())
    months = {date(2021, 12, 1)} | {end.replace(day=1) for end in MONTH_ENDS} | {date(2025, 12, 1)}
    assert set(rates) == {(currency, day) for currency in ("EUR", "USD", "SEK") for day in months}


@pytest.mark.parametrize(
    ("currency", "low", "high"), [("EUR", 0.80, 0.92), ("USD", 0.70, 0.88), ("SEK", 0.068, 0.088)]
)
def test_rates_are_plausible(currency: str, low: float, high: float) -> None:
    texts = [row["rate"] for row in RATES if row["currency"] == currency and not rate_faults(row)]
    assert all(low < float(text) < high for text in texts)
    assert all(len(text.partition(".")[2]) >= 4 for text in texts)


def test_dirty_rates() -> None:
    found = [rate_faults(row) for row in RATES if rate_faults(row)]
    assert all(len(names) == 1 for names in found)
    assert set().union(*found) == {
        "missing currency",
        "missing valid_from",
        "missing rate",
        "unparsable date",
        "unparsable rate",
        "zero",
        "negative",
    }
    assert demo.repeated(RATES) > 0
    assert padded(RATES, "currency") > 0
    assert (
        1 - len({tuple(row.values()) for row in RATES if not rate_faults(row)}) / len(RATES) < 0.09
    )
