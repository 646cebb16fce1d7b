"""The demo's spend, tickets and feedback: every kind of dirt, and customers who complain leave more often."""

import csv
from pathlib import Path

from dbt_project import query
from oracle import read_csv
from test_demo_data import SEEDS

from retention_ledger.demo.__main__ import COLUMNS

TABLES = ("raw_marketing_spend", "raw_support_tickets", "raw_feedback")


def test_the_seeds_are_small_and_have_their_columns() -> None:
    for name in TABLES:
        path = SEEDS / f"{name}.csv"
        assert len(read_csv(path)) > 800
        assert path.stat().st_size < 200_000
        with open(path, encoding="utf-8", newline="") as file:
            assert tuple(next(csv.reader(file))) == COLUMNS[name]


def test_every_reason_occurs_and_few_rows_are_rejected(demo_database: Path) -> None:
    rows = query(
        demo_database,
        """
        select source_table, list(distinct reason order by reason), count(*) from marts.rejected_rows
        where source_table in ('marketing_spend', 'support_tickets', 'feedback') group by 1
        """,
    )
    reasons = {table: set(found) for table, found, _ in rows}
    of_all = {"missing_date", "unparsable_date", "superseded_by_newer_row", "after_as_of_date"}
    of_customers = of_all | {"missing_customer_id", "unknown_customer", "date_too_early"}
    assert reasons["marketing_spend"] >= of_all | {"unparsable_amount", "no_exchange_rate"}
    assert reasons["support_tickets"] >= of_customers | {
        "missing_ticket_id", "resolved_before_opened", "unparsable_resolved_at",
    }  # fmt: skip
    assert reasons["feedback"] >= of_customers | {
        "missing_feedback_id", "nps_score_off_scale", "unparsable_nps_score", "no_score_and_no_text", "test_account",
    }  # fmt: skip
    for table, _, rejected in rows:
        assert rejected < 0.05 * len(read_csv(SEEDS / f"raw_{table}.csv"))


def left_within_90_days(database: Path, basis: str, events: str) -> dict[bool, float]:
    """Share of the events of active customers after which they have left within 90 days, by `is_bad`."""
    return dict(
        query(
            database,
            f"""
            select events.is_bad, avg(case when spells.ended_on < events.happened_on + 90 then 1.0 else 0.0 end)
            from ({events}) as events
            inner join intermediate.int_customer_spells as spells
                on spells.basis = '{basis}' and events.customer_id = spells.customer_id
                and spells.started_on <= events.happened_on
                and (spells.ended_on is null or spells.ended_on > events.happened_on)
            where events.happened_on < date '2025-09-15' and events.is_bad is not null
            group by 1
            """,
        )
    )


def test_who_complains_or_scores_low_leaves_more_often(demo_database: Path) -> None:
    tickets = """
        select customer_id, opened_on as happened_on, is_complaint or resolved_on is null as is_bad
        from intermediate.int_support_tickets
    """
    answers = """
        select customer_id, given_on as happened_on, nps_score <= 6 as is_bad from intermediate.int_feedback
    """
    for basis in ("subscriptions", "orders_window"):
        for events in (tickets, answers):
            shares = left_within_90_days(demo_database, basis, events)
            assert shares[True] > 1.25 * shares[False], (basis, events, shares)


def test_texts_are_of_two_languages(demo_database: Path) -> None:
    [(german, english)] = query(
        demo_database,
        """
        select count(*) filter (feedback_text like '%teuer%'), count(*) filter (feedback_text like '%expensive%')
        from intermediate.int_feedback
        """,
    )
    assert german > 5 and english > 5
