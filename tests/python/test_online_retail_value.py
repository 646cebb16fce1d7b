"""Published cohorts and repeat purchases of the UCI Online Retail export."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from dbt_project import ONLINE_RETAIL, ROOT, dbt, query

from retention_ledger.prediction import predict

pytestmark = pytest.mark.skipif(
    not ONLINE_RETAIL.exists(), reason="the Online Retail export is not here"
)

#: Customers of the cohort of December 2010 who ordered in each month up to November 2011.
INVOICES = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445]
WITH_CANCELLATIONS = [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474]


def build(folder: Path, vars_file: str, *marts: str) -> Path:
    """Marts of the export under one of the example's vars files."""
    settings = yaml.safe_load((ROOT / "examples" / "online_retail" / vars_file).read_text())
    settings["raw_files"] = str(ONLINE_RETAIL)
    database = folder / "built.duckdb"
    run = dbt("run", "--select", *marts, database=database, settings=settings)
    assert run.ok, run.text
    return database


@pytest.fixture(scope="module")
def invoices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only invoices: customer known, not cancelled, quantity and price above 0."""
    return build(
        tmp_path_factory.mktemp("invoices"), "vars.yml",
        "+cohort_retention", "+repeat_purchase_by_period", "+customer_lifetime_value", "+int_risk_state", "policy_settings",
        "+config.materialized:kept",
    )  # fmt: skip


def first_cohort(database: Path) -> list[int | None]:
    """Ordering customers of the cohort of December 2010, month by month."""
    rows = query(
        database,
        """
        select ordering_customers from marts.cohort_retention
        where basis = 'orders_calendar' and segment_dimension = 'all' and cohort_month = date '2010-12-01'
        order by months_since
        """,
    )
    return [count for (count,) in rows]


def test_classic_cohorts(invoices: Path) -> None:
    """December 2011 ends on the 9th in the data: its cell is unobserved, not 0."""
    assert first_cohort(invoices) == [*INVOICES, None]


def test_classic_cohorts_with_cancellations(tmp_path: Path) -> None:
    database = build(tmp_path, "vars_with_cancellations.yml", "+cohort_retention")
    assert first_cohort(database) == [*WITH_CANCELLATIONS, None]


def test_repeat_customers_orders_and_revenue(invoices: Path) -> None:
    [(customers, repeaters)] = query(
        invoices,
        """
        select customers_to_date, repeat_customers_to_date from marts.repeat_purchase_by_period
        where period_grain = 'year' and segment_dimension = 'all' and period_start = date '2011-01-01'
        """,
    )
    assert (customers, round(100 * repeaters / customers, 4)) == (4338, 65.5832)
    [(orders, revenue)] = query(
        invoices,
        "select sum(lifetime_orders) / count(*), sum(lifetime_net_revenue) / count(*) from marts.customer_lifetime_value",
    )
    assert round(orders, 6) == 4.272015
    assert round(Decimal(revenue), 5) == Decimal("2054.26646")


def test_the_last_month_is_partial_and_has_no_rate(invoices: Path) -> None:
    assert query(
        invoices,
        """
        select period_status, repeat_purchase_rate from marts.repeat_purchase_by_period
        where period_grain = 'month' and period_start = date '2011-12-01'
        """,
    ) == [("partial", None)]


def test_the_prediction_fits_and_the_check_says_why_there_is_none(invoices: Path) -> None:
    """The first half year shows hardly anybody leaving: BG/NBD is not determined by it."""
    summary = predict(invoices)
    assert "r = " in summary and "p = " in summary
    [(ends_on, customers, message)] = query(
        invoices,
        "select calibration_ends_on, customers, message from intermediate.lifetime_holdout",
    )
    assert ends_on == date(2011, 6, 12)
    assert message.startswith("No check on the last 180 days: ")
    assert query(
        invoices,
        "select count(distinct customer_id) from marts.orders where ordered_on <= date '2011-06-12'",
    ) == [(customers,)]
