"""Fits the lifetime models on a build and writes what they predict beside it.

Reads the summary tables int_lifetime_rows, int_lifetime_spend and int_lifetime_holdout, and fills the
tables lifetime_parameters, lifetime_scores, lifetime_spend_scores, lifetime_holdout and
lifetime_calibration, whose columns dbt's contracts promise; risk_tables does the same for the risk of leaving. The
parameters carry the as-of date, the policy version and a fingerprint of the data; the marts use them only where these
are their own.
"""

import json
import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from retention_ledger.database import Build, Connected, Place, find_build, opened
from retention_ledger.errors import Stop
from retention_ledger.prediction import risk_tables
from retention_ledger.prediction.lifetime_value import (
    PurchaseModel,
    SpendModel,
    discounted_purchases,
    fit_purchase_model,
    fit_spend_model,
    holdout_error,
    naive_purchases,
)
from retention_ledger.prediction.tables import (
    Columns,
    finite,
    read_columns,
    write_row,
    write_rows,
    write_scores,
)

#: Where the bands of `lifetime_calibration` begin.
REPEAT_PURCHASE_BANDS = (0, 1, 2, 3, 5, 10)
SILENT_DAY_BANDS = (0, 31, 91, 181, 366, 731)

#: Purchases are discounted in steps of this many days.
DISCOUNT_STEP_DAYS = 30


READ = (
    "policy_settings", "int_prediction_state",
    "int_lifetime_rows", "int_lifetime_spend", "int_lifetime_holdout",
)  # fmt: skip
WRITTEN = (
    "lifetime_parameters", "lifetime_scores", "lifetime_spend_scores", "lifetime_holdout",
    "lifetime_calibration",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """What the marts were built from, and the settings of their policy that the prediction needs."""

    as_of_date: object
    policy_version: str
    fingerprint: str
    discount_rate: float
    horizon_days: int
    holdout_days: int


def read_state(connection: Connected, build: Build) -> State:
    """The state of the build; Stop where it is half a build, or one of two policies."""
    build.require(connection, (*READ, *WRITTEN, *risk_tables.READ, *risk_tables.WRITTEN))
    [(as_of_date, policy_version, fingerprint)] = connection.execute(
        f"select as_of_date, policy_version, fingerprint from {build.table('int_prediction_state')}"
    ).fetchall()
    rows = connection.execute(
        f"select setting, value, policy_version from {build.table('policy_settings')}"
    ).fetchall()
    settings = {setting: value for setting, value, _ in rows}
    versions = sorted({policy_version, *(version for *_, version in rows)})
    if len(versions) > 1:
        raise Stop(
            f"A part of the tables in {build.database} was built with other settings (policies {' and '.join(versions)}): "
            "run `retention-ledger build` again."
        )
    return State(
        as_of_date,
        policy_version,
        fingerprint,
        discount_rate=float(json.loads(settings["discount_rate"])),
        horizon_days=int(json.loads(settings["prediction_horizon_days"])),
        holdout_days=int(json.loads(settings["holdout_days"])),
    )


def fit(rows: Columns, spend: Columns) -> tuple[PurchaseModel, SpendModel]:
    """Both models fitted on the whole data, given as distinct histories and amounts."""
    history = rows["frequency"], rows["purchase_span_days"], rows["age_days"]
    spending = fit_spend_model(
        spend["frequency"], spend["repeat_net_revenue"] / spend["frequency"], spend["customers"]
    )
    return fit_purchases(*history, rows["customers"]), spending


def fit_purchases(*history_and_weights: np.ndarray) -> PurchaseModel:
    """MBG/NBD; BG/NBD where the data do not determine that and do determine this."""
    model = fit_purchase_model(*history_and_weights, leaves_at_first=True)
    if not model.converged:
        other = fit_purchase_model(*history_and_weights)
        model = other if other.converged else model
    return model


def score(model: PurchaseModel, rows: Columns, state: State) -> Columns:
    """What the model expects of every distinct history."""
    history = rows["frequency"], rows["purchase_span_days"], rows["age_days"]
    return {
        "frequency": history[0].astype(np.int64),
        "purchase_span_days": history[1].astype(np.int64),
        "age_days": history[2].astype(np.int64),
        "probability_alive": model.probability_alive(*history),
        "expected_purchases_365": model.expected_purchases(365, *history),
        "discounted_purchases": discounted_purchases(
            model,
            *history,
            horizon=state.horizon_days,
            discount_rate_per_year=state.discount_rate,
            units_per_year=365.25,
            step=DISCOUNT_STEP_DAYS,
        ),
    }


def score_spend(model: SpendModel, spend: Columns) -> Columns:
    """What the model expects a purchase to be worth, for every amount that occurs and for none."""
    frequency = np.append(0.0, spend["frequency"])
    revenue = np.append(0.0, spend["repeat_net_revenue"])
    return {
        "frequency": frequency.astype(np.int64),
        "repeat_net_revenue": revenue,
        "expected_order_value": model.expected_average_value(
            frequency, revenue / np.maximum(frequency, 1)
        ),
    }


def check(
    connection: Connected, rows: Columns, state: State
) -> tuple[dict[str, object], Columns | None]:
    """Fits on the data before the holdout and compares what it predicts with what happened.

    In total, against BG/NBD and the naive forecast; and by history, None where there is no check.
    """
    known = rows["frequency"], rows["purchase_span_days"], rows["age_days"]
    customers, happened = rows["customers"], rows["holdout_purchases"]
    [(ends_on,)] = connection.execute(
        "select cast(? as date) - cast(? as integer)", [state.as_of_date, state.holdout_days]
    ).fetchall()
    result: dict[str, object] = {
        "calibration_ends_on": ends_on,
        "holdout_days": state.holdout_days,
        "customers": int(customers.sum()),
    }
    model = fit_purchases(*known, customers)
    if not model.converged:
        why = f"No check on the last {state.holdout_days} days: {model.message}"
        return {**result, "message": why}, None
    predicted = model.expected_purchases(state.holdout_days, *known)
    naive = naive_purchases(known[0], known[2], state.holdout_days)
    error = holdout_error(happened, predicted, naive, customers)
    result |= {
        "actual_purchases": error.actual_total,
        "predicted_purchases": error.predicted_total,
        "naive_purchases": error.naive_total,
        "predicted_absolute_error": error.predicted_mean_absolute_error,
        "naive_absolute_error": error.naive_mean_absolute_error,
        "message": None,
    }
    other = fit_purchase_model(*known, customers) if model.leaves_at_first else model
    if other.converged:
        forecast = other.expected_purchases(state.holdout_days, *known)
        error = holdout_error(happened, forecast, naive, customers)
        result |= {
            "bg_nbd_purchases": error.predicted_total,
            "bg_nbd_absolute_error": error.predicted_mean_absolute_error,
        }
    return result, calibration(rows, predicted, model.probability_alive(*known))


def calibration(rows: Columns, predicted: np.ndarray, alive: np.ndarray) -> Columns:
    """Predicted against happened, by repeat purchases and by days since the last purchase.

    ``alive`` is the probability of each history; beside it stands how many bought in the holdout.
    """
    silent = rows["age_days"] - rows["purchase_span_days"]
    parts = []
    for name, values, starts in (
        ("repeat_purchases", rows["frequency"], REPEAT_PURCHASE_BANDS),
        ("days_since_last_purchase", silent, SILENT_DAY_BANDS),
    ):
        band = np.searchsorted(starts, values, side="right") - 1
        for number, start in enumerate(starts):
            weight = rows["customers"] * (band == number)
            if weight.sum():
                parts.append(
                    {
                        "history": name,
                        "band_from": start,
                        "band_to": starts[number + 1] - 1 if number + 1 < len(starts) else None,
                        "customers": int(weight.sum()),
                        "actual_purchases": float(weight @ rows["holdout_purchases"]),
                        "predicted_purchases": float(weight @ predicted),
                        "expected_alive": float(weight @ alive),
                        "customers_who_purchased": int(weight @ (rows["holdout_purchases"] > 0)),
                    }
                )
    return {name: [part[name] for part in parts] for name in parts[0]}


# Small matrices: threads of the linear algebra would wait for each other, on a busy machine for minutes, and add up in
# another order from run to run.
@threadpool_limits.wrap(limits=1)
def predict(database: Place, schema: str | None = None) -> str:
    """Fits, scores and checks; writes all of it in one transaction; returns a summary as text."""
    started = time.perf_counter()
    with opened(database, read_only=False) as connection:
        build = find_build(connection, database, schema)
        state = read_state(connection, build)
        rows, spend, held_out = (
            read_columns(connection, build.table(f"int_lifetime_{name}"))
            for name in ("rows", "spend", "holdout")
        )
        stamp = {
            "as_of_date": state.as_of_date,
            "policy_version": state.policy_version,
            "fingerprint": state.fingerprint,
        }
        purchases, spending = fit(rows, spend)
        holdout, by_history = check(connection, held_out, state)
        risk = risk_tables.fitted(connection, build, fit_purchases)
        connection.begin()
        write_row(
            connection,
            build.table("lifetime_parameters"),
            {
                **stamp,
                "purchase_model": purchases.name,
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
        write_scores(
            connection,
            build.table("lifetime_scores"),
            score(purchases, rows, state) if purchases.converged else None,
        )
        write_scores(
            connection,
            build.table("lifetime_spend_scores"),
            score_spend(spending, spend) if spending.converged else None,
        )
        write_row(connection, build.table("lifetime_holdout"), {**stamp, **holdout})
        write_rows(connection, build.table("lifetime_calibration"), by_history)
        risk.write(connection, build)
        connection.commit()
    seconds = time.perf_counter() - started
    customers = int(rows["customers"].sum())
    return "\n".join([summary(purchases, spending, holdout, customers, seconds), risk.summary()])


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
            f"  purchases ({purchases.name})    r = {purchases.r:.3f}, alpha = {purchases.alpha:.3f} days, "
            f"a = {purchases.a:.3f}, b = {purchases.b:.3f}"
        )
    else:
        lines.append(f"  purchases ({purchases.name})    {purchases.message}")
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
