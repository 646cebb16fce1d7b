"""A real export, run by vars alone: the UCI Online Retail data, examples/online_retail.

The figures are worked out a second time here, straight from the file and without the project.
"""

import json
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt_project import ONLINE_RETAIL, ROOT, dbt, query

pytestmark = pytest.mark.skipif(
    not ONLINE_RETAIL.exists(),
    reason=f"{ONLINE_RETAIL} is not there: see examples/online_retail/README.md",
)

LINES = 541_909


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export, built with its example settings and every data test."""
    settings = yaml.safe_load((ROOT / "examples" / "online_retail" / "vars.yml").read_text("utf-8"))
    settings["raw_files"] = str(ONLINE_RETAIL)
    path = tmp_path_factory.mktemp("retail") / "built.duckdb"
    run = dbt("build", "--exclude-resource-type", "unit_test", database=path, settings=settings)
    assert run.ok, run.text
    return path


@pytest.fixture(scope="module")
def months_of() -> dict[str, set[date]]:
    """Customer -> the months with a purchase: paid lines of named customers, no cancellations."""
    rows = duckdb.sql(
        f"select InvoiceNo, CustomerID, InvoiceDate, Quantity, UnitPrice from '{ONLINE_RETAIL}'"
    ).fetchall()
    months = defaultdict(set)
    for invoice, customer, moment, quantity, price in rows:
        is_purchase = not invoice.startswith("C") and int(quantity) > 0 and float(price) > 0
        if customer is not None and is_purchase:
            months[customer].add(datetime.fromisoformat(moment).date().replace(day=1))
    return months


def by_month(database: Path, month: str) -> tuple:
    """opening, new, reactivated, churned, closing of a month, by calendar months."""
    (row,) = query(
        database,
        f"""
        select opening_customers, new_customers, reactivated_customers, churned_customers,
            closing_customers
        from marts.retention_by_period
        where basis = 'orders_calendar' and period_grain = 'month'
            and segment_dimension = 'all' and period_start = date '{month}-01'
        """,
    )
    return row


def test_orders_customers_and_revenue(database: Path) -> None:
    totals = "select count(*), count(distinct customer_id), sum(gross_amount) from marts.orders"
    assert query(database, totals) == [(18_532, 4_338, Decimal("8911407.90"))]
    customers = "select count(*), sum(lifetime_orders) from marts.customers"
    assert query(database, customers) == [(4_338, 18_532)]


def test_every_line_is_accepted_or_rejected(database: Path) -> None:
    (lines,) = query(database, "select count(*) from staging.base_orders")
    (accepted,) = query(database, "select sum(raw_rows) from marts.orders")
    (rejected,) = query(database, "select count(*) from marts.rejected_rows")
    assert lines == (LINES,)
    assert accepted == (397_884,)
    assert accepted[0] + rejected[0] == LINES


def test_lines_are_left_out_for_the_reasons_found_in_the_file(database: Path) -> None:
    in_the_file = f"""
        select
            case
                when CustomerID is null then 'unknown customer'
                when starts_with(InvoiceNo, 'C') then 'cancellation'
                when Quantity::int <= 0 then 'quantity not above 0'
                when UnitPrice::double <= 0 then 'price not above 0'
            end as reason,
            count(*) as lines
        from '{ONLINE_RETAIL}'
        group by reason
        having reason is not null
        order by lines desc
    """
    expected = duckdb.sql(in_the_file).fetchall()
    assert expected == [
        ("unknown customer", 135_080),
        ("cancellation", 8_905),
        ("price not above 0", 40),
    ]
    counted = "select reason, count(*) from marts.rejected_rows group by reason order by 2 desc"
    assert query(database, counted) == expected


def test_a_rejected_line_is_kept_as_it_came(database: Path) -> None:
    # The first cancellation in the file, and how often it stands there.
    rows = query(database, "select raw_row from marts.rejected_rows where row_key = 'C536379'")
    assert [json.loads(row) for (row,) in rows] == [
        {
            "InvoiceNo": "C536379",
            "StockCode": "D",
            "Description": "Discount",
            "Quantity": "-1",
            "InvoiceDate": "2010-12-01 09:41:00",
            "UnitPrice": "27.5",
            "CustomerID": "14527.0",
            "Country": "United Kingdom",
        }
    ]


def test_nothing_is_suspicious(database: Path) -> None:
    assert query(database, "select finding, what from marts.intake_findings") == []


def test_published_months(database: Path) -> None:
    assert by_month(database, "2011-01") == (885, 417, 0, 561, 741)
    assert by_month(database, "2011-02") == (741, 380, 116, 479, 758)


@pytest.mark.parametrize("month", ["2011-01", "2011-02", "2011-06", "2011-11"])
def test_months_recounted_from_the_file(
    database: Path, months_of: dict[str, set[date]], month: str
) -> None:
    this = date.fromisoformat(f"{month}-01")
    last = date(this.year - (this.month == 1), (this.month - 2) % 12 + 1, 1)
    opening = {customer for customer, months in months_of.items() if last in months}
    closing = {customer for customer, months in months_of.items() if this in months}
    new = {customer for customer in closing if min(months_of[customer]) == this}
    assert by_month(database, month) == (
        len(opening),
        len(new),
        len(closing - opening - new),
        len(opening - closing),
        len(closing),
    )


def test_december_2011_is_partial_and_has_no_rates(database: Path) -> None:
    december = query(
        database,
        """
        select period_status, customer_churn_rate, retention_rate, gross_churn_rate,
            net_churn_rate, event_churn_rate
        from marts.retention_by_period
        where period_grain = 'month' and period_start = date '2011-12-01'
        """,
    )
    assert december == [("partial", None, None, None, None, None)] * 2  # one per basis
    assert query(database, "select max(ordered_on) from marts.orders") == [(date(2011, 12, 9),)]


def test_a_year_of_data_has_no_season(database: Path) -> None:
    """Without full cycles of ratios there is no index, and the adjusted series says so."""
    assert query(
        database,
        "select count(*) > 0, max(complete_cycles), count(seasonal_index), count(is_seasonal)"
        " from marts.seasonality_by_month",
    ) == [(True, 0, 0, 0)]
