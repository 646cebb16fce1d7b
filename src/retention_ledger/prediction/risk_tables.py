"""Reads the snapshots of risk, fits and tests the weights, and writes risk_fit and risk_backtest."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retention_ledger.database import Build, Connected
from retention_ledger.prediction.lifetime_value import PurchaseModel
from retention_ledger.prediction.risk import RiskModel, Snapshots, backtest, fit_risk
from retention_ledger.prediction.tables import finite, write_rows
from retention_ledger.server import Connection

READ = ("int_risk_state", "int_risk_signals", "int_risk_histories")
WRITTEN = ("risk_fit", "risk_backtest")

#: The columns of int_risk_signals that the score looks at; macros/risk/risk_signals.sql has the same.
SIGNALS = (
    "has_asked_to_cancel", "has_failed_payment", "has_complained", "has_slow_ticket", "has_low_nps",
    "has_negative_feedback", "has_downgraded", "has_price_rise", "is_overdue", "has_fewer_orders", "has_lower_spend", "has_poor_onboarding",
)  # fmt: skip
MEASURES = (
    "tenure_days", "silent_days", "recent_purchase_days", "frequency", "age_days", "mrr",
)  # fmt: skip
HISTORY = ("frequency", "purchase_span_days", "age_days")

#: The simpler rules that the score is compared with.
RULES = {
    "silent_days": "days since the last order",
    "alive": "the probability of buying again",
    "purchases": "the purchases expected",
}

#: No more rows are fitted on; of more a sample of customers, by the hash of their ids, with all their snapshots.
MOST_ROWS = 500_000
#: No more distinct histories of purchases are fitted on; of more each so many-th.
MOST_HISTORIES = 100_000

#: Days are counted from here.
ORIGIN = "1970-01-01"


@dataclass(frozen=True)
class Risk:
    """What was fitted and tested, and on which data."""

    stamp: dict[str, object]
    model: RiskModel
    tests: list[dict[str, object]]

    def write(self, connection: Connected, build: Build) -> None:
        """Replaces the rows of both tables."""
        model = self.model
        names = ["intercept", *model.names]
        weights = [model.intercept, *model.weights]
        errors = [model.intercept_error, *model.errors]
        write_rows(
            connection,
            build.table("risk_fit"),
            {
                "feature": names,
                "weight": [finite(weight) for weight in weights],
                "standard_error": [finite(error) for error in errors],
                "message": [model.message] * len(names),
                **{name: [value] * len(names) for name, value in self.stamp.items()},
            },
        )
        columns = (
            "message", "trained_snapshots", "tested_customers", "tested_left", "top_customers", "predicted_left",
            *(f"{rule}_{figure}" for rule in ("score", *RULES) for figure in ("top_left", "auc")),
        )  # fmt: skip
        rows = {name: [test.get(name) for test in self.tests] for name in columns}
        for name, day in (("snapshot_on", "day"), ("trained_through_on", "trained_through")):
            rows[name] = [as_date(test.get(day)) for test in self.tests]
        write_rows(connection, build.table("risk_backtest"), rows)

    def summary(self) -> str:
        """How well it told who leaves, in a line."""
        if self.model.message:
            return f"  risk of leaving        {self.model.message}"
        done = [test for test in self.tests if test["message"] is None and test["score_auc"]]
        said = f"  risk of leaving        {self.model.snapshots:,} snapshots of customers"
        if not done:
            return f"{said}; not tested, there was too little before"
        rules = [rule for rule in RULES if any(test[f"{rule}_auc"] is not None for test in done)]
        # Means that can be compared: of the months that every rule has.
        common = [test for test in done if all(test[f"{rule}_auc"] is not None for rule in rules)]
        words = [
            f"{np.mean([test[f'{rule}_auc'] for test in common]):.2f} by {text}"
            for rule, text in ({"score": "the score"} | RULES).items()
            if rule in ("score", *rules)
        ]
        return f"{said}; mean AUC of {len(common)} months: {', '.join(words)}"


def as_date(day: object) -> object:
    """A number of days since the origin as a date; None for None."""
    return None if day is None else np.datetime64(int(str(day)), "D").item()


def only_of(connection: Connected, one_in: int) -> str:
    """The condition that leaves each so many-th customer."""
    if one_in == 1:
        return ""
    if isinstance(connection, Connection):
        return f"where mod(cast(cast('x' || substr(md5(customer_id), 1, 15) as bit(60)) as bigint), {one_in}) = 0"
    return f"where md5_number_lower(customer_id) % {one_in} = 0"


def read_snapshots(connection: Connected, build: Build) -> tuple[Snapshots, np.ndarray, np.ndarray]:
    """The snapshots in a fixed order; and per row the days of silence and the history of purchases."""
    names = (*SIGNALS, *MEASURES)
    table = build.table("int_risk_signals")
    [(rows,)] = connection.execute(f"select count(*) from {table}").fetchall()
    one_in = -(-rows // MOST_ROWS) or 1
    columns = connection.execute(
        f"""
        select
            snapshot_on - date '{ORIGIN}' as day, dense_rank() over (order by customer_id) as customer,
            cast(cast(has_left as integer) as double precision) as has_left,
            {", ".join(f"cast({name if name in MEASURES else f'cast({name} as integer)'} as double precision) as {name}" for name in names)}, {", ".join(HISTORY)}
        from {table}
        {only_of(connection, one_in)}
        order by snapshot_on, customer_id
        """
    ).fetchnumpy()
    # A column with nulls comes masked.
    numbers = {
        name: np.ma.filled(np.ma.asarray(values).astype(float), np.nan)
        for name, values in columns.items()
    }
    snapshots = Snapshots(
        day=numbers["day"].astype(np.int64),
        customer=numbers["customer"].astype(np.int64),
        left=numbers["has_left"],
        features=np.column_stack([numbers[name] for name in names]),
        names=names,
        is_measure=(False,) * len(SIGNALS) + (True,) * len(MEASURES),
    )
    return snapshots, numbers["silent_days"], np.column_stack([numbers[name] for name in HISTORY])


def purchase_rules(
    connection: Connected,
    build: Build,
    day: np.ndarray,
    histories: np.ndarray,
    horizon_days: int,
    fit_purchases: Callable[..., PurchaseModel],
) -> dict[str, np.ndarray]:
    """Per row the rules that a model of purchases gives, by its last fit on or before the day; NaN before the first.

    The model is fitted at the ends of quarters, on everybody who had bought by then: each month would be three times as
    dear, and its parameters move slowly.
    """
    columns = connection.execute(
        f"""
        select snapshot_on - date '{ORIGIN}' as day, {", ".join(HISTORY)}, customers
        from {build.table("int_risk_histories")} order by 1, {", ".join(HISTORY)}, customers
        """
    ).fetchnumpy()
    before = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
    rules = {"alive": np.full(len(day), np.nan), "purchases": np.full(len(day), np.nan)}
    for quarter_end in np.unique(before["day"]):
        rows = np.flatnonzero(before["day"] == quarter_end)
        rows = rows[:: -(-len(rows) // MOST_HISTORIES)]
        model = fit_purchases(*(before[name][rows] for name in (*HISTORY, "customers")))
        later = day >= quarter_end
        if model.converged:
            rules["alive"][later] = -model.probability_alive(*histories[later].T)
            rules["purchases"][later] = -model.expected_purchases(horizon_days, *histories[later].T)
    return rules


def fitted(
    connection: Connected,
    build: Build,
    fit_purchases: Callable[..., PurchaseModel],
) -> Risk:
    """Fits the weights on all complete snapshots, and tests each month on those before it.

    ``fit_purchases`` fits the model of purchases that gives two of the rules that the score is compared with.
    """
    [(as_of_date, policy_version, fingerprint)] = connection.execute(
        f"select as_of_date, policy_version, fingerprint from {build.table('int_risk_state')}"
    ).fetchall()
    [(horizon_days,)] = connection.execute(
        f"select value from {build.table('policy_settings')} where setting = 'risk_horizon_days'"
    ).fetchall()
    horizon = int(json.loads(horizon_days))
    snapshots, silent_days, histories = read_snapshots(connection, build)
    rules = {rule: np.full(len(silent_days), np.nan) for rule in RULES}
    if not np.isnan(silent_days).all():
        rules = {"silent_days": silent_days} | purchase_rules(
            connection, build, snapshots.day, histories, horizon, fit_purchases
        )
    model = fit_risk(snapshots.where(~np.isnan(snapshots.left)))
    tests = backtest(snapshots, horizon, rules)
    stamp = {
        "as_of_date": as_of_date,
        "policy_version": policy_version,
        "fingerprint": fingerprint,
    }
    return Risk(stamp, model, tests)
