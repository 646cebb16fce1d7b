"""The marts for a dashboard: the wide one repeats its sources, and the cells below it add up to any slice."""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import dbt, query, refusal

HELD_BY = {
    "business_by_period": "business_by_period_repeats_its_sources",
    "business_cells": "business_cells_add_up_to_every_slice",
}
#: What makes a row; all other columns are figures.
KEYS = {
    "basis", "period_grain", "period_start", "period_end", "period_status", "is_latest_complete_period",
    "segment_dimension", "segment_value", "country", "acquisition_channel", "customer_segment", "policy_version",
}  # fmt: skip
ONBOARDING = {
    "new_last_month_customers", "kept_customers", "ordering_again_customers", "onboarding_churn_rate",
    "onboarding_repeat_rate",
}  # fmt: skip


@pytest.mark.parametrize("mart", HELD_BY)
def test_a_wrong_figure_in_any_column_is_noticed(
    mart: str, demo_database: Path, demo_manifest: Manifest, tmp_path: Path
) -> None:
    """Each column is made wrong in one row of a period of its own; the test finds these periods and no other."""
    database = tmp_path / demo_database.name
    shutil.copy(demo_database, database)
    columns = demo_manifest.nodes[f"model.retention_ledger.{mart}"].columns
    wrong: dict[str, tuple[str, date]] = {}
    with duckdb.connect(str(database)) as connection:
        for column in (name for name in columns if name not in KEYS):
            # Onboarding is by month; of the others there are more weeks than columns.
            grain = "month" if column in ONBOARDING else "week"
            periods = connection.execute(
                f"select period_grain, period_start from marts.{mart} where period_grain = '{grain}' "
                f"group by all order by count({column}) = 0, period_start desc"
            ).fetchall()
            wrong[column] = next(period for period in periods if period not in wrong.values())
            connection.execute(
                f"update marts.{mart} set {column} = coalesce({column}, 0) + 1 where rowid = (select rowid from marts.{mart} "
                f"where (period_grain, period_start) = (?, ?) order by {column} is null, rowid limit 1)",
                wrong[column],
            )
    run = dbt(
        "test", "--select", HELD_BY[mart], database=database, manifest=demo_manifest.deepcopy()
    )
    assert run.statuses()[HELD_BY[mart]] == "fail"
    [sql] = [
        each.node.compiled_code for each in run.outcome.result if each.node.name == HELD_BY[mart]
    ]
    found = query(database, f"select distinct period_grain, period_start from ({sql})")
    assert len(wrong) > 25
    assert {name: period for name, period in wrong.items() if period not in found} == {}
    assert sorted(found) == sorted(wrong.values())


def test_a_slice_by_two_attributes_is_that_of_the_orders_and_spells(demo_database: Path) -> None:
    """Germans who came by paid search, counted again from orders, refunds and the customers' status."""
    [cells] = query(
        demo_database,
        """
        select sum(orders), sum(gross_revenue), sum(first_time_purchasers), sum(second_time_purchasers)
        from marts.business_cells
        where country = 'DE' and acquisition_channel = 'paid_search' and period_grain = 'month'
            and period_start between date '2024-01-01' and date '2024-12-01'
        """,
    )
    [orders] = query(
        demo_database,
        """
        select count(*), sum(gross_amount), count(*) filter (order_number = 1), count(*) filter (order_number = 2)
        from marts.orders inner join marts.customers using (customer_id)
        where is_counted and country = 'DE' and acquisition_channel = 'paid_search' and year(ordered_on) = 2024
        """,
    )
    assert cells == orders and cells[0] > 50
    [balances] = query(
        demo_database,
        """
        select sum(closing_customers), sum(closing_mrr) from marts.business_cells
        where country = 'DE' and acquisition_channel = 'paid_search' and period_grain = 'week'
            and period_start = (select max(period_start) from marts.business_cells where period_grain = 'week')
        """,
    )
    [customers] = query(
        demo_database,
        """
        select count(*) filter (status_subscriptions = 'active'), sum(current_mrr) from marts.customers
        where country = 'DE' and acquisition_channel = 'paid_search'
        """,
    )
    assert balances == customers and balances[0] > 10


def test_cells_have_no_rows_of_nothing(demo_database: Path) -> None:
    """Only what happens and what stands has a row, so that combinations x periods is not the size."""
    nothing = (
        "opening_customers = 0 and closing_customers = 0 and opening_mrr = 0 and closing_mrr = 0"
    )
    nothing += " and start_events = 0 and churn_events = 0 and orders = 0 and refunds = 0"
    assert query(
        demo_database,
        f"select count(*) filter ({nothing}), count(*) < 26000 from marts.business_cells",
    ) == [(0, True)]


def test_the_headline_is_on_subscriptions_where_they_are_built(demo_database: Path) -> None:
    for mart in HELD_BY:
        assert query(demo_database, f"select distinct basis from marts.{mart}") == [
            ("subscriptions",)
        ]


def test_a_headline_that_is_not_built_is_said(tmp_path: Path) -> None:
    said = refusal({"headline_basis": "subscriptions", "status_bases": ["orders_window"]}, tmp_path)
    assert "`headline_basis` is 'subscriptions'; it must be one of the bases that are built" in said
    assert "orders_window" in said
