"""Marketing spend, support tickets and feedback of one's own: how they are cleaned, and what becomes of them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from dbt_project import Built, build, query, refusal

TABLES = ["customers", "orders", "exchange_rates", "marketing_spend", "support_tickets", "feedback"]
SETTINGS = {
    "raw_tables": TABLES,
    "raw_columns": {
        "customers": {"email": None, "signed_up_at": None, "country": None, "customer_segment": None},
        "orders": {"status": None, "updated_at": None},
        "support_tickets": {"topic": "category"},
        "feedback": {"nps_score": "score", "feedback_text": "comment"},
    },
    "raw_rejects": {"marketing_spend": {"our own shop window": "acquisition_channel = 'shop window'"}},
    "segment_dimensions": ["acquisition_channel"],
    "period_grains": ["month", "year"],
    "placeholder_customer_ids": ["guest"],
    "id_cleaning": {"all": ["lower"]},
    "gross_margin_rate": 0.5,
    "as_of_date": "2024-04-30",
    "max_rejected_share": 0.5,
}  # fmt: skip
FILES = {
    "customers.csv": "customer_id,acquisition_channel\nA,social\nB,Social\nC,organic\nD,email\n",
    # A is won for 24.00, pays 30 x 0.5 in January and 20 x 0.5 in February. B has left, D came when nothing is known.
    "orders.csv": (
        "order_id,customer_id,ordered_at,amount\n"
        "1,A,2024-01-05,30\n2,a,2024-02-05,20\n3,B,2024-01-05,10\n4,C,2024-02-20,8\n5,D,2024-04-20,8\n6,A,2024-04-01,1\n"
    ),
    "exchange_rates.csv": "currency,valid_from,rate\nEUR,2024-01-01,0.8\nEUR,2024-01-20,0.9\n",
    "marketing_spend.csv": (
        "spent_on,acquisition_channel,amount,currency\n"
        "2024-01-10, SOCIAL,50.00,EUR\n2024-01-20,social,10.00,EUR\n2024-01-20,social,-1.00,\n"
        "2024-02-01,fb_ads,11.00,\n2024-02-01,fb_ads,11.00,\n"
        "2024-02-02,social,5,CHF\n2024-02-03,shop window,5,\n2024-02-30,social,5,\n2024-05-01,social,5,\n"
    ),
    "support_tickets.csv": "ticket_id,customer_id,opened_at,resolved_at,category\n"
    + "".join(f"T{n},a,2024-02-0{n % 9 + 1},,Beschwerde\n" for n in range(20))
    + "T20,b,2024-02-01,2024-02-03,\nT20,b,2024-02-01,,\nT21,guest,2024-02-01,,\nT22,nobody,2024-02-01,,\nT23,a,2024-05-01,,\n",
    "feedback.csv": "feedback_id,customer_id,given_at,score,comment\n"
    + "".join(f"F{n},a,2024-02-01,{n % 6},\n" for n in range(20))
    + "F20,b,2024-02-01,,Zu teuer\nF21,b,2024-02-01,,\nF22,b,2024-02-01,11,good\nF23,nobody,2024-02-01,3,\n",
}  # fmt: skip

#: Findings that fire here: column, what was seen, affected rows, and their share.
IN_SERVICE = {
    "spend_on_channels_without_customers": (
        "marketing_spend", "acquisition_channel", "1 of 2 channels that money is spent on are not among the customers",
        2, "0.400000",
    ),
    "no_ticket_is_a_complaint": (
        "support_tickets", "topic", "none of 20 tickets has a topic that is a complaint", 20, "1.000000",
    ),
    "scores_look_like_another_scale": (
        "feedback", "nps_score", "the highest of 20 scores is 5", 20, "1.000000",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The marts that the three tables feed."""
    return build(
        tmp_path_factory.mktemp("service"), SETTINGS, FILES,
        select=("+intake_findings", "+rejected_rows", "+acquisition_cost_by_period", "+int_support_tickets", "+int_feedback"),
    )  # fmt: skip


def test_what_is_accepted(shop: Built) -> None:
    rows = query(
        shop.database,
        "select spent_on, acquisition_channel, amount from intermediate.int_marketing_spend order by all",
    )
    assert rows == [
        (date(2024, 1, 10), "social", Decimal("40.00")),
        (date(2024, 1, 20), "social", Decimal("-1.00")),
        (date(2024, 1, 20), "social", Decimal("9.00")),
        (date(2024, 2, 1), "fb_ads", Decimal("11.00")),
        (date(2024, 2, 1), "fb_ads", Decimal("11.00")),
    ]
    tickets = (
        "select count(*), count(resolved_on), count(topic) from intermediate.int_support_tickets"
    )
    assert query(shop.database, tickets) == [(21, 1, 20)]
    answers = (
        "select count(*), count(nps_score), count(feedback_text) from intermediate.int_feedback"
    )
    assert query(shop.database, answers) == [(21, 20, 1)]


def test_what_is_rejected_and_why(shop: Built) -> None:
    rows = query(
        shop.database,
        "select source_table, row_key, reason from marts.rejected_rows order by source_table, row_key, reason",
    )
    assert rows == [
        ("feedback", "f21", "no_score_and_no_text"),
        ("feedback", "f22", "nps_score_off_scale"),
        ("feedback", "f23", "unknown_customer"),
        ("marketing_spend", "shop window", "our own shop window"),
        ("marketing_spend", "social", "after_as_of_date"),
        ("marketing_spend", "social", "no_exchange_rate"),
        ("marketing_spend", "social", "unparsable_date"),
        ("support_tickets", "t20", "superseded_by_newer_row"),
        ("support_tickets", "t21", "placeholder_customer"),
        ("support_tickets", "t22", "unknown_customer"),
        ("support_tickets", "t23", "after_as_of_date"),
    ]


@pytest.mark.parametrize("finding", IN_SERVICE)
def test_findings(shop: Built, finding: str) -> None:
    rows = query(
        shop.database,
        f"""
        select source_table, column_name, what, affected_rows, cast(affected_share as varchar)
        from marts.intake_findings where finding = '{finding}'
        """,
    )
    assert rows == [IN_SERVICE[finding]]


def test_costs_by_hand(shop: Built) -> None:
    """January: 48.00 for A and B, 24.00 each; B left owing 24 - 5. Nothing is known of March and April."""
    rows = query(
        shop.database,
        """
        select month(period_start), segment_value, spend_coverage, acquisition_spend, acquired_customers,
            customer_acquisition_cost, payback_months, payback_status, unrecovered_customers, unrecovered_acquisition_cost
        from marts.acquisition_cost_by_period where period_grain = 'month' order by 1, 2
        """,
    )
    nothing = [None] * 6
    expected = [
        # Together they have earned 15 + 10 + 5, and half of a pound in April: 30.50.
        (1, "all", "complete", 48, 2, 24, None, "not_yet", 1, 19),
        (1, "email", "complete", 0, 0, *nothing[1:]),
        (1, "fb_ads", "complete", 0, 0, *nothing[1:]),
        (1, "organic", "complete", 0, 0, *nothing[1:]),
        (1, "social", "complete", 48, 2, 24, None, "not_yet", 1, 19),
        # What is spent on a channel that wins nobody is in the total.
        (2, "all", "complete", 22, 1, 22, None, "not_yet", 0, 0),
        (2, "email", "complete", 0, 0, *nothing[1:]),
        (2, "fb_ads", "complete", 22, 0, *nothing[1:]),
        (2, "organic", "complete", 0, 1, 0, 0, "paid_back", 0, 0),
        (2, "social", "complete", 0, 0, *nothing[1:]),
    ]
    assert rows[:10] == expected
    assert {row[2:4] for row in rows[10:]} == {("none", None)}
    assert [row[4] for row in rows[10:] if row[1] in ("all", "email")] == [0, 0, 1, 1]
    assert {row[5:] for row in rows[10:]} == {(None,) * 5}


def test_without_the_tables_everything_is_there_and_null(shop: Built, tmp_path: Path) -> None:
    settings = SETTINGS | {"raw_tables": ["customers", "orders"], "raw_rejects": {}}
    settings["raw_columns"] = {
        name: SETTINGS["raw_columns"][name] for name in ("customers", "orders")
    }
    built = build(
        tmp_path, settings, {name: FILES[name] for name in ("customers.csv", "orders.csv")},
        select=("+acquisition_cost_by_period", "+int_support_tickets", "+int_feedback"),
    )  # fmt: skip
    for model in ("int_marketing_spend", "int_support_tickets", "int_feedback"):
        assert query(built.database, f"select count(*) from intermediate.{model}") == [(0,)]
    rows = query(
        built.database,
        """
        select distinct spend_coverage, acquisition_spend, customer_acquisition_cost, ltv_to_cac_ratio, payback_months,
            payback_status, unrecovered_acquisition_cost
        from marts.acquisition_cost_by_period
        """,
    )
    assert rows == [("none", *[None] * 6)]
    won = "select sum(acquired_customers) from marts.acquisition_cost_by_period where segment_value = 'all' and period_grain = 'year'"
    assert query(built.database, won) == [(4,)]


def test_topics_are_written_in_lower_case(tmp_path: Path) -> None:
    said = refusal({"complaint_topics": ["Complaint"]}, tmp_path)
    assert "complaint_topics" in said and "lower case" in said
