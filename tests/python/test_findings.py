"""What is readable and still suspicious: where each finding of intake_findings fires, and that a clean shop has none."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from dbt_project import ROOT, Built, build, query
from test_own_service import IN_SERVICE

from retention_ledger.cli.dbt import NOTE

SETTINGS = {
    "raw_tables": ["customers", "orders", "subscriptions"],
    "raw_columns": {"customers": {"email": "null"}},
    "segment_dimensions": ["country"],
    "as_of_date": "2024-12-31",
}
CUSTOMERS = "customer_id,country,acquisition_channel,customer_segment,signed_up_at\n"
ORDERS = "order_id,customer_id,ordered_at,status,amount,updated_at\n"
SUBSCRIPTIONS = (
    "subscription_id,customer_id,plan,started_on,ended_on,monthly_amount,"
    "cancel_requested_on,cancel_reason,updated_at\n"
)


def shop(folder: Path, customers: list, orders: list, subscriptions: list, **settings) -> Built:
    """Builds intake_findings and what it reads; rows are lines without their line ends."""
    files = {
        "customers.csv": CUSTOMERS + "\n".join(customers) + "\n",
        "orders.csv": ORDERS + "\n".join(orders) + "\n",
        "subscriptions.csv": SUBSCRIPTIONS + "\n".join(subscriptions) + "\n",
    }
    return build(folder, {**SETTINGS, **settings}, files, select=("+intake_findings",))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Nothing to find, though something of each kind is near: 30 customers, who order every month for a year."""
    customers = [f"c{n},FR,ads,home,{n % 28 + 1:02}/03/2023 10:00" for n in range(30)]
    orders = [
        f"o{n}-{month},c{n},2024-{month:02}-{n % 27 + 1:02},completed,{20 + n}.{month + 10},2024-12-01"
        for n in range(30)
        for month in range(1, 13)
    ]
    # Edited, and not settled yet.
    orders += ["o1-1,c1,2024-01-02,completed,5.00,2024-01-03"]
    orders += ["p1,c1,2024-12-31,pending,9.00,2024-12-31"]
    subscriptions = [
        f"s{n},c{n},monthly,2024-{month:02}-01,2024-{month + 1:02}-01,30.00,,,2024-01-01"
        for n in range(8)
        for month in range(1, 10)
        if (n, month) not in {(1, 2), (2, 3), (3, 4)}
    ]
    # Paused for a day once; yearly plans by the month; one of two cancellations on a day.
    subscriptions += ["s9,c9,monthly,2024-01-01,2024-01-31,30.00,,,2024-01-01"]
    subscriptions += ["s9,c9,monthly,2024-02-01,2024-03-05,30.00,2024-02-10,price,2024-02-10"]
    # A mistake, and no discount: nothing of the customer starts on that day.
    subscriptions += ["x9,c9,monthly,2024-02-10,2024-02-20,-30.00,,,2024-01-01"]
    subscriptions += [
        f"y{n},c{n + 10},yearly,2024-01-0{n},2025-01-0{n},25.00,,,2024-01-01" for n in range(1, 7)
    ]
    return shop(
        tmp_path_factory.mktemp("clean"), customers, orders, subscriptions, gross_margin_rate=0.6
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A shop for Christmas with a guest id, amounts in cents, periods of inclusive ends and prices by the year."""
    customers = [f"c{n},,ads,home,{n % 9 + 2:02}/01/2023 10:00" for n in range(20)] + [
        "C1,,ads,home,",
        "0,,ads,home,",
    ]
    orders = [
        f"o{n}-{year},c{n},{year}-12-{n + 1:02},completed,{1999 + n},2025-01-01"
        for n in range(10)
        for year in (2022, 2023, 2024)
    ]
    orders += [f"g{n},0,2024-12-05,completed,2499,2025-01-01" for n in range(60)]
    orders += [f"g{n},0,2024-12-05,completed,{1000 + n},2024-12-05" for n in range(6)]
    orders += ["p1,c1,2025-02-01,pending,1000,2025-02-01"]
    subscriptions = [
        f"s{n},c{n},monthly,2024-0{month}-01,2024-0{month}-{29 if month == 2 else 31},10.50,,,2024-01-01"
        for n in range(6)
        for month in (2, 3)
    ]
    subscriptions += [
        f"s{n},c{n},monthly,2024-04-01,2024-04-30,10.50,2024-04-0{n + 1},price,2024-01-01"
        for n in range(6)
    ]
    subscriptions += [f"y{n},c{n + 10},yearly,2024-01-05,2025-01-05,126.00,,," for n in range(6)]
    subscriptions += ["s5,c5,monthly,2024-07-01,,10.50,by phone,price,2024-07-01"]
    subscriptions += ["s5,c5,monthly,2024-07-01,,12.50,by phone,price,2024-09-01"]
    subscriptions += ["d5,c5,discount,2024-07-01,2024-09-01,-2.00,,,"]
    return shop(tmp_path_factory.mktemp("hostile"), customers, orders, subscriptions)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An export from 30 January to 3 December, with the number of the order for a customer; the order of days is set."""
    customers = [f"c{n},FR,ads,home,12/{n % 9 + 1:02}/2023" for n in range(400)]
    days = [date(2024, 1, 30) + timedelta(days=n) for n in range(309)]
    orders = [f"o{n},c{n},{day},completed,10.50," for n, day in enumerate(days)]
    subscriptions = [f"s{n},c{n},monthly,2025-01-0{n},2025-02-0{n},10.50,,," for n in range(1, 7)]
    return shop(
        tmp_path_factory.mktemp("cut"), customers, orders, subscriptions,
        timestamp_formats=["%m/%d/%Y"], gross_margin_rate=0.4,
        raw_columns={
            "customers": {"email": "null"},
            "orders": {"updated_at": None},
            "subscriptions": {"cancel_requested_on": None, "cancel_reason": "NULL"},
        },
    )  # fmt: skip


IN_HOSTILE = {
    "amounts_look_like_cents": (
        "orders", "amount", "all 91 amounts in GBP are whole numbers, and at least half of them 1000 or more", 91, "1.000000",
    ),
    "column_has_no_values": ("customers", "country", "country is empty in all 22 rows", 22, "1.000000"),
    "dates_cannot_be_read": (
        "subscriptions", "cancel_requested_on", "2 of 8 dates in cancel_requested_on cannot be read", 2, "0.250000",
    ),
    "day_and_month_could_be_swapped": (
        "customers", "signed_up_at",
        "20 dates in signed_up_at can be read with the day or the month first, and no other date decides it", 20, "1.000000",
    ),
    "margin_is_not_set": ("settings", "gross_margin_rate", "gross_margin_rate is not set", 1, "1.000000"),
    # 6 customers x 2 gaps; and s5 goes on in July.
    "gaps_of_one_day": (
        "subscriptions", "ended_on", "12 of 13 gaps between the paid periods of a customer are exactly one day", 12, "0.923077",
    ),
    # 25 accepted periods and d5.
    "discounts_are_refused": (
        "subscriptions", "monthly_amount", "1 rows with an amount below 0 lower no MRR: they are refused, or items of a subscription without another one", 1, "0.038462",
    ),
    # c1 stands in 1 row of the customers, 3 orders and their pending one, and 3 periods; C1 in one row.
    "ids_are_written_differently": (
        "customers", "customer_id", "1 ids are written in several ways, like 'C1' and 'c1'", 9, None,
    ),
    "one_id_has_many_rows": ("orders", "customer_id", "customer '0' has 60 of 91 rows (66%)", 60, "0.659341"),
    "order_versions_differ_in_amount": (
        "orders", "amount", "6 of 91 orders have rows with different amounts", 6, "0.065934",
    ),
    "subscription_versions_differ_in_amount": (
        "subscriptions", "monthly_amount",
        "1 subscription periods have versions that differ in amount, more than a month after the start", 1, "0.040000",
    ),
    "uncounted_orders_after_the_last_counted": (
        "orders", "status",
        "1 orders that do not count come more than 7 days after the last counted one, of 2024-12-10, up to 2025-02-01",
        1, "0.010989",
    ),
    # c0 to c9 each buy at a distance of 365 and 366 days.
    "window_is_shorter_than_rhythm": (
        "orders", "ordered_at",
        "the median gap between the orders of a customer is 365 days, and inactivity_days is 90", 20, "1.000000",
    ),
    "yearly_beside_monthly_prices": (
        "subscriptions", "monthly_amount",
        "6 periods of a year have a monthly_amount of 126.00 on average, and 19 of a month one of 10.61", 6, "0.240000",
    ),
}  # fmt: skip

IN_CUT = {
    "every_customer_has_one_order": (
        "orders", "customer_id", "every customer has one order: 309 of them", 309, "1.000000",
    ),
    "first_month_is_small": (
        "orders", "ordered_at",
        "the first month has 2 orders, from 2024-01-30 on, and the next two have 29 and 31", 2, "0.006472",
    ),
    "last_month_is_small": (
        "orders", "ordered_at",
        "the last month has 3 orders on its first 31 days, through as_of_date, and the two before have 31 and 30;"
        " the last order is of 2024-12-03", 3, "0.009709",
    ),
    "starts_after_as_of_date": (
        "subscriptions", "started_on", "6 of 6 periods start after as_of_date, 2024-12-31", 6, "1.000000",
    ),
}  # fmt: skip


def found(database: Path, finding: str) -> list[tuple]:
    """A finding as source_table, column_name, what, affected_rows and affected_share as text."""
    return query(
        database,
        f"""
        select source_table, column_name, what, affected_rows, cast(affected_share as varchar)
        from marts.intake_findings where finding = '{finding}'
        """,
    )


def names(database: Path) -> list[str]:
    """The findings of a build."""
    return [
        name
        for (name,) in query(
            database, "select distinct finding from marts.intake_findings order by 1"
        )
    ]


@pytest.mark.parametrize("finding", IN_HOSTILE)
def test_it_fires_in_the_hostile_shop(hostile: Built, finding: str) -> None:
    [(*seen, share)] = found(hostile.database, finding)
    *expected, expected_share = IN_HOSTILE[finding]
    assert seen == expected
    assert expected_share in (None, share)


@pytest.mark.parametrize("finding", IN_CUT)
def test_it_fires_in_the_shop_that_was_cut(cut: Built, finding: str) -> None:
    [(*seen, share)] = found(cut.database, finding)
    *expected, expected_share = IN_CUT[finding]
    assert seen == expected
    assert expected_share in (None, share)


def test_nothing_else_fires(hostile: Built, cut: Built) -> None:
    assert names(hostile.database) == sorted(IN_HOSTILE)
    assert names(cut.database) == sorted(IN_CUT)


def test_a_clean_shop_has_no_findings(clean: Built) -> None:
    assert query(clean.database, "select count(*) from intermediate.int_orders_resolved") == [
        (361,)
    ]
    assert query(clean.database, "select finding, what from marts.intake_findings") == []
    assert not [line for line in clean.run.messages if "The var" in line]


def test_the_demo_has_nothing_but_the_dates_that_are_no_dates(demo_database: Path) -> None:
    rows = query(
        demo_database, "select finding, severity, what, examples from marts.intake_findings"
    )
    assert rows == [
        (
            "dates_cannot_be_read",
            "note",
            "9 of 809 dates in cancel_requested_on cannot be read",
            "'2024-13-01', '31/31/2023', 'by phone'",
        )
    ]


def test_a_build_says_each_finding_as_a_sentence(hostile: Built) -> None:
    said = [line for line in hostile.run.messages if line.startswith(NOTE) or "The var" in line]
    assert len(said) == len(IN_HOSTILE)
    [guest] = [line for line in said if "customer '0'" in line]
    assert guest == (
        "orders: customer '0' has 60 of 91 rows (66%) (for example '0'). One id with so many rows is hardly ever a person: "
        "it may stand for all guests, or for nobody, who then look like one loyal customer. The var placeholder_customer_ids "
        "lists ids that stand for nobody, and placeholder_customers says what becomes of their orders."
    )


def test_every_finding_is_described_and_has_a_case() -> None:
    rules = dict(
        re.findall(
            r"'(\w+)': \{\n\s+'severity': '(\w+)'",
            (ROOT / "macros" / "accepted" / "findings.sql").read_text("utf-8"),
        )
    )
    described = (ROOT / "models" / "marts" / "accepted" / "intake_findings.yml").read_text("utf-8")
    assert dict(re.findall(r"\| `(\w+)` \| (\w+) \|", described)) == rules
    assert {*IN_HOSTILE, *IN_CUT, *IN_SERVICE} == set(rules)
