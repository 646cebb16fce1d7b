"""Published figures of CDNOW, from its raw transactions through the whole project.

The data comes with the package lifetimes: purchases of 23,570 customers who first bought in the first
quarter of 1997, through June 1998, and a 1/10 sample of 2,357 of them (Fader, Hardie and Lee 2005).
"""

import csv
import importlib.util
from pathlib import Path

import pytest
from dbt_project import BUILD, dbt, query

from retention_ledger.prediction import predict

FOUND = importlib.util.find_spec("lifetimes")
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="the package lifetimes, whose data this reads, is not installed"
)


def build(
    folder: Path,
    name: str,
    columns: dict[str, int],
    command: tuple[str, ...] = BUILD,
    **settings: object,
) -> Path:
    """Builds a transaction file of the package; `columns` says which field is what."""
    source = Path(next(iter(FOUND.submodule_search_locations))) / "datasets" / name
    with (folder / "orders.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "customer_id", "ordered_at", "amount"])
        for number, line in enumerate(source.read_text().splitlines()):
            fields = line.split()
            writer.writerow(
                [number, *(fields[columns[key]] for key in ("customer", "date", "amount"))]
            )
    database = folder / "built.duckdb"
    run = dbt(
        *command,
        database=database,
        settings={
            "raw_files": str(folder / "{name}.csv"),
            "raw_tables": ["orders"],
            "raw_columns": {"orders": {"status": "null", "updated_at": "null"}},
            "timestamp_formats": ["%Y%m%d"],
            "segment_dimensions": [],
            **settings,
        },
    )  # fmt: skip
    assert run.ok, run.text
    return database


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All customers, through June 1998."""
    return build(
        tmp_path_factory.mktemp("master"), "CDNOW_master.txt",
        {"customer": 0, "date": 1, "amount": 3},
    )  # fmt: skip


def test_nothing_is_suspicious_but_the_margin_that_is_not_set(master: Path) -> None:
    rows = query(master, "select finding, severity from marts.intake_findings")
    assert rows == [("margin_is_not_set", "note")]


def test_the_published_parameters_follow_from_the_raw_transactions(tmp_path: Path) -> None:
    """MBG/NBD on the sample, calibrated on 39 weeks; days instead of weeks, so alpha is 7 times theirs."""
    database = build(
        tmp_path, "CDNOW_sample.txt", {"customer": 0, "date": 2, "amount": 4},
        command=("run", "--select", "+customers", "+int_prediction_state", "+int_risk_state", "policy_settings", "+config.materialized:kept"), as_of_date="1997-09-30",
    )  # fmt: skip
    assert query(database, "select count(*) from marts.customers") == [(2357,)]
    predict(database)
    [(r, alpha, a, b, log_likelihood, purchases)] = query(
        database,
        """
        select r, alpha / 7, a, b, purchase_log_likelihood,
            (select sum(frequency * customers) from intermediate.int_lifetime_rows)
        from intermediate.lifetime_parameters
        """,
    )
    assert (round(r, 3), round(a, 3), round(b, 3)) == (0.525, 0.891, 1.614)
    assert round(alpha, 2) == 6.18
    # In weeks the likelihood of each purchase is 7 times as high.
    assert log_likelihood == pytest.approx(-9582.1 - float(purchases) * 1.945910, abs=0.1)


def test_all_customers_are_read(master: Path) -> None:
    assert query(
        master,
        "select count(*), count(distinct customer_id), min(ordered_on)::text, max(ordered_on)::text from marts.orders",
    ) == [(69659, 23570, "1997-01-01", "1998-06-30")]


def test_the_literal_crr_exceeds_100_percent_where_few_customers_stayed(master: Path) -> None:
    """March 1998: returning customers lift (E - N) / S to 133%, while 37% were retained."""
    rates = dict(
        query(
            master,
            """
            select metric, value from marts.metric_values
            where basis = 'orders_calendar' and period_grain = 'month' and segment_dimension = 'all'
                and period_start = date '1998-03-01' and metric in ('first_time_only_crr', 'retention_rate')
            """,
        )
    )
    assert {metric: round(float(value), 2) for metric, value in rates.items()} == {
        "first_time_only_crr": 1.33,
        "retention_rate": 0.37,
    }


def test_nobody_is_acquired_after_the_first_quarter(master: Path) -> None:
    assert query(
        master,
        """
        select sum(acquired_customers), sum(new_customers) from marts.retention_by_period
        where basis = 'orders_window' and period_grain = 'month' and period_start >= date '1997-04-01'
        """,
    ) == [(0, 0)]
