"""Fits the lifetime models on a build and writes what they predict beside it.

`python -m retention_ledger.predict`, after `dbt build`; `make predict` then builds the marts that
read the result. Works on the DuckDB file that RETENTION_LEDGER_DB names (default
`warehouse.duckdb`): reads the summary tables int_lifetime_rows, int_lifetime_spend and
int_lifetime_holdout, writes the tables of the schema `predictions`. The parameters carry the
as-of date, the policy version and a fingerprint of the data; the marts use them only where these
are their own.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from retention_ledger.lifetime_value import (
    PurchaseModel,
    SpendModel,
    discounted_purchases,
    fit_purchase_model,
    fit_spend_model,
    holdout_error,
    naive_purchases,
)
from retention_ledger.warehouse import warehouse_path

Columns = dict[str, np.ndarray]

#: Purchases are discounted in steps of this many days.
DISCOUNT_STEP_DAYS = 30


@dataclass(frozen=True)
class Build:
    """What a build says of itself, and the settings of its policy that the prediction needs."""

    as_of_date: object
    policy_version: str
    fingerprint: str
    discount_rate: float
    horizon_days: int
    holdout_days: int


def read_build(connection: duckdb.DuckDBPyConnection) -> Build:
    """The state of the build in the database; duckdb.CatalogException where there is none."""
    [(as_of_date, policy_version, fingerprint)] = connection.execute(
        "select as_of_date, policy_version, fingerprint from intermediate.int_prediction_state"
    ).fetchall()
    settings = dict(
        connection.execute("select setting, value from marts.policy_settings").fetchall()
    )
    return Build(
        as_of_date,
        policy_version,
        fingerprint,
        discount_rate=float(json.loads(settings["discount_rate"])),
        horizon_days=int(json.loads(settings["prediction_horizon_days"])),
        holdout_days=int(json.loads(settings["holdout_days"])),
    )


def read_columns(connection: duckdb.DuckDBPyConnection, table: str) -> Columns:
    """A summary table as arrays of floats, in a fixed order of rows."""
    columns = connection.execute(f"select * from intermediate.{table} order by all").fetchnumpy()
    return {name: np.asarray(values, dtype=float) for name, values in columns.items()}


def fit(connection: duckdb.DuckDBPyConnection) -> tuple[PurchaseModel, SpendModel, Columns]:
    """Both models fitted on the whole data, and the distinct histories they were fitted on."""
    rows = read_columns(connection, "int_lifetime_rows")
    purchases = fit_purchase_model(
        rows["frequency"], rows["recency_days"], rows["age_days"], rows["customers"]
    )
    spend = read_columns(connection, "int_lifetime_spend")
    spending = fit_spend_model(
        spend["frequency"], spend["repeat_net_revenue"] / spend["frequency"], spend["customers"]
    )
    return purchases, spending, rows


def score(model: PurchaseModel, rows: Columns, build: Build) -> Columns:
    """What the model expects of every distinct history."""
    history = rows["frequency"], rows["recency_days"], rows["age_days"]
    return {
        "frequency": history[0].astype(np.int64),
        "recency_days": history[1].astype(np.int64),
        "age_days": history[2].astype(np.int64),
        "probability_alive": model.probability_alive(*history),
        "expected_purchases_365": model.expected_purchases(365, *history),
        "discounted_purchases": discounted_purchases(
            model,
            *history,
            horizon=build.horizon_days,
            discount_rate_per_year=build.discount_rate,
            units_per_year=365.25,
            step=DISCOUNT_STEP_DAYS,
        ),
    }


def check(connection: duckdb.DuckDBPyConnection, build: Build) -> dict[str, object]:
    """Fits on the data before the holdout and compares what it predicts with what happened."""
    rows = read_columns(connection, "int_lifetime_holdout")
    known = rows["frequency"], rows["recency_days"], rows["age_days"]
    [(ends_on,)] = connection.execute(
        "select cast(? as date) - cast(? as integer)", [build.as_of_date, build.holdout_days]
    ).fetchall()
    result: dict[str, object] = {
        "calibration_ends_on": ends_on,
        "holdout_days": build.holdout_days,
        "customers": int(rows["customers"].sum()),
    }
    model = fit_purchase_model(*known, rows["customers"])
    if not model.converged:
        return {
            **result,
            "message": f"No check on the last {build.holdout_days} days: {model.message}",
        }
    error = holdout_error(
        rows["holdout_purchases"],
        model.expected_purchases(build.holdout_days, *known),
        naive_purchases(known[0], known[2], build.holdout_days),
        rows["customers"],
    )
    return {
        **result,
        "actual_purchases": error.actual_total,
        "predicted_purchases": error.predicted_total,
        "naive_purchases": error.naive_total,
        "predicted_absolute_error": error.predicted_mean_absolute_error,
        "naive_absolute_error": error.naive_mean_absolute_error,
        "message": None,
    }


def write_row(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, object]) -> None:
    """Replaces the one row of a table of the schema `predictions`."""
    connection.execute(f"delete from predictions.{table}")
    names, places = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(
        f"insert into predictions.{table} ({names}) values ({places})", list(row.values())
    )


def write_scores(connection: duckdb.DuckDBPyConnection, scores: Columns | None) -> None:
    """Replaces the scores; none where the model cannot be used."""
    connection.execute("delete from predictions.lifetime_scores")
    if scores is not None:
        connection.register("new_scores", scores)
        connection.execute(
            "insert into predictions.lifetime_scores by name select * from new_scores"
        )
        connection.unregister("new_scores")


def finite(value: float) -> float | None:
    """A number as the database should hold it: no NaN."""
    return float(value) if np.isfinite(value) else None


def predict(database: Path) -> str:
    """Fits, scores and checks; writes all of it in one transaction; returns a summary as text."""
    started = time.perf_counter()
    with duckdb.connect(str(database)) as connection:
        build = read_build(connection)
        stamp = {
            "as_of_date": build.as_of_date,
            "policy_version": build.policy_version,
            "fingerprint": build.fingerprint,
        }
        purchases, spending, rows = fit(connection)
        holdout = check(connection, build)
        connection.begin()
        write_row(
            connection,
            "lifetime_parameters",
            {
                **stamp,
                **{name: finite(getattr(purchases, name)) for name in ("r", "alpha", "a", "b")},
                "purchase_log_likelihood": finite(purchases.log_likelihood),
                "purchase_converged": purchases.converged,
                "purchase_message": None if purchases.converged else purchases.message,
                **{name: finite(getattr(spending, name)) for name in ("p", "q", "v")},
                "spend_log_likelihood": finite(spending.log_likelihood),
                "spend_converged": spending.converged,
                "spend_message": None if spending.converged else spending.message,
            },
        )
        write_scores(connection, score(purchases, rows, build) if purchases.converged else None)
        write_row(connection, "lifetime_holdout", {**stamp, **holdout})
        connection.commit()
    return summary(
        purchases, spending, holdout, int(rows["customers"].sum()), time.perf_counter() - started
    )


def summary(
    purchases: PurchaseModel,
    spending: SpendModel,
    holdout: dict[str, object],
    customers: int,
    seconds: float,
) -> str:
    """What was fitted and how good it is, in a few lines."""
    lines = [f"Lifetime models of {customers:,} customers ({seconds:.1f} s):"]
    if purchases.converged:
        lines.append(
            f"  purchases (BG/NBD)     r = {purchases.r:.3f}, alpha = {purchases.alpha:.3f} days, "
            f"a = {purchases.a:.3f}, b = {purchases.b:.3f}"
        )
    else:
        lines.append(f"  purchases (BG/NBD)     {purchases.message}")
    if spending.converged:
        lines.append(
            f"  spend (Gamma-Gamma)    p = {spending.p:.3f}, q = {spending.q:.3f}, v = {spending.v:.3f}"
        )
    else:
        lines.append(f"  spend (Gamma-Gamma)    {spending.message}")
    if holdout["message"]:
        lines.append(f"  check                  {holdout['message']}")
    else:
        lines.append(
            f"  check on the last {holdout['holdout_days']} days: {holdout['actual_purchases']:,.0f} purchase days, "
            f"{holdout['predicted_purchases']:,.0f} predicted, {holdout['naive_purchases']:,.0f} at the same frequency as before"
        )
    return "\n".join(lines)


def main() -> int:
    """Runs the prediction; 1 with a sentence where there is no build to predict from."""
    database = warehouse_path()
    if not database.exists():
        print(f"There is no database {database} yet: run `dbt build` first.", file=sys.stderr)
        return 1
    try:
        print(predict(database))
    except duckdb.CatalogException as error:
        print(
            f"The database {database} has no complete build to predict from ({error}): run `dbt build` first.",
            file=sys.stderr,
        )
        return 1
    except duckdb.IOException as error:
        print(
            f"The database {database} cannot be written, because another program has it open: {error}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
