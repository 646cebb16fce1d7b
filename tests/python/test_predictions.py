"""The prediction: fitted on a build, used only where it belongs, and silent with a reason elsewhere."""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest
from dbt_project import TABLES, dbt, predict_and_build, query, records

from retention_ledger.prediction.lifetime_value import (
    discounted_purchases,
    fit_purchase_model,
    fit_spend_model,
)

VALUES = (
    "probability_alive", "expected_purchases_next_365_days", "expected_order_value",
    "predicted_value_next_365_days", "predicted_lifetime_value",
)  # fmt: skip


def notes(database: Path) -> set[str | None]:
    """The distinct notes of customers with orders."""
    return {
        note
        for (note,) in query(
            database,
            "select distinct prediction_note from marts.customer_lifetime_value where lifetime_orders > 0",
        )
    }


@pytest.fixture(scope="module")
def unpredicted(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo whose kept tables are empty, as before the first prediction."""
    database = tmp_path_factory.mktemp("unpredicted") / "built.duckdb"
    shutil.copy(demo_database, database)
    with duckdb.connect(str(database)) as connection:
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where table_name like 'lifetime\\_%' escape '\\' and schema_name = 'intermediate'"
        ).fetchall():
            connection.execute(f"truncate intermediate.{table}")
    run = dbt("run", "--select", "config.materialized:kept+", database=database)
    assert run.ok, run.text
    return database


@pytest.fixture(scope="module")
def predicted(unpredicted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo with predictions."""
    database = tmp_path_factory.mktemp("predicted") / "built.duckdb"
    shutil.copy(unpredicted, database)
    summary = predict_and_build(database)
    assert "MBG/NBD" in summary and "check on the last 180 days" in summary
    return database


def test_before_the_first_prediction_the_note_says_what_to_do(unpredicted: Path) -> None:
    assert notes(unpredicted) == {"There are no predictions yet: run `retention-ledger predict`."}
    for name in VALUES:
        assert query(
            unpredicted,
            f"select count(*) from marts.customer_lifetime_value where {name} is not null",
        ) == [(0,)]
    [check] = records(unpredicted, "select * from marts.prediction_check")
    assert check["note"] and check["predicted_purchases"] is None


def test_every_customer_with_an_order_is_predicted_as_the_models_say(predicted: Path) -> None:
    """The marts' joins and formulas against the models applied to each customer."""
    assert notes(predicted) == {None}
    rows = records(
        predicted,
        """
        select value.*, histories.repeat_net_revenue
        from marts.customer_lifetime_value as value
        inner join intermediate.int_lifetime_customers as histories using (customer_id)
        order by customer_id
        """,
    )
    x, recency, age, repeat_revenue = (
        np.array([float(row[name]) for row in rows])
        for name in ("repeat_purchase_days", "purchase_span_days", "age_days", "repeat_net_revenue")
    )
    mean = np.where(x > 0, repeat_revenue / np.maximum(x, 1), 0)
    purchases = fit_purchase_model(x, recency, age, leaves_at_first=True)
    spend = fit_spend_model(x, mean)
    value = spend.expected_average_value(x, mean)
    expected = {
        "probability_alive": purchases.probability_alive(x, recency, age),
        "expected_purchases_next_365_days": purchases.expected_purchases(365, x, recency, age),
        "expected_order_value": value,
        "predicted_value_next_365_days": purchases.expected_purchases(365, x, recency, age) * value,
        "predicted_lifetime_value": value
        * discounted_purchases(
            purchases, x, recency, age,
            horizon=3650, discount_rate_per_year=0.1, units_per_year=365.25, step=30,
        ),
    }  # fmt: skip
    for name in VALUES:
        actual = np.array([float(row[name]) for row in rows])
        np.testing.assert_allclose(actual, expected[name], rtol=1e-4, atol=0.006, err_msg=name)


def test_the_check_beats_the_naive_forecast_on_the_demo(predicted: Path) -> None:
    [check] = records(predicted, "select * from marts.prediction_check")
    assert check["note"] is None
    assert check["is_better_than_naive"]
    assert abs(check["predicted_total_error"]) < abs(check["naive_total_error"])
    # Counted from the orders: purchase days after the cut of customers known before it.
    [(actual,)] = query(
        predicted,
        f"""
        select count(distinct (customer_id, ordered_on)) from marts.orders
        where is_counted and ordered_on > date '{check["calibration_ends_on"]}'
            and first_order_on <= date '{check["calibration_ends_on"]}'
        """,
    )
    assert check["actual_purchases"] == actual


def test_a_buyer_of_one_order_is_not_certain_to_return(predicted: Path) -> None:
    """The longer the silence, the less likely; in BG/NBD every one of them would be at 1."""
    rows = query(
        predicted,
        "select age_days, probability_alive from marts.customer_lifetime_value where repeat_purchase_days = 0 order by 1",
    )
    chances = [chance for _, chance in rows]
    assert len(rows) > 1000 and chances == sorted(chances, reverse=True)
    assert 0 < chances[-1] < chances[0] < 1


def test_the_bands_of_the_calibration_are_counted_from_the_orders(predicted: Path) -> None:
    [(cut, total)] = query(
        predicted, "select calibration_ends_on, actual_purchases from marts.prediction_check"
    )
    expected = {}
    for history, value, starts in (
        ("repeat_purchases", "days_before - 1", (0, 1, 2, 3, 5, 10)),
        ("days_since_last_purchase", "silent", (0, 31, 91, 181, 366, 731)),
    ):
        for start, end in zip(starts, (*(n - 1 for n in starts[1:]), None), strict=True):
            [row] = query(
                predicted,
                f"""
                with histories as (
                    select count(distinct ordered_on) filter (ordered_on <= date '{cut}') as days_before,
                        date '{cut}' - max(ordered_on) filter (ordered_on <= date '{cut}') as silent,
                        count(distinct ordered_on) filter (ordered_on > date '{cut}') as days_after
                    from marts.orders where is_counted group by customer_id
                )
                select count(*), sum(days_after), count(*) filter (days_after > 0) from histories
                where days_before > 0 and {value} between {start} and {end if end is not None else 99999}
                """,
            )
            expected[history, start, end] = row
    found = query(
        predicted,
        "select history, band_from, band_to, customers, actual_purchases, customers_who_purchased from marts.prediction_calibration",
    )
    assert {tuple(row[:3]): tuple(row[3:]) for row in found} == expected
    for history in ("repeat_purchases", "days_since_last_purchase"):
        assert sum(row[1] for key, row in expected.items() if key[0] == history) == total


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"as_of_date": "2025-11-30"}, "of other data (through 2025-12-14)"),
        ({"inactivity_days": 60}, "another policy"),
    ],
)
def test_predictions_of_other_data_or_another_policy_are_not_used(
    settings: dict, reason: str, predicted: Path, tmp_path: Path
) -> None:
    database = tmp_path / "built.duckdb"
    shutil.copy(predicted, database)
    run = dbt(
        "run", "--select", "int_as_of_date", "int_prediction_state+", database=database, settings=settings
    )  # fmt: skip
    assert run.ok, run.text
    [note] = notes(database)
    assert reason in note and "retention-ledger predict" in note
    assert query(
        database,
        "select count(probability_alive), count(predicted_lifetime_value) from marts.customer_lifetime_value",
    ) == [(0, 0)]


def test_too_little_data_gives_no_number_and_a_sentence(tmp_path: Path) -> None:
    orders = ["order_id,customer_id,ordered_at,amount"]
    for customer in range(30):
        orders += [f"{customer}-{n},{customer},2024-0{n}-1{customer % 9},10" for n in (1, 3)]
    (tmp_path / "orders.csv").write_text("\n".join(orders) + "\n")
    settings = {
        "raw_files": str(tmp_path / "{name}.csv"),
        "raw_tables": ["orders"],
        "raw_columns": {"orders": {"status": "null", "updated_at": "null"}},
    }
    database = tmp_path / "built.duckdb"
    assert dbt(*TABLES, database=database, settings=settings).ok
    assert "30" in predict_and_build(database, **settings)
    [note] = notes(database)
    assert note and "30" in note
    [check] = records(database, "select * from marts.prediction_check")
    assert check["note"].startswith("No check on the last 180 days")
    assert query(
        database,
        "select count(probability_alive), sum(lifetime_net_revenue) from marts.customer_lifetime_value",
    ) == [(0, 600)]


def test_kept_tables_are_made_anew_only_for_other_columns(predicted: Path, tmp_path: Path) -> None:
    """dbt leaves the rows that Python wrote; a table of an earlier version gives way to an empty one."""
    database = Path(shutil.copy(predicted, tmp_path / "built.duckdb"))
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table intermediate.lifetime_scores add column extra integer")
        connection.execute("alter table intermediate.lifetime_holdout alter customers type integer")
    counts = """
        select (select count(*) from intermediate.lifetime_parameters),
            (select count(*) > 0 from intermediate.lifetime_spend_scores),
            (select count(*) from intermediate.lifetime_scores),
            (select count(*) from intermediate.lifetime_holdout)
    """
    run = dbt("run", "--select", "config.materialized:kept", "--full-refresh", database=database)
    assert run.ok, run.text
    assert query(database, counts) == [(1, True, 0, 0)]
