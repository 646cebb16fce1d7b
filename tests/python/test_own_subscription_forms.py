"""Subscriptions as systems export them: prices of any interval, items, pauses, ends, cancellations."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from dbt_project import build, dbt, query

COLUMNS = (
    "subscription_id,item_id,customer_id,state,started_on,ended_on,monthly_amount,price,quantity,"
    "billing_interval,billing_interval_count,discount_percent,cancelled_on"
)
#: 30 plans of 10.00 a year, each of which is worth 0.8333 a month; 25.00 in all.
YEARLY = [f"y{n},,yearly {n},,2024-01-{n + 1:02},,,10.00,,year,,," for n in range(30)]
ROWS = [
    # 3 seats of 9.99, and a quarter less; every second month 20.00.
    "seats,,seats,,2024-01-01,,,9.99,3,month,,25,",
    "bimonthly,,bimonthly,,2024-01-01,,,20.00,,month,2,,",
    # A discount for two months is an item below 0.
    "s1,plan,items,,2024-01-01,,100.00,,,,,,",
    "s1,discount,items,,2024-01-01,2024-03-01,-20.00,,,,,,",
    # Below 0 without an item is a fault, as is an interval that nobody knows.
    "bad,,bad,,2024-01-01,,-20.00,,,,,,",
    "lunar,,bad,,2024-01-01,,,20.00,,lunation,,,",
    # Three months of pause; a trial is no payment.
    "s2,,pauses,active,2024-01-01,2024-02-10,30.00,,,,,,",
    "s2,,pauses,paused,2024-02-10,2024-05-10,0,,,,,,",
    "s2,,pauses,active,2024-05-10,,30.00,,,,,,",
    "s3,,tries,trialing,2024-01-01,2024-02-01,0,,,,,,",
    "s3,,tries,active,2024-02-01,,40.00,,,,,,",
    # One asked to leave and is lost at once, one paid eight days late and never is.
    "s4,,asked,,2024-01-01,2024-03-25,50.00,,,,,,2024-03-20",
    "s5,,late,,2024-01-01,2024-03-25,60.00,,,,,,",
    "s5,,late,,2024-04-02,,60.00,,,,,,",
    # The last day is paid.
    "s6,,seconds,,2024-01-01 00:00:00,2024-01-31 23:59:59,70.00,,,,,,",
    "s6,,seconds,,2024-02-01 00:00:00,2024-02-29 23:59:59,70.00,,,,,,",
]


def settings(**more: object) -> dict:
    return {
        "raw_tables": ["subscriptions"],
        "raw_columns": {"subscriptions": {"plan": None, "cancel_requested_on": "cancelled_on", "cancel_reason": None}},
        "segment_dimensions": [],
        "status_bases": ["subscriptions"],
        "as_of_date": "2024-06-30",
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(
        tmp_path_factory.mktemp("forms"),
        settings(
            subscription_grace_days=14, free_periods_are_active=["paused"], max_rejected_share=0.5
        ),
        {"subscriptions.csv": "\n".join([COLUMNS, *YEARLY, *ROWS]) + "\n"},
        select=("+mrr_by_period", "+mrr_movements", "+retention_by_period", "+rejected_rows"),
    ).database


def movements(database: Path, customer: str) -> list[tuple]:
    return query(
        database,
        "select period_start, movement, mrr_change from marts.mrr_movements"
        f" where period_grain = 'month' and customer_id = '{customer}' order by 1",
    )


def test_a_price_of_any_interval_is_an_amount_a_month(forms: Path) -> None:
    found = query(
        forms,
        "select subscription_id, mrr from marts.subscription_periods"
        " where subscription_id in ('y0', 'seats', 'bimonthly') order by 1",
    )
    assert found == [
        ("bimonthly", Decimal(10)),
        ("seats", Decimal("22.4775")),
        ("y0", Decimal("0.8333333333")),
    ]
    assert query(forms, "select row_key, reason from marts.rejected_rows order by 1") == [
        ("bad", "negative_amount"),
        ("lunar", "unknown_billing_interval"),
    ]


def test_figures_are_rounded_once(forms: Path) -> None:
    # 25.00 a month for the yearly plans, 22.4775 + 10 + 80 + 30 + 50 + 60 + 70 for the others.
    found = query(
        forms,
        "select opening_mrr, new_mrr, closing_mrr, annual_run_rate from marts.mrr_by_period"
        " where period_grain = 'month' and period_start = '2024-01-01' and segment_dimension = 'all'",
    )
    assert found == [(0, Decimal("347.48"), Decimal("347.48"), Decimal("4169.73"))]


def test_items_net_within_their_subscription(forms: Path) -> None:
    assert movements(forms, "items") == [
        (date(2024, 1, 1), "new", 80),
        (date(2024, 3, 1), "expansion", 20),
    ]


def test_who_pays_nothing_and_is_active_has_not_left(forms: Path) -> None:
    assert movements(forms, "pauses") == [
        (date(2024, 1, 1), "new", 30),
        (date(2024, 2, 1), "contraction", -30),
        (date(2024, 5, 1), "expansion", 30),
    ]
    # Not said of trials: new is who pays.
    assert movements(forms, "tries") == [(date(2024, 2, 1), "new", 40)]
    # In March nobody pays for the pause: 30 + 7 others have MRR, and one more is active.
    found = query(
        forms,
        "select retention.closing_customers, mrr.closing_customers from marts.retention_by_period as retention"
        " inner join marts.mrr_by_period as mrr using (period_grain, period_start, segment_dimension, segment_value)"
        " where period_grain = 'month' and segment_dimension = 'all' and period_start = '2024-04-01'",
    )
    assert found == [(36, 35)]


def test_grace_does_not_postpone_a_cancellation(forms: Path) -> None:
    assert movements(forms, "asked")[1:] == [(date(2024, 3, 1), "churn", -50)]
    assert movements(forms, "late") == [(date(2024, 1, 1), "new", 60)]


def test_an_end_a_second_before_midnight_is_paid(forms: Path) -> None:
    # Through 29 February and 14 days of grace.
    assert movements(forms, "seconds") == [
        (date(2024, 1, 1), "new", 70),
        (date(2024, 3, 1), "churn", -70),
    ]


def test_gaps_of_one_day_stop_the_build(tmp_path: Path) -> None:
    months = [("01-01", "01-31"), ("02-01", "02-29"), ("03-01", "03-31"), ("04-01", "04-30")]
    rows = [f"s{n},c{n},2024-{start},2024-{end},10" for n in range(4) for start, end in months]
    (tmp_path / "subscriptions.csv").write_text(
        "\n".join(["subscription_id,customer_id,started_on,ended_on,monthly_amount", *rows])
    )
    columns = {"plan": None, "cancel_requested_on": None, "cancel_reason": None}
    run = dbt(
        "build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious",
        "--select", "+int_subscriptions_resolved",
        database=tmp_path / "built.duckdb",
        settings=settings(
            raw_files=str(tmp_path / "{name}.csv"), raw_columns={"subscriptions": columns}, free_periods_are_active=["paused"]
        ),
    )  # fmt: skip
    assert not run.ok
    assert (
        "Of 12 gaps between a period of a subscription and its next one, 12 are of exactly one day,"
        " so ended_on is probably the last paid day: subscription s0 ends on 2024-01-31 and goes on on"
        " 2024-02-01; subscription s3 ends on 2024-03-31 and goes on on 2024-04-01."
        " Set the var subscription_ends to inclusive"
    ) in run.text
