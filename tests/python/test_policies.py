"""The marts build under another policy, and all data tests hold; the unit tests: test_own_subscriptions.py."""

from pathlib import Path

import pytest
from dbt_project import BUILD, dbt, query

OTHER_POLICY = {
    "policy_release": "other",
    "status_bases": ["orders_calendar"],
    "inactivity_days": 200,
    "period_grains": ["year", "quarter", "week", "month"],
    "segment_dimensions": [],
    "counted_order_statuses": ["completed", "pending"],
    "uncounted_order_statuses": ["cancelled"],
    "reject_negative_amounts": False,
    "test_account_emails": ["%@elsewhere.example"],
    "business_timezone": "America/New_York",
    "as_of_date": "2025-06-10",
    "earliest_valid_date": "1991-01-01",
    "timestamp_formats": ["%m/%d/%Y"],
    "missing_texts": ["", "-", "NULL", "nan"],
    "max_rejected_share": 0.5,
}
OTHER_CALENDAR = {"week_starts_on": "sunday", "fiscal_year_starts_in": 2, "cohort_grain": "quarter"}


@pytest.fixture(scope="module")
def other_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo under the other policy and calendar, with every data test."""
    database = tmp_path_factory.mktemp("other") / "built.duckdb"
    run = dbt(*BUILD, database=database, settings=OTHER_POLICY | OTHER_CALENDAR)
    assert run.ok, run.text
    return database


def test_data_tests_pass_under_another_policy(other_policy: Path) -> None:
    assert query(
        other_policy,
        "select distinct basis, period_grain, segment_dimension from marts.retention_by_period order by all",
    ) == [
        ("orders_calendar", "month", "all"),
        ("orders_calendar", "quarter", "all"),
        ("orders_calendar", "year", "all"),
    ]
    assert query(
        other_policy, "select count(*) from marts.customers where status_orders_window is not null"
    ) == [(0,)]


def test_periods_start_where_the_policy_says(other_policy: Path) -> None:
    """All identities hold (they are data tests); and a year is counted from the orders themselves."""
    [(starts,)] = query(
        other_policy,
        "select list(distinct monthname(period_start) order by 1) from marts.retention_by_period where period_grain = 'year'",
    )
    assert starts == ["February"]
    assert query(
        other_policy,
        "select distinct dayname(period_start) from marts.mrr_by_period where period_grain = 'week'",
    ) == [("Sunday",)]
    assert query(
        other_policy, "select distinct month(cohort_month) from marts.cohort_retention order by 1"
    ) == [(2,), (5,), (8,), (11,)]
    # The year from February 2024, counted from the orders themselves.
    [(orders, revenue)] = query(
        other_policy,
        "select orders, gross_revenue from marts.repeat_purchase_by_period "
        "where period_grain = 'year' and period_start = date '2024-02-01' and segment_dimension = 'all'",
    )
    assert (orders, revenue) == query(
        other_policy,
        "select count(*), sum(gross_amount) from marts.orders where is_counted "
        "and ordered_on between date '2024-02-01' and date '2025-01-31'",
    )[0]
