"""Own subscriptions, run by vars alone: a published-style log, which tables exist, forms, currencies, faults.

Small enough to be worked out by hand; every expected figure is a literal.
"""

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import in_process
import pytest
from dbt_project import BUILD, ROOT, DbtRun, dbt, manifest_of, query, refusal
from test_bad_input import says
from test_own_data import (
    CUSTOMERS,
    ORDERS,
    SHOP_BY_MONTH,
    Table,
    built,
    by_month,
    orders,
    rejected,
    write_csv,
    write_parquet,
    write_shop,
    write_table,
)
from test_policies import OTHER_CALENDAR, OTHER_POLICY

Settings = dict[str, Any]

TO_THE_PERIODS = ("run", "--select", "+subscription_periods", "+rejected_rows")
TO_THE_MRR = ("run", "--select", "+mrr_by_period", "+churned_customers", "+rejected_rows")
TO_ALL_MONEY = (*TO_THE_PERIODS, "+orders", "+customers")

MARTS = {
    "acquisition_cost_by_period", "business_by_period", "business_cells", "cancellations_pending", "churned_customers", "cohort_retention", "customer_lifetime_value",
    "customer_movements", "customer_rfm", "customers", "customers_at_risk", "lifetime_value_by_period",
    "lifetime_value_by_segment", "metric_definitions", "metric_values", "mrr_by_period",
    "mrr_cohorts", "plan_movements_by_period", "mrr_movements", "mrr_plan_changes", "onboarding_by_month", "orders", "policy_settings",
    "prediction_check", "rejected_rows", "repeat_purchase_by_cohort", "repeat_purchase_by_period",
    "retention_by_period", "revenue_concentration", "rfm_segments", "risk_weights", "subscription_periods",
    "time_between_purchases",
}  # fmt: skip
#: Those that have rows only where something is suspicious, after a prediction, where a horizon is over, of a complete year, or
#: of builds that the command has published.
OTHER_MARTS = {
    "intake_findings", "metric_restatements", "published_builds", "prediction_calibration", "retention_worth", "risk_check", "seasonality_by_month",
    "seasonally_adjusted_by_period", "churned_customer_profile", "valuable_customer_profile",
    "metrics_by_slice", "cells_by_month", "semantic_days",
}  # fmt: skip

# A log as such logs are published: an end is the first day that is not paid, and may be blank.
# `last_day` is the same end as other exports write it: the last paid day.
LOG: Table = (
    ("subscription_id", "customer_id", "start_date", "end_date", "last_day", "monthly_amount"),
    [
        ("S01", "A", "2024-01-01", "", "", "10.00"),  # never ends
        ("S02", "B", "2024-01-15", "2024-03-01", "2024-02-29", "20.00"),  # paid to the month's end
        ("S03", "C", "2024-02-29", "2024-03-29", "2024-03-28", "7.00"),
        ("S04", "D", "2024-01-10", "2024-02-10", "2024-02-09", "9.00"),
        ("S04", "D", "2024-02-10", "2024-04-05", "2024-04-04", "0.00"),  # pauses, for free
        ("S04", "D", "2024-04-05", "", "", "9.00"),  # 0 -> 9: is back
        ("S05", "E", "2024-02-01", "2024-05-01", "2024-04-30", "5.00"),
        ("S05", "E", "2024-05-01", "", "", "0.00"),  # 5 -> 0: pays no more
        ("S06", "F", "2024-01-05", "2024-03-10", "2024-03-09", "30.00"),
        ("S06", "F", "2024-03-10", "", "", "40.00"),  # 10 more, and on the same day
        ("S07", "F", "2024-01-05", "2024-03-10", "2024-03-09", "25.00"),
        ("S07", "F", "2024-03-10", "", "", "12.00"),  # 13 less: 55 -> 52
        ("S08", "G", "2024-01-20", "2024-03-20", "2024-03-19", "0.00"),  # a free trial
        ("S08", "G", "2024-03-20", "", "", "15.50"),
        ("S09", "H", "2024-01-31", "2024-04-10", "2024-04-09", "11.00"),
        ("S10", "H", "2024-04-20", "", "", "13.00"),  # back within the month
        ("S11", "I", "2024-05-03", "2024-05-24", "2024-05-23", "6.00"),  # came and went
        ("S12", "J", "2024-08-01", "", "", "99.00"),  # has not started
        ("S13", "K", "2024-06-01", "2024-12-31", "2024-12-30", "8.00"),  # has not ended
        ("S14", "L", "2024-03-31", "2024-07-05", "2024-07-04", "4.00"),
        ("S15", "M", "2024-02-10", "2024-06-15", "2024-06-14", "21.00"),
        ("S15", "M", "2024-04-15", "2024-05-15", "2024-05-14", "18.00"),  # cuts the row above
        ("S16", "N", "2024-02-30", "", "", "5.00"),  # no such day
    ],
)
ANOTHER_POLICY: Settings = {
    "subscription_grace_days": 7,
    "reporting_currency": "EUR",
    "cancel_reasons": {"gone": ["left us", "moved-away"], "it's the money": ["too dear"]},
    "involuntary_cancel_reasons": ["it's the money"],
    "status_bases": ["subscriptions", "orders_calendar"],
    "segment_dimensions": ["country"],
    "gross_margin_rate": 0.5,
}
LOG_COLUMNS: dict[str, str | None] = {
    "started_on": "start_date",
    "ended_on": "end_date",
    "plan": None,
    "cancel_requested_on": None,
    "cancel_reason": None,
}


def log_settings(files: str, **others: Any) -> Settings:
    """The settings that read the log from files."""
    return {
        "raw_files": files,
        "raw_tables": ["subscriptions"],
        "raw_columns": {"subscriptions": LOG_COLUMNS},
        "as_of_date": "2024-07-10",
        **others,
    }


def write_log(folder: Path, **others: Any) -> Settings:
    """Write the log as CSV and return the settings that read it."""
    write_csv(folder / "subscriptions.csv", LOG)
    return log_settings(str(folder / "{name}.csv"), **others)


def periods(database: Path, *columns: str) -> list[tuple]:
    """Columns of the accepted periods, by subscription and start."""
    return query(
        database,
        f"select {', '.join(columns)} from marts.subscription_periods"
        " order by subscription_id, started_on",
    )


def mrr(database: Path, grain: str, dimension: str = "all", value: str = "all") -> list[tuple]:
    """opening, new, reactivation, expansion, contraction, churn, transferred, closing, as numbers."""
    return [
        tuple(map(float, row))
        for row in query(
            database,
            f"""
            select opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churn_mrr,
                transferred_mrr, closing_mrr
            from marts.mrr_by_period
            where period_grain = '{grain}' and segment_dimension = '{dimension}'
                and segment_value = '{value}'
            order by period_start
            """,
        )
    ]


def filled_marts(database: Path) -> set[str]:
    """The marts that have rows."""
    names = query(
        database, "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    assert {name for (name,) in names} == MARTS | OTHER_MARTS
    return {
        name for name in MARTS if query(database, f"select count(*) from marts.{name}") != [(0,)]
    }


# 1. The log, worked out by hand


@pytest.fixture(scope="module")
def log_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log and nothing else, built with every data test."""
    folder = tmp_path_factory.mktemp("log")
    built(dbt(*BUILD, database=folder / "built.duckdb", settings=write_log(folder)))
    return folder / "built.duckdb"


def test_months_and_quarters_of_the_log(log_database: Path) -> None:
    # Closing: A B D F H; A B C E F H M; A E F G H L M; A D E F G H L M; A D F G H L;
    # A D F G H K L; A D F G H K
    assert by_month(log_database, "subscriptions") == [
        (0, 5, 0, 0, 5),
        (5, 3, 0, 1, 7),
        (7, 2, 0, 2, 7),
        (7, 0, 1, 0, 8),
        (8, 0, 0, 2, 6),
        (6, 1, 0, 0, 7),
        (7, 0, 0, 1, 6),
    ]
    found = query(
        log_database,
        """
        select period_grain, period_start, period_status, opening_customers, new_customers,
            reactivated_customers, churned_customers, transient_customers, interrupted_customers,
            acquired_customers, closing_customers, start_events, churn_events
        from marts.retention_by_period
        where period_grain <> 'week' and segment_dimension = 'all' order by all
        """,
    )
    assert [(grain, str(start), *rest) for grain, start, *rest in found] == [
        ("month", "2024-01-01", "complete", 0, 5, 0, 0, 0, 0, 5, 5, 5, 0),
        ("month", "2024-02-01", "complete", 5, 3, 0, 1, 0, 0, 3, 7, 3, 1),
        ("month", "2024-03-01", "complete", 7, 2, 0, 2, 0, 0, 2, 7, 2, 2),
        ("month", "2024-04-01", "complete", 7, 0, 1, 0, 0, 1, 0, 8, 2, 1),
        ("month", "2024-05-01", "complete", 8, 0, 0, 2, 1, 0, 1, 6, 1, 3),
        ("month", "2024-06-01", "complete", 6, 1, 0, 0, 0, 0, 1, 7, 1, 0),
        ("month", "2024-07-01", "partial", 7, 0, 0, 1, 0, 0, 0, 6, 0, 1),
        ("quarter", "2024-01-01", "complete", 0, 7, 0, 0, 3, 0, 10, 7, 10, 3),
        ("quarter", "2024-04-01", "complete", 7, 1, 1, 2, 1, 1, 2, 7, 4, 4),
        ("quarter", "2024-07-01", "partial", 7, 0, 0, 1, 0, 0, 0, 6, 0, 1),
        # D and H came, went and came: from nothing to active is new. B C E I L M came and went.
        ("year", "2024-01-01", "partial", 0, 6, 0, 0, 6, 0, 12, 6, 14, 8),
    ]


def test_movements_of_every_customer_of_the_log(log_database: Path) -> None:
    found = query(
        log_database,
        """
        select customer_id, strftime(period_start, '%m'), movement, strftime(first_event_on, '%m-%d'),
            strftime(last_event_on, '%m-%d')
        from marts.customer_movements where period_grain = 'month' order by 1, 2
        """,
    )
    assert found == [
        ("A", "01", "new", "01-01", "01-01"),
        ("B", "01", "new", "01-15", "01-15"),
        ("B", "03", "churned", "03-01", "03-01"),  # not in February, whose last day is paid
        ("C", "02", "new", "02-29", "02-29"),
        ("C", "03", "churned", "03-29", "03-29"),
        ("D", "01", "new", "01-10", "01-10"),
        ("D", "02", "churned", "02-10", "02-10"),
        ("D", "04", "reactivated", "04-05", "04-05"),
        ("E", "02", "new", "02-01", "02-01"),
        ("E", "05", "churned", "05-01", "05-01"),
        ("F", "01", "new", "01-05", "01-05"),
        ("G", "03", "new", "03-20", "03-20"),
        ("H", "01", "new", "01-31", "01-31"),
        ("H", "04", "interrupted", "04-10", "04-20"),
        ("I", "05", "transient", "05-03", "05-24"),
        ("K", "06", "new", "06-01", "06-01"),
        ("L", "03", "new", "03-31", "03-31"),
        ("L", "07", "churned", "07-05", "07-05"),
        ("M", "02", "new", "02-10", "02-10"),
        ("M", "05", "churned", "05-15", "05-15"),
    ]


def test_mrr_of_the_months_and_quarters_of_the_log(log_database: Path) -> None:
    assert mrr(log_database, "month") == [
        # A 10 + B 20 + D 9 + F 55 + H 11
        (0, 105, 0, 0, 0, 0, 0, 105),
        # C 7 + E 5 + M 21; D 9
        (105, 33, 0, 0, 0, 9, 0, 129),
        # G 15.50 + L 4; F 55 -> 52; B 20 + C 7
        (129, 19.5, 0, 0, 3, 27, 0, 118.5),
        # D 9; H 11 -> 13; M 21 -> 18
        (118.5, 0, 9, 2, 3, 0, 0, 126.5),
        # E 5 + M 18. I paid 6, and neither at the opening nor at the close.
        (126.5, 0, 0, 0, 0, 23, 0, 103.5),
        (103.5, 8, 0, 0, 0, 0, 0, 111.5),
        (111.5, 0, 0, 0, 0, 4, 0, 107.5),
    ]
    assert mrr(log_database, "quarter") == [
        # A 10 + E 5 + F 52 + G 15.50 + H 11 + L 4 + M 21
        (0, 118.5, 0, 0, 0, 0, 0, 118.5),
        # K 8; D 9; H 11 -> 13; E 5 + M 21, what M paid at the opening
        (118.5, 8, 9, 2, 0, 26, 0, 111.5),
        (111.5, 0, 0, 0, 0, 4, 0, 107.5),
    ]
    # A 10 + D 9 + F 52 + G 15.50 + H 13 + K 8
    assert mrr(log_database, "year") == [(0, 107.5, 0, 0, 0, 0, 0, 107.5)]
    # Without plans there is one, and it is the total.
    assert mrr(log_database, "month", "plan", "(unknown)") == mrr(log_database, "month")


def test_rates_of_mrr_of_the_log(log_database: Path) -> None:
    found = query(
        log_database,
        """
        select grr, nrr, mrr_churn_rate, net_mrr_churn_rate, quick_ratio, arpa,
            subscription_lifetime_value
        from marts.mrr_by_period
        where segment_dimension = 'all' and period_grain in ('month', 'quarter')
        order by period_grain, period_start
        """,
    )
    rates = [tuple(None if rate is None else float(rate) for rate in row) for row in found]
    # Nobody has named a margin, so there is no lifetime value.
    assert rates == [
        (None, None, None, None, None, 21, None),
        # 96 / 105; 33 / 9; 129 / 7
        (0.914286, 0.914286, 0.085714, 0.085714, 3.666667, 18.428571, None),
        # 99 / 129; 19.5 / 30; 118.5 / 7
        (0.767442, 0.767442, 0.232558, 0.232558, 0.65, 16.928571, None),
        # 115.5 / 118.5; 117.5 / 118.5; 11 / 3; 126.5 / 8
        (0.974684, 0.991561, 0.025316, 0.008439, 3.666667, 15.8125, None),
        # 103.5 / 126.5; 0 / 23; 103.5 / 6
        (0.818182, 0.818182, 0.181818, 0.181818, 0, 17.25, None),
        (1, 1, 0, 0, None, 15.928571, None),
        (None,) * 7,
        # 118.5 / 7
        (None, None, None, None, None, 16.928571, None),
        # 92.5 / 118.5; 94.5 / 118.5; 19 / 26; 111.5 / 7
        (0.780591, 0.797468, 0.219409, 0.202532, 0.730769, 15.928571, None),
        (None,) * 7,
    ]


def test_movements_of_mrr_of_the_log(log_database: Path) -> None:
    found = query(
        log_database,
        """
        select customer_id, strftime(period_start, '%m'), movement, opening_mrr, closing_mrr, mrr_change
        from marts.mrr_movements where period_grain = 'month' order by 1, 2
        """,
    )
    assert [(*row[:3], *map(float, row[3:])) for row in found] == [
        ("A", "01", "new", 0, 10, 10),
        ("B", "01", "new", 0, 20, 20),
        ("B", "03", "churn", 20, 0, -20),
        ("C", "02", "new", 0, 7, 7),
        ("C", "03", "churn", 7, 0, -7),
        ("D", "01", "new", 0, 9, 9),
        ("D", "02", "churn", 9, 0, -9),
        ("D", "04", "reactivation", 0, 9, 9),
        ("E", "02", "new", 0, 5, 5),
        ("E", "05", "churn", 5, 0, -5),
        ("F", "01", "new", 0, 55, 55),
        ("F", "03", "contraction", 55, 52, -3),
        ("G", "03", "new", 0, 15.5, 15.5),
        ("H", "01", "new", 0, 11, 11),
        ("H", "04", "expansion", 11, 13, 2),
        ("K", "06", "new", 0, 8, 8),
        ("L", "03", "new", 0, 4, 4),
        ("L", "07", "churn", 4, 0, -4),
        ("M", "02", "new", 0, 21, 21),
        ("M", "04", "contraction", 21, 18, -3),
        ("M", "05", "churn", 18, 0, -18),
    ]


def test_churned_customers_of_the_log(log_database: Path) -> None:
    def churned(grain: str) -> list[tuple]:
        found = query(
            log_database,
            f"""
            select customer_id, strftime(churned_on, '%m-%d'), strftime(spell_started_on, '%m-%d'),
                tenure_days, tenure_band, last_mrr, recurring_revenue_to_date, churn_type, is_first_spell
            from marts.churned_customers where period_grain = '{grain}' order by churned_on
            """,
        )
        assert all(row[7:] == ("expired", True) for row in found)
        return [(*row[:5], *map(float, row[5:7])) for row in found]

    d = ("D", "02-10", "01-10", 31, "under_3_months", 9, 9.17)  # 9 * 31 * 12 / 365.25
    b = ("B", "03-01", "01-15", 46, "under_3_months", 20, 30.23)
    c = ("C", "03-29", "02-29", 29, "under_3_months", 7, 6.67)  # a whole month: 29 to 29
    h = ("H", "04-10", "01-31", 70, "under_3_months", 11, 25.30)
    e = ("E", "05-01", "02-01", 90, "under_12_months", 5, 14.78)  # three whole months
    m = ("M", "05-15", "02-10", 95, "under_12_months", 18, 62.59)  # 21 * 65 + 18 * 30 days
    i = ("I", "05-24", "05-03", 21, "first_month", 6, 4.14)
    x = ("L", "07-05", "03-31", 96, "under_12_months", 4, 12.62)
    assert churned("month") == [d, b, c, e, m, x]
    assert churned("quarter") == [e, m, x]
    assert churned("year") == []
    assert churned("week") == [d, b, c, h, e, m, i, x]


def test_customers_of_the_log(log_database: Path) -> None:
    found = query(
        log_database,
        """
        select customer_id, status_subscriptions, current_mrr, active_until_subscriptions_on
        from marts.customers order by 1
        """,
    )
    assert [(*row[:2], float(row[2]), row[3] and str(row[3])) for row in found] == [
        ("A", "active", 10, None),
        ("B", "churned", 0, "2024-03-01"),
        ("C", "churned", 0, "2024-03-29"),
        ("D", "active", 9, None),
        ("E", "churned", 0, "2024-05-01"),
        ("F", "active", 52, None),
        ("G", "active", 15.5, None),
        ("H", "active", 13, None),
        ("I", "churned", 0, "2024-05-24"),
        ("J", "never", 0, None),
        ("K", "active", 8, "2024-12-31"),
        ("L", "churned", 0, "2024-07-05"),
        ("M", "churned", 0, "2024-05-15"),
    ]
    assert rejected(log_database) == [("subscriptions", "S16", "unparsable_date")]


def test_metrics_of_the_log(log_database: Path) -> None:
    """What ChartMogul and the others would show of it is in the metric values too."""
    found = query(
        log_database,
        """
        select distinct basis, metric, value from marts.metric_values
        where period_grain = 'quarter' and period_start = date '2024-04-01' and segment_dimension = 'all'
            and metric in ('nrr', 'grr', 'customer_churn_rate')
        order by metric
        """,
    )
    assert [(basis, metric, float(value)) for basis, metric, value in found] == [
        ("subscriptions", "customer_churn_rate", 0.285714),  # 2 / 7
        ("subscriptions", "grr", 0.780591),
        ("subscriptions", "nrr", 0.797468),
    ]


# 2. Which tables exist


def test_subscriptions_only_fill_the_marts_of_subscriptions(log_database: Path) -> None:
    assert filled_marts(log_database) == {
        "acquisition_cost_by_period",
        "business_by_period", "business_cells", "churned_customers", "cohort_retention", "customer_movements", "customers", "customers_at_risk",
        "customer_lifetime_value", "lifetime_value_by_segment", "metric_definitions",
        "metric_values", "mrr_by_period", "mrr_cohorts", "mrr_movements", "mrr_plan_changes",
        "plan_movements_by_period",
        "onboarding_by_month", "policy_settings", "prediction_check", "rejected_rows",
        "retention_by_period", "risk_weights", "subscription_periods",
    }  # fmt: skip
    bases = query(
        log_database,
        """
        select distinct basis from marts.retention_by_period
        union all select distinct basis from marts.customer_movements
        union all select distinct basis from marts.cohort_retention
        union all select distinct basis from marts.onboarding_by_month
        union all select distinct basis from marts.churned_customers
        """,
    )
    assert bases == [("subscriptions",)] * 5
    found = query(
        log_database,
        """
        select distinct status_orders_window, status_orders_calendar, lifetime_orders,
            lifetime_net_revenue, first_order_on
        from marts.customers
        """,
    )
    assert found == [(None, None, 0, Decimal("0.00"), None)]


def test_cohorts_of_subscriptions_only(log_database: Path) -> None:
    """January's cohort is A B D F H; D is away in February and March, B from March on; July is not over."""
    found = query(
        log_database,
        """
        select months_since, cohort_size, active_customers from marts.cohort_retention
        where cohort_month = date '2024-01-01' and segment_dimension = 'all' order by 1
        """,
    )
    assert found == [(0, 5, 5), (1, 5, 4), (2, 5, 3), (3, 5, 4), (4, 5, 4), (5, 5, 4), (6, 5, None)]


def test_subscriptions_only_do_not_count_orders_nobody_knows(log_database: Path) -> None:
    """A share of 0 who ordered again would be a lie: there is no table of orders."""
    found = query(
        log_database,
        "select distinct ordering_again_customers, onboarding_repeat_rate"
        " from marts.onboarding_by_month",
    )
    assert found == [(None, None)]
    found = query(
        log_database,
        "select distinct ordering_customers, ordering_rate, net_revenue from marts.cohort_retention",
    )
    assert found == [(None, None, None)]


def unit_tests(database: Path, settings: Settings, half: int) -> None:
    """Runs every second unit test. All run under the settings of the demo; here each runs under one of two others."""
    manifest = manifest_of(settings, database)
    names = sorted(test.name for test in manifest.unit_tests.values())[half::2]
    run = dbt("test", "--select", *names, database=database, settings=settings)
    built(run)
    assert {name for name, status in run.statuses().items() if status == "pass"} == {*names}
    assert len(names) > 100


def test_unit_tests_pass_with_subscriptions_only(log_database: Path) -> None:
    unit_tests(log_database, write_log(log_database.parent), 0)


@pytest.mark.parametrize("command", ["show", "predict"])
def test_commands_say_a_sentence_for_subscriptions_only(
    log_database: Path, tmp_path: Path, command: str
) -> None:
    shutil.copy(log_database, tmp_path / "built.duckdb")
    done = in_process.command(
        command, "--database", tmp_path / "built.duckdb", "--project-dir", ROOT, folder=tmp_path
    )
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    if command == "show":
        quarters = [line.split() for line in done.stdout.splitlines() if "2024-Q2" in line]
        assert quarters[0][:7] == ["subscriptions", "2024-Q2", "7", "1", "1", "2", "7"]
        assert quarters[1][-2:] == ["78.1%", "79.7%"]  # GRR, NRR
    else:
        assert "There are no customers with an order to fit on." in done.stdout
        assert "nan" not in done.stdout


@pytest.fixture(scope="module")
def orders_only(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    """The orders of the shop, without customers, refunds or subscriptions."""
    folder = tmp_path_factory.mktemp("orders_only")
    write_csv(folder / "orders.csv", ORDERS)
    settings = {
        "raw_files": str(folder / "{name}.csv"),
        "raw_tables": ["orders"],
        "max_rejected_share": 0.2,
    }
    built(dbt(*BUILD, database=folder / "built.duckdb", settings=settings))
    return folder / "built.duckdb", settings


def test_orders_only_leave_the_marts_of_subscriptions_empty(
    orders_only: tuple[Path, Settings],
) -> None:
    database, _ = orders_only
    assert MARTS - filled_marts(database) == {
        "cancellations_pending",
        "mrr_by_period",
        "mrr_cohorts",
        "mrr_movements",
        "mrr_plan_changes",
        "plan_movements_by_period",
        "subscription_periods",
    }
    # 099, whom no table of customers lacks, orders in February alone.
    assert by_month(database, "orders_calendar") == [
        (0, 4, 0, 0, 4),
        (4, 3, 0, 2, 5),
        (5, 1, 1, 3, 4),
        (4, 1, 0, 2, 3),
    ]
    assert query(database, "select distinct basis from marts.retention_by_period order by 1") == [
        ("orders_calendar",),
        ("orders_window",),
    ]
    assert query(
        database,
        "select distinct status_subscriptions, current_mrr, active_until_subscriptions_on"
        " from marts.customers",
    ) in ([(None, Decimal("0.00"), None)], [(None, None, None)])
    found = query(
        database,
        """
        select customer_id, churned_on, churn_type, tenure_days, orders_to_date, net_revenue_to_date,
            last_order_on, plan, last_mrr, recurring_revenue_to_date
        from marts.churned_customers where basis = 'orders_window' and period_grain = 'month'
        """,
    )
    # 10 January + 90 days
    assert found == [
        ("002", date(2024, 4, 9), "lapsed", 90, 1, Decimal("99.90"), date(2024, 1, 10), None, None, None)
    ]  # fmt: skip


def test_unit_tests_pass_with_orders_only_and_another_policy(
    orders_only: tuple[Path, Settings],
) -> None:
    database, settings = orders_only
    columns = {"raw_columns": {"orders": {"status": None, "updated_at": None}}}
    other = settings | ANOTHER_POLICY | OTHER_POLICY | OTHER_CALENDAR | columns
    unit_tests(database, other, 1)


PLANS: Table = (
    (
        "subscription_id", "customer_id", "plan", "started_on", "ended_on", "monthly_amount",
        "currency", "cancel_requested_on", "cancel_reason", "updated_at",
    ),
    [
        ("P1", "001", "Basic", "2024-01-01", "", "10", "", "2024-04-20", "Moved_Away", ""),
        ("P2", "002", "pro", "2024-02-01", "2024-03-31", "30", "", "", "TOO-DEAR", ""),
        # Seven days of grace: paid again on the day they are over.
        ("P3", "003", "basic", "2024-01-15", "2024-02-01", "10", "", "", "", ""),
        ("P3", "003", "basic", "2024-02-08", "2024-06-01", "10", "", "2024-04-30", "", ""),
        ("P4", "004", "basic", "2024-03-01", "2024-04-01", "10", "eur", "", "", ""),
        ("P4", "004", "pro", "2024-04-01", "", "25", "EUR", "", "", ""),
        ("P5", "005", "pro", "2024-01-01", "2024-02-15", "30", "", "", "", ""),
        ("P6", "099", "pro", "2024-01-01", "", "30", "", "", "", ""),
        ("P7", "006", "pro", "2024-01-01", "", "-1", "", "", "", ""),
        ("P8", "007", "pro", "2024-02-01", "2024-02-01", "30", "", "", "", ""),
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def all_tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    """Customers, orders and subscriptions with a policy of its own, as of the last day of the orders."""
    folder = tmp_path_factory.mktemp("all_tables")
    for name, table in {"customers": CUSTOMERS, "orders": ORDERS, "subscriptions": PLANS}.items():
        write_csv(folder / f"{name}.csv", table)
    settings = {
        "raw_files": str(folder / "{name}.csv"),
        "raw_tables": ["customers", "orders", "subscriptions"],
        "max_rejected_share": 0.3,
        "as_of_date": "2024-04-30",
        **ANOTHER_POLICY,
    }
    built(dbt(*BUILD, database=folder / "built.duckdb", settings=settings))
    return folder / "built.duckdb", settings


def test_customers_orders_and_subscriptions_together(all_tables: tuple[Path, Settings]) -> None:
    database, _ = all_tables
    assert filled_marts(database) == MARTS
    assert by_month(database, "subscriptions") == [
        (0, 3, 0, 0, 3),
        (3, 1, 0, 1, 3),
        (3, 1, 0, 0, 4),
        (4, 0, 0, 1, 3),
    ]
    assert by_month(database, "orders_calendar") == SHOP_BY_MONTH["orders_calendar"]
    assert by_month(database, "orders_window") == []
    assert by_month(database, "subscriptions", "country", "FR") == [
        (0, 1, 0, 0, 1),  # 005
        (1, 0, 0, 1, 0),
        (0, 1, 0, 0, 1),  # 004
        (1, 0, 0, 0, 1),
    ]
    assert rejected(database)[-3:] == [
        ("subscriptions", "P6", "unknown_customer"),
        ("subscriptions", "P7", "negative_amount"),
        ("subscriptions", "P8", "covers_no_day"),
    ]


def test_plans_of_all_tables(all_tables: tuple[Path, Settings]) -> None:
    database, _ = all_tables
    assert mrr(database, "month")[1:] == [
        (50, 30, 0, 0, 0, 30, 0, 50),
        (50, 10, 0, 0, 0, 0, 0, 60),
        (60, 0, 0, 15, 0, 30, 0, 45),
    ]
    # 004 goes from basic 10 to pro 25: the gain of 15 is pro's, and so are the 10 that basic loses.
    assert mrr(database, "month", "plan", "basic")[3:] == [(30, 0, 0, 0, 0, 0, -10, 20)]
    assert mrr(database, "month", "plan", "pro")[3:] == [(30, 0, 0, 15, 0, 30, 10, 25)]


def test_why_they_left_of_all_tables(all_tables: tuple[Path, Settings]) -> None:
    database, _ = all_tables
    found = query(
        database,
        """
        select customer_id, plan, churn_type, cancel_reason, strftime(churned_on, '%m-%d'), tenure_days,
            orders_to_date, net_revenue_to_date, recurring_revenue_to_date, last_mrr
        from marts.churned_customers
        where basis = 'subscriptions' and period_grain = 'month' order by 1
        """,
    )
    assert [(*row[:7], *map(float, row[7:])) for row in found] == [
        # 31 March + 7 days; 30 * 59 paid days * 12 / 365.25
        ("002", "pro", "involuntary", "it's the money", "04-07", 66, 1, 99.9, 58.15, 30),
        # 15 February + 7 days; her first order came after that; 30 * 45 * 12 / 365.25
        ("005", "pro", "expired", None, "02-22", 52, 0, 0, 44.35, 30),
    ]
    pending = query(
        database,
        "select subscription_id, cancel_reason, mrr, ends_on, days_left"
        " from marts.cancellations_pending order by 1",
    )
    assert pending == [
        ("P1", "gone", Decimal("10.00"), None, None),
        ("P3", None, Decimal("10.00"), date(2024, 6, 1), 32),
    ]


def test_the_default_tables_of_own_data_need_no_subscriptions(tmp_path: Path) -> None:
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_THE_MRR, database=database, settings=write_shop(tmp_path)))
    for basis, months in SHOP_BY_MONTH.items():
        assert by_month(database, basis) == months
    assert by_month(database, "subscriptions") == []
    assert query(database, "select count(*) from marts.mrr_by_period") == [(0,)]


# 3. The same log in other forms


def assert_is_the_log(database: Path, log_database: Path) -> None:
    """Assert that what was read is what stands in the log."""
    columns = (
        "subscription_id", "customer_id", "plan", "currency", "exchange_rate", "mrr", "is_paid",
        "started_on", "ended_on", "active_until_on",
    )  # fmt: skip
    assert periods(database, *columns) == periods(log_database, *columns)
    assert len(periods(database, "1")) == 22


def test_an_export_with_inclusive_ends(log_database: Path, tmp_path: Path) -> None:
    settings = write_log(tmp_path)
    columns = LOG_COLUMNS | {"ended_on": "cast(last_day as date) + 1"}
    settings["raw_columns"] = {"subscriptions": columns}
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_THE_MRR, database=database, settings=settings))
    assert_is_the_log(database, log_database)
    for mart in ("mrr_by_period", "retention_by_period", "churned_customers", "rejected_rows"):
        everything = f"select * exclude (policy_version) from marts.{mart} order by all"
        assert query(database, everything) == query(log_database, everything)


def test_typed_parquet_with_a_currency_of_another_name(log_database: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "log.csv", (LOG[0], LOG[1][:-1]))  # no Parquet file holds 30 February
    write_parquet(
        tmp_path / "subscriptions.parquet",
        f"""
        select subscription_id, customer_id, cast(start_date as date) as start_date,
            cast(end_date as date) as end_date, cast(monthly_amount as decimal(9, 2)) as monthly_amount,
            'gbp' as ccy, timestamp '2024-07-01 10:00:00' as updated_at
        from read_csv('{tmp_path / "log.csv"}', all_varchar = true)
        -- An older version of S01, which costs more and would stand without updated_at.
        union all
        select 'S01', 'A', date '2024-01-01', null, 777.00, 'gbp', timestamp '2024-06-30 10:00:00'
        """,
    )
    settings = log_settings(
        str(tmp_path / "{name}.parquet"),
        raw_columns={"subscriptions": {**LOG_COLUMNS, "currency": "ccy"}},
    )
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_THE_PERIODS, database=database, settings=settings))
    assert_is_the_log(database, log_database)
    assert rejected(database) == [("subscriptions", "S01", "superseded_by_newer_row")]


@pytest.mark.parametrize("currency", ["present", "null"])
def test_tables_in_a_schema(log_database: Path, tmp_path: Path, currency: str) -> None:
    database = tmp_path / "tables.duckdb"
    settings = {
        "raw_schema": "landing",
        "raw_tables": ["subscriptions"],
        "raw_columns": {"subscriptions": dict(LOG_COLUMNS)},
        "as_of_date": "2024-07-10",
    }
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema landing")
        write_table(connection, "landing.log", LOG)
        # 'XYZ' would have no rate, if it were read.
        text = {"present": "gbp ", "null": "XYZ"}
        connection.execute(
            f"""
            create table landing.subscriptions as
            select subscription_id, customer_id, try_cast(start_date as date) as start_date,
                try_cast(end_date as date) as end_date,
                cast(monthly_amount as double) as monthly_amount, '{text[currency]}' as currency
            from landing.log
            """
        )
    if currency == "null":
        settings["raw_columns"]["subscriptions"]["currency"] = None
    built(dbt(*TO_THE_PERIODS, database=database, settings=settings))
    assert_is_the_log(database, log_database)
    assert rejected(database) == [("subscriptions", "S16", "missing_date")]


def test_the_newest_row_of_a_period_stands(tmp_path: Path) -> None:
    rows = [
        ("S1", "A", "2024-01-01", "", "10", "2024-01-01"),
        ("S1", "A", "2024-01-01", "2024-02-01", "11", "2024-02-03"),  # the newest
        ("S1", "A", "2024-01-01", "2024-03-01", "99", ""),  # of no known age
        ("S2", "B", "2024-01-01", "2024-02-01", "10", ""),
        ("S2", "B", "2024-01-01", "2024-03-01", "5", "2024-01-02"),
        ("S3", "C", "2024-01-01 08:00:00", "2024-03-01", "5", ""),
        ("S3", "C", "2024-01-01 10:00:00", "", "4", ""),  # the latest on that day
        ("S3", "C", "2024-01-01 09:00:00", "", "3", ""),
    ]
    write_csv(tmp_path / "subscriptions.csv", ((*LOG[0][:4], LOG[0][5], "updated_at"), rows))
    database = tmp_path / "built.duckdb"
    settings = log_settings(str(tmp_path / "{name}.csv"), max_rejected_share=0.8)
    built(dbt(*TO_THE_PERIODS, database=database, settings=settings))
    assert periods(database, "subscription_id", "mrr", "ended_on") == [
        ("S1", Decimal("11.00"), date(2024, 2, 1)),
        ("S2", Decimal("5.00"), date(2024, 3, 1)),
        ("S3", Decimal("4.00"), None),
    ]
    assert rejected(database) == [
        ("subscriptions", id, "superseded_by_newer_row") for id in ("S1", "S1", "S2", "S3", "S3")
    ]


# 4. Currencies

RATES: Table = (
    ("currency", "valid_from", "rate"),
    [
        ("USD", "2024-01-01", "0.80"),
        (" usd", "2024-02-01", "0.75"),
        ("USD", "2024-03-01", "0.60"),
        ("EUR", "2024-01-10", "0.85"),
        ("EUR", "2024-01-10", "0.850"),  # the same again
        ("CHF", "2024-01-01", "0"),
        ("", "2024-01-01", "1"),
        ("CHF", "soon", "1"),
        ("CHF", "2024-01-01", "about 1"),
    ],
)
MONEY_ORDERS: Table = (
    ("order_id", "customer_id", "ordered_at", "status", "amount", "currency", "updated_at"),
    [
        ("1", "a", "2024-01-31 23:59:59", "completed", "100.00", "USD", ""),
        ("2", "a", "2024-02-01 00:00:00", "completed", "100.00", "usd", ""),
        ("3", "b", "2024-01-10 10:00:00", "completed", "10.10", "EUR", ""),  # 8.585
        ("4", "b", "2024-01-09 10:00:00", "completed", "10.00", "EUR", ""),  # no rate yet
        ("5", "b", "2024-01-09 10:00:00", "completed", "10.00", "", ""),
        ("6", "c", "2024-04-30 10:00:00", "completed", "99.99", "GBP", ""),
        ("7", "d", "2024-02-11 10:00:00", "completed", "50.00", "CHF", ""),  # no rate ever
    ],
)
MONEY_REFUNDS: Table = (
    ("refund_id", "order_id", "refunded_at", "amount"),
    [
        ("R1", "1", "2024-02-15", "50.00"),  # 0.80, not the 0.75 of its own day
        ("R2", "2", "2024-03-15", "33.33"),  # 24.9975
        ("R3", "3", "2024-03-15", "10.10"),  # all of it
        ("R4", "4", "2024-03-15", "10.00"),
    ],
)
MONEY_SUBSCRIPTIONS: Table = (
    ("subscription_id", "customer_id", "started_on", "ended_on", "monthly_amount", "currency"),
    [
        ("S1", "u", "2024-02-01", "2024-03-01", "10.00", "USD"),  # 0.75
        ("S1", "u", "2024-03-01", "2024-04-01", "10.00", "USD"),  # 0.75 still, and no contraction
        ("S1", "u", "2024-04-01", "", "12.30", "usd"),  # 9.225
        ("S2", "v", "2024-03-05", "", "10.00", "USD"),  # 0.60
        ("S3", "w", "2024-01-09", "", "10.00", "EUR"),  # no rate yet
        ("S3", "w", "2024-02-09", "", "10.00", "EUR"),  # and so none at the first start
        ("S4", "x", "2024-01-01", "2024-02-01", "5.00", ""),
        ("S4", "x", "2024-02-01", "2024-03-15", "5.00", "GBP"),
        ("S4", "x", "2024-03-15", "", "10.00", "USD"),  # the first start in dollars: 0.60
    ],
)
NO_PLANS: dict[str, str | None] = {"plan": None, "cancel_requested_on": None, "cancel_reason": None}


def write_money(folder: Path, *tables: str, **others: Any) -> Settings:
    """Write orders, refunds, subscriptions and rates, and return the settings that read them."""
    every = {
        "orders": MONEY_ORDERS,
        "refunds": MONEY_REFUNDS,
        "subscriptions": MONEY_SUBSCRIPTIONS,
        "exchange_rates": RATES,
    }
    for name in tables or every:
        write_csv(folder / f"{name}.csv", every[name])
    return {
        "raw_files": str(folder / "{name}.csv"),
        "raw_tables": list(tables or every),
        "raw_columns": {"subscriptions": NO_PLANS},
        "max_rejected_share": 0.7,
        **others,
    }


@pytest.fixture(scope="module")
def money_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders, refunds and subscriptions in several currencies, to all marts of money."""
    folder = tmp_path_factory.mktemp("money")
    settings = write_money(folder)
    built(dbt(*TO_ALL_MONEY, "+mrr_by_period", "+mrr_movements", database=folder / "built.duckdb", settings=settings))  # fmt: skip
    return folder / "built.duckdb"


def test_orders_have_the_rate_of_their_day_and_refunds_that_of_their_order(
    money_database: Path,
) -> None:
    found = orders(
        money_database, "order_id", "currency", "original_amount", "exchange_rate", "gross_amount",
        "refunded_amount", "net_amount",
    )  # fmt: skip
    assert [(*row[:2], *map(float, row[2:])) for row in found] == [
        ("1", "USD", 100, 0.8, 80, 40, 40),
        ("2", "USD", 100, 0.75, 75, 25, 50),
        ("3", "EUR", 10.1, 0.85, 8.59, 8.59, 0),
        ("5", "GBP", 10, 1, 10, 0, 10),
        ("6", "GBP", 99.99, 1, 99.99, 0, 99.99),
    ]
    found = query(
        money_database,
        "select customer_id, lifetime_orders, lifetime_net_revenue from marts.customers"
        " where customer_id < 'e' order by 1",
    )
    # d has nothing but an order in francs, and the francs are not counted as pounds.
    assert [(*row[:2], float(row[2])) for row in found] == [
        ("a", 2, 90),
        ("b", 2, 10),
        ("c", 1, 99.99),
    ]
    assert query(
        money_database,
        "select sum(gross_amount), sum(refunded_amount), sum(net_amount) from marts.orders",
    ) == [(Decimal("273.58"), Decimal("73.59"), Decimal("199.99"))]


def test_what_has_no_rate_is_rejected(money_database: Path) -> None:
    assert rejected(money_database) == [
        ("exchange_rates", "CHF", "rate_not_positive"),
        ("exchange_rates", "CHF", "unparsable_date"),
        ("exchange_rates", "CHF", "unparsable_rate"),
        ("exchange_rates", "EUR", "duplicate_rate"),
        ("exchange_rates", None, "missing_currency"),
        ("orders", "4", "no_exchange_rate"),
        ("orders", "7", "no_exchange_rate"),
        ("refunds", "R4", "unknown_order"),
        ("subscriptions", "S3", "no_exchange_rate"),
        ("subscriptions", "S3", "no_exchange_rate"),
    ]


def test_a_subscription_keeps_the_rate_of_its_first_start(money_database: Path) -> None:
    found = periods(
        money_database, "subscription_id", "currency", "monthly_amount", "exchange_rate", "mrr"
    )
    assert [(*row[:2], *map(float, row[2:])) for row in found] == [
        ("S1", "USD", 10, 0.75, 7.5),
        ("S1", "USD", 10, 0.75, 7.5),
        ("S1", "USD", 12.3, 0.75, 9.23),  # half away from zero
        ("S2", "USD", 10, 0.6, 6),
        ("S4", "GBP", 5, 1, 5),
        ("S4", "GBP", 5, 1, 5),
        ("S4", "USD", 10, 0.6, 6),
    ]
    moved = query(
        money_database,
        """
        select customer_id, strftime(period_start, '%m'), movement, mrr_change
        from marts.mrr_movements where period_grain = 'month' order by 1, 2
        """,
    )
    assert [(*row[:3], float(row[3])) for row in moved] == [
        ("u", "02", "new", 7.5),
        ("u", "04", "expansion", 1.73),
        ("v", "03", "new", 6),
        ("x", "01", "new", 5),
        ("x", "03", "expansion", 1),
    ]
    assert mrr(money_database, "month") == [
        (0, 5, 0, 0, 0, 0, 0, 5),
        (5, 7.5, 0, 0, 0, 0, 0, 12.5),
        (12.5, 6, 0, 1, 0, 0, 0, 19.5),
        (19.5, 0, 0, 1.73, 0, 0, 0, 21.23),
    ]


def test_without_a_table_of_rates_other_currencies_are_rejected(tmp_path: Path) -> None:
    settings = write_money(tmp_path, "orders", "subscriptions", max_rejected_share=0.8)
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_ALL_MONEY, database=database, settings=settings))
    assert orders(database, "order_id", "gross_amount") == [
        ("5", Decimal("10.00")),
        ("6", Decimal("99.99")),
    ]
    assert periods(database, "subscription_id", "mrr", "ended_on") == [
        ("S4", Decimal("5.00"), date(2024, 2, 1)),
        ("S4", Decimal("5.00"), date(2024, 3, 15)),
    ]
    assert {reason for _, _, reason in rejected(database)} == {"no_exchange_rate"}
    assert len(rejected(database)) == 12
    assert query(database, "select customer_id from marts.customers order by 1") == [
        ("b",),
        ("c",),
        ("x",),
    ]


def test_another_reporting_currency(tmp_path: Path) -> None:
    settings = write_money(
        tmp_path, "orders", "subscriptions", "exchange_rates", reporting_currency="USD"
    )
    rates = [("GBP", "2024-01-01", "1.25"), ("EUR", "2024-01-01", "1.111")]
    write_csv(tmp_path / "exchange_rates.csv", (RATES[0], rates))
    database = tmp_path / "built.duckdb"
    built(dbt(*TO_ALL_MONEY, database=database, settings=settings))
    found = orders(database, "order_id", "currency", "gross_amount")
    assert [(*row[:2], float(row[2])) for row in found] == [
        ("1", "USD", 100),
        ("2", "USD", 100),
        ("3", "EUR", 11.22),  # 11.2211
        ("4", "EUR", 11.11),
        ("5", "USD", 10),  # it names no currency
        ("6", "GBP", 124.99),  # 124.9875
    ]
    found = periods(database, "subscription_id", "currency", "mrr")
    assert [(*row[:2], float(row[2])) for row in found] == [
        ("S1", "USD", 10),
        ("S1", "USD", 10),
        ("S1", "USD", 12.3),
        ("S2", "USD", 10),
        ("S3", "EUR", 11.11),
        ("S3", "EUR", 11.11),
        ("S4", "USD", 5),
        ("S4", "GBP", 6.25),
        ("S4", "USD", 10),
    ]


@pytest.fixture(scope="module")
def money_lines_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Order lines in currencies, with refunds."""
    folder = tmp_path_factory.mktemp("money_lines")
    settings = write_money(folder, "orders", "refunds", "exchange_rates", raw_line_level=["orders"])
    rates = [
        ("USD", "2024-01-01", "0.5"),
        ("EUR", "2024-01-01", "0.8"),
        ("SEK", "2024-01-01", "0.08"),
        ("SEK", "2024-01-06", "0.09"),
    ]
    lines = [
        ("A", "a", "2024-01-02 10:00", "completed", "10.00", "USD"),
        ("A", "a", "2024-01-02 10:00", "completed", "-2.00", "usd"),
        ("B", "a", "2024-01-03 10:00", "completed", "10.00", "USD"),
        ("B", "a", "2024-01-03 10:00", "completed", "10.00", "EUR"),  # which of the two?
        ("C", "a", "2024-01-04 10:00", "completed", "10.00", "GBP"),
        ("C", "a", "2024-01-04 10:00", "completed", "5.00", ""),
        ("D", "a", "2024-01-05 10:00", "completed", "0.33", "USD"),  # 0.165 each, 0.495 in all
        ("D", "a", "2024-01-05 10:00", "completed", "0.33", "USD"),
        ("D", "a", "2024-01-05 10:00", "completed", "0.33", "USD"),
        ("E", "a", "2024-01-05 23:59", "completed", "100.00", "SEK"),
        ("E", "a", "2024-01-06 00:01", "completed", "100.00", "SEK"),
        ("F", "a", "2024-01-07 10:00", "completed", "1.00", "JPY"),
        ("F", "a", "2024-01-07 10:00", "completed", "1.00", "GBP"),
    ]
    refunds = [
        ("RA", "A", "2024-02-01", "8.00"),
        ("RD", "D", "2024-02-01", "0.99"),
        ("RE", "E", "2024-02-01", "200.00"),
    ]
    write_csv(folder / "orders.csv", (MONEY_ORDERS[0][:6], lines))
    write_csv(folder / "refunds.csv", (MONEY_REFUNDS[0], refunds))
    write_csv(folder / "exchange_rates.csv", (RATES[0], rates))
    settings |= {"raw_columns": {"orders": {"updated_at": None}}, "as_of_date": "2024-02-29"}
    database = folder / "built.duckdb"
    built(dbt("run", "--select", "+orders", "+rejected_rows", database=database, settings=settings))
    return database


def test_lines_in_one_currency_are_summed_and_conflicting_ones_rejected(
    money_lines_database: Path,
) -> None:
    found = orders(money_lines_database, "order_id", "currency", "original_amount", "gross_amount")
    assert [(*row[:2], *map(float, row[2:])) for row in found if row[0] in "ABC"] == [
        ("A", "USD", 8, 4),
        ("C", "GBP", 15, 15),
    ]
    assert [row for row in rejected(money_lines_database) if row[1] == "B"] == [
        ("orders", "B", "conflicting_lines"),
        ("orders", "B", "conflicting_lines"),
    ]


@pytest.mark.parametrize("order_id", ["A", "D", "E"])
def test_an_order_of_lines_that_is_refunded_in_full_leaves_nothing(
    money_lines_database: Path, order_id: str
) -> None:
    """D: three lines of 0.165 are 0.495 and not 0.51. E: its lines have the rates of two days."""
    found = orders(money_lines_database, "order_id", "gross_amount - refunded_amount")
    assert dict(found)[order_id] == 0


def test_an_order_of_which_a_line_has_no_rate_is_not_counted_in_part(
    money_lines_database: Path,
) -> None:
    """Yen and pounds: two currencies, as in B, whether or not there is a rate for yen."""
    assert "F" not in dict(orders(money_lines_database, "order_id", "gross_amount"))


# 5. Faults: one sentence, and the last good build stays as it was


@pytest.fixture
def rebuild(log_database: Path, tmp_path: Path) -> Callable[..., DbtRun]:
    """Builds bad data over the log, and asserts that it stops and leaves the marts alone."""
    database = tmp_path / "built.duckdb"
    shutil.copy(log_database, database)
    kept = (
        "customers", "mrr_by_period", "mrr_movements", "retention_by_period", "churned_customers",
        "subscription_periods", "rejected_rows",
    )  # fmt: skip

    def contents() -> list[list[tuple]]:
        return [query(database, f"select * from marts.{mart} order by all") for mart in kept]

    def build(settings: Settings) -> DbtRun:
        before = contents()
        assert all(before), "the good build has no rows to lose"
        # Over other data: the place is another, and that alone would be refused first.
        run = dbt(*BUILD, database=database, settings=settings | {"replace_data": True})
        assert not run.ok, "the build went through"
        assert contents() == before
        return run

    return build


def test_neither_orders_nor_subscriptions(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    says(
        rebuild(write_log(tmp_path, raw_tables=["customers", "exchange_rates"])),
        'The policy var `raw_tables` is ["customers", "exchange_rates"]; it must be ',
        "with `orders` or `subscriptions` in it",
        "Set it under",
    )


def test_refunds_without_orders(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    says(
        rebuild(write_log(tmp_path, raw_tables=["subscriptions", "refunds"])),
        'The policy var `raw_tables` is ["subscriptions", "refunds"]; it must be ',
        "`orders`",
        "`refunds`",
        "Set it under",
    )


def test_subscriptions_only_without_as_of_date(
    rebuild: Callable[..., DbtRun], tmp_path: Path
) -> None:
    says(
        rebuild(write_log(tmp_path, as_of_date=None)),
        "The policy var `as_of_date` is null; it must be a date like 2025-01-31",
        "because raw_tables has no orders to take it from",
        "Set it under",
    )


def test_as_of_date_before_the_first_subscription(
    rebuild: Callable[..., DbtRun], tmp_path: Path
) -> None:
    says(
        rebuild(write_log(tmp_path, as_of_date="2023-12-31")),
        "The first accepted subscription starts on 2024-01-01, after as_of_date 2023-12-31",
        "set the var as_of_date to a later day",
    )


def test_no_subscription_that_can_be_accepted(
    rebuild: Callable[..., DbtRun], tmp_path: Path
) -> None:
    settings = write_log(tmp_path, max_rejected_share=1)
    rows = [(*row[:2], "some day", *row[3:]) for row in LOG[1]]
    write_csv(tmp_path / "subscriptions.csv", (LOG[0], rows))
    says(
        rebuild(settings),
        "No subscription with an amount above 0 was accepted, so there is nothing to count.",
        "raw_tables",
    )


def test_bases_without_data(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    says(
        rebuild(write_log(tmp_path, status_bases=["orders_window", "orders_calendar"])),
        'The policy var `status_bases` is ["orders_window", "orders_calendar"]; it must be ',
        "raw_tables",
        "subscriptions",
        "Set it under",
    )


def test_a_missing_column(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_log(tmp_path)
    columns = {name: sql for name, sql in LOG_COLUMNS.items() if name != "started_on"}
    settings["raw_columns"] = {"subscriptions": columns}
    says(
        rebuild(settings),
        "There is no column `started_on` in the file",
        f"'{tmp_path / 'subscriptions.csv'}' for the raw subscriptions",
        "It has: subscription_id, customer_id, start_date, end_date",
        "raw_columns: {subscriptions: {started_on: <SQL expression>}}",
    )


def test_a_missing_column_that_may_be_null(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_log(tmp_path)
    columns = {name: sql for name, sql in LOG_COLUMNS.items() if name != "plan"}
    settings["raw_columns"] = {"subscriptions": columns}
    says(
        rebuild(settings),
        "There is no column `plan` in the file",
        "raw_columns: {subscriptions: {plan: <SQL expression, or null if you have none>}}",
    )


def test_a_currency_mapped_to_a_column_that_is_not_there(
    rebuild: Callable[..., DbtRun], tmp_path: Path
) -> None:
    settings = write_log(tmp_path)
    settings["raw_columns"] = {"subscriptions": {**LOG_COLUMNS, "currency": "ccy"}}
    says(
        rebuild(settings),
        "There is no column `ccy` in the file",
        "subscriptions.csv",
        "raw_columns: {subscriptions: {currency: <SQL expression, or null if you have none>}}",
    )


def test_a_missing_file_of_subscriptions(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_log(tmp_path)
    (tmp_path / "subscriptions.csv").rename(tmp_path / "subs.csv")
    says(
        rebuild(settings),
        f"There is no file '{tmp_path / 'subscriptions.csv'}' for the raw subscriptions",
        str(tmp_path / "subs.csv"),
        "raw_files",
    )


def test_a_missing_file_of_rates(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    says(
        rebuild(write_log(tmp_path, raw_tables=["subscriptions", "exchange_rates"])),
        f"There is no file '{tmp_path / 'exchange_rates.csv'}' for the raw exchange_rates",
        "leave `exchange_rates` out of raw_tables",
    )


def test_more_rejected_rows_than_tolerated(rebuild: Callable[..., DbtRun], tmp_path: Path) -> None:
    settings = write_log(tmp_path, raw_tables=["subscriptions", "exchange_rates"])
    settings["raw_columns"] = {"subscriptions": {**LOG_COLUMNS, "currency": "last_day"}}
    rows = [
        *((*row[:4], "", row[5]) for row in LOG[1]),
        ("T1", "A", "2024-01-01", "2023-12-31", "", "1"),
        ("T2", "A", "2024-01-01", "2024-01-01", "", "1"),
        ("T3", "A", "2024-01-01", "", "", "-1"),
        ("T4", "A", "2024-01-01", "", "USD", "1"),
    ]
    write_csv(tmp_path / "subscriptions.csv", (LOG[0], rows))
    write_csv(tmp_path / "exchange_rates.csv", (RATES[0], [("EUR", "2024-01-01", "0.80")]))
    says(
        rebuild(settings),
        "Of 27 raw rows of subscriptions, 5 are rejected, more than the share of 0.1",
        "covers_no_day 1",
        "ends_before_start 1",
        "negative_amount 1",
        "no_exchange_rate 1",
        "unparsable_date 1",
        "max_rejected_share",
    )


def test_two_rates_for_one_day_and_one_that_cannot_be_read(
    rebuild: Callable[..., DbtRun], tmp_path: Path
) -> None:
    settings = write_log(tmp_path, raw_tables=["subscriptions", "exchange_rates"])
    rates = [
        ("EUR", "2024-01-01", "0.85"),
        ("USD", "2024-01-01", "0.80"),
        ("usd", "2024-01-01", "0.81"),
        ("CHF", "2024-01-01", "0,95"),
    ]
    write_csv(tmp_path / "exchange_rates.csv", (RATES[0], rates))
    run = rebuild(settings)
    says(
        run,
        "two exchange rates for USD from 2024-01-01",
        "0.80",
        "0.81",
        "Leave one of them in the raw exchange_rates",
    )
    says(
        run,
        "Of 4 raw rows of exchange_rates, 1 are rejected, more than the share of 0.1",
        "unparsable_rate 1",
        "max_rejected_share",
    )


GRACE = "a whole number from 0 to 366"
CODE = "a currency code of three capital letters like GBP"
REASONS = "a mapping like {price: [too expensive]}"
WRONG_SETTINGS = [
    ("subscription_grace_days", "subscription_grace_days", -1, "-1", GRACE),
    ("subscription_grace_days", "subscription_grace_days", "7", "'7'", GRACE),
    ("subscription_grace_days", "subscription_grace_days", None, "null", "a value (it is empty)"),
    ("reporting_currency", "reporting_currency", "gbp", "'gbp'", CODE),
    ("reporting_currency", "reporting_currency", "GBP\n", "'GBP", CODE),
    ("reporting_currency", "reporting_currency", None, "null", "a value (it is empty)"),
    ("cancel_reasons", "cancel_reasons", ["price"], '["price"]', REASONS),
    ("cancel_reasons", "cancel_reasons", {}, "{}", REASONS),
    ("cancel_reasons", "cancel_reasons.price", {"price": "dear"}, "'dear'", "a list of texts"),
    ("cancel_reasons", "cancel_reasons.price", {"price": None}, "null", "a list of texts"),
    (
        "cancel_reasons",
        "cancel_reasons.money",
        {"price": ["too dear"], "money": ["Too-Dear"], "payment_failed": []},
        "'Too-Dear'",
        "a list of texts that no other reason has",
    ),
    (
        "cancel_reasons",
        "cancel_reasons.money",
        {"payment_failed": [], "money": ["payment failed"]},
        "'payment failed'",
        "a list of texts that no other reason has",
    ),
    ("cancel_reasons", "cancel_reasons", {404: ["gone"], "payment_failed": []}, "404", "text"),
    (
        "involuntary_cancel_reasons",
        "involuntary_cancel_reasons",
        ["dunning"],
        "'dunning'",
        "a list of reasons that `cancel_reasons` has: price, missing_features",
    ),
    # Own reasons, and the default of the other var names one that is gone.
    ("cancel_reasons", "involuntary_cancel_reasons", {"gone": []}, "'payment_failed'", "has: gone"),
    ("raw_line_level", "raw_line_level", ["subscriptions"], "'subscriptions'", "among: orders"),
    (
        "raw_columns",
        "raw_columns.subscriptions",
        {"subscriptions": {"start": "x"}},
        "'start'",
        "keys are among: subscription_id, customer_id, plan, started_on",
    ),
    (
        "raw_columns",
        "raw_columns.exchange_rates.rate",
        {"exchange_rates": {"rate": None}},
        "null",
        "an SQL expression",
    ),
]


@pytest.mark.parametrize(
    ("name", "named", "value", "shown", "allowed"),
    WRONG_SETTINGS,
    ids=[f"{name}={value}" for name, _, value, _, _ in WRONG_SETTINGS],
)
def test_a_wrong_setting(
    tmp_path: Path, name: str, named: str, value: Any, shown: str, allowed: str
) -> None:
    said = refusal({name: value}, tmp_path)
    for part in (f"The policy var `{named}` is {shown}", "; it must be ", allowed, "Set it under"):
        assert part in said
