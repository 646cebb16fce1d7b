"""The marts build under another policy, and all data tests hold; the unit tests: test_own_subscriptions.py."""

from pathlib import Path

from dbt_project import BUILD, dbt, query

OTHER_POLICY = {
    "policy_release": "other",
    "status_bases": ["orders_calendar"],
    "inactivity_days": 200,
    "period_grains": ["quarter", "month"],
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


def test_data_tests_pass_under_another_policy(tmp_path: Path) -> None:
    run = dbt(*BUILD, database=tmp_path / "built.duckdb", settings=OTHER_POLICY)
    assert run.ok, run.text
    grains = query(
        tmp_path / "built.duckdb",
        "select distinct basis, period_grain, segment_dimension from marts.retention_by_period",
    )
    assert sorted(grains) == [
        ("orders_calendar", "month", "all"),
        ("orders_calendar", "quarter", "all"),
    ]
    assert query(
        tmp_path / "built.duckdb",
        "select count(*) from marts.customers where status_orders_window is not null",
    ) == [(0,)]
