"""Who will leave: weights of the signals of risk, fitted on history, and a back-test by month.

A snapshot is a day on which customers were active; each customer has what was known on that day and, once
the horizon after it is over, whether the customer left within it. Nothing here looks at a label before it
is complete: ``fit_risk`` takes the rows it is given, and ``backtest`` gives it those whose horizon had
ended before the month that is tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

Array = np.ndarray

#: So many customers must have left, and stayed, before weights mean anything.
LEAST_CUSTOMERS = 30

#: How strongly weights are drawn towards 0: the variance of what they are taken to be beforehand. A signal
#: that applied to a handful of customers keeps a small weight.
PRIOR_VARIANCE = 1.0


@dataclass(frozen=True)
class Snapshots:
    """Rows of customers on days; all arrays have one value per row.

    ``day`` counts days from any origin; ``customer`` numbers the customers; ``left`` is 1, 0, or NaN where
    the label is not complete. ``features`` has a column per name in ``names``: signals (0 or 1, NaN where
    no table tells) and measures (0 or more, NaN likewise); ``is_measure`` says which.
    """

    day: Array
    customer: Array
    left: Array
    features: Array
    names: tuple[str, ...]
    is_measure: tuple[bool, ...]

    def where(self, rows: Array) -> "Snapshots":
        """The rows that a mask or an index selects."""
        return Snapshots(
            self.day[rows], self.customer[rows], self.left[rows], self.features[rows],
            self.names, self.is_measure,
        )  # fmt: skip

    def matrix(self) -> Array:
        """The features as the weights apply to them: measures as doublings, and what is not known as 0."""
        doubled = np.log2(1 + np.maximum(self.features, 0))
        return np.nan_to_num(np.where(self.is_measure, doubled, self.features), nan=0.0)


@dataclass(frozen=True)
class RiskModel:
    """Weights of the log-odds of leaving; NaN where a feature never varied. ``message`` says why there are none."""

    names: tuple[str, ...]
    intercept: float
    weights: Array
    intercept_error: float
    errors: Array
    snapshots: int
    message: str | None

    def scores(self, snapshots: Snapshots) -> Array:
        """The probability of leaving within the horizon, per row; NaN without weights."""
        odds = self.intercept + snapshots.matrix() @ np.nan_to_num(self.weights, nan=0.0)
        return 1 / (1 + np.exp(-odds))


def fit_risk(snapshots: Snapshots) -> RiskModel:
    """Logistic regression with a penalty on the weights (not on the intercept), on rows with complete labels.

    The errors are those of a sandwich estimate with one observation per customer: the snapshots of one customer follow
    each other, and their horizons overlap. Never raises for what the data are like: see ``message``.
    """
    width = len(snapshots.names)

    def without(message: str) -> RiskModel:
        none = np.full(width, np.nan)
        return RiskModel(snapshots.names, np.nan, none, np.nan, none, len(snapshots.left), message)

    gone = len(np.unique(snapshots.customer[snapshots.left == 1]))
    kept = len(np.unique(snapshots.customer[snapshots.left == 0]))
    if min(gone, kept) < LEAST_CUSTOMERS:
        return without(
            f"Too little to learn from: {gone} customers left and {kept} stayed within the horizon of a snapshot, "
            f"and it takes {LEAST_CUSTOMERS} of each."
        )
    matrix = snapshots.matrix()
    varies = np.ptp(matrix, axis=0) > 0
    # A measure is fitted in units of its standard deviation, so that the penalty is fair to all.
    scale = np.where(snapshots.is_measure, matrix.std(axis=0), 1.0)[varies]
    centre = np.where(snapshots.is_measure, matrix.mean(axis=0), 0.0)[varies]
    standard = (matrix[:, varies] - centre) / scale
    model = LogisticRegression(C=PRIOR_VARIANCE, solver="newton-cholesky", tol=1e-10, max_iter=200)
    model.fit(standard, snapshots.left)
    covariance = clustered_covariance(
        standard, snapshots.left, model.predict_proba(standard)[:, 1], snapshots.customer
    )
    # Back to the units of the features: weight / scale, and what the centres take from the intercept.
    weights, errors = np.full(width, np.nan), np.full(width, np.nan)
    weights[varies] = model.coef_[0] / scale
    errors[varies] = np.sqrt(np.diag(covariance)[1:]) / scale
    of_intercept = np.append(1.0, -centre / scale)
    return RiskModel(
        snapshots.names,
        float(model.intercept_[0] - centre @ weights[varies]),
        weights,
        float(np.sqrt(of_intercept @ covariance @ of_intercept)),
        errors,
        len(snapshots.left),
        None,
    )


def clustered_covariance(features: Array, left: Array, predicted: Array, customer: Array) -> Array:
    """Covariance of intercept and weights, with the rows of one customer as one observation."""
    design = np.column_stack([np.ones(len(features)), features])
    penalty = np.eye(design.shape[1]) / PRIOR_VARIANCE
    penalty[0, 0] = 0
    curvature = (design * (predicted * (1 - predicted))[:, None]).T @ design + penalty
    _, group = np.unique(customer, return_inverse=True)
    slopes = np.zeros((group.max() + 1, design.shape[1]))
    np.add.at(slopes, group, design * (left - predicted)[:, None])
    bread = np.linalg.inv(curvature)
    return bread @ (slopes.T @ slopes) @ bread


def top_left(risk: Array, left: Array, top: int) -> float:
    """How many of the ``top`` rows of highest risk left. Of rows that are equally high at the edge, as many as there
    is room for, at the rate at which they left: what any order among them gives on average."""
    edge = np.sort(risk)[-top]
    above, equal = risk > edge, risk == edge
    return float(left[above].sum() + (top - above.sum()) * left[equal].mean())


def tested(risk: Array, left: Array, top: int) -> tuple[float | None, float | None]:
    """Who left among the top, and the area under the ROC curve; None where there is nothing to rank by."""
    if np.isnan(risk).any() or left.min() == left.max():
        return None, None
    return top_left(risk, left, top), float(roc_auc_score(left, risk))


def backtest(
    snapshots: Snapshots, horizon_days: int, rules: Mapping[str, Array]
) -> list[dict[str, object]]:
    """One row per day whose label is complete, as the table risk_backtest has it (`day` for `snapshot_on`).

    ``rules`` are those that the score is compared with: by name a value per row, the higher the more at risk, NaN where
    the rule says nothing.
    """
    complete = ~np.isnan(snapshots.left)
    rows: list[dict[str, object]] = []
    for day in np.unique(snapshots.day[complete]):
        known = complete & (snapshots.day + horizon_days < day)
        now = snapshots.day == day
        model = fit_risk(snapshots.where(known))
        row: dict[str, object] = {"day": int(day), "message": model.message}
        if model.message is None:
            here = snapshots.where(now)
            top = -(-int(now.sum()) // 10)
            score = model.scores(here)
            row |= {
                "trained_through": int(snapshots.day[known].max()),
                "trained_snapshots": int(known.sum()),
                "tested_customers": int(now.sum()),
                "tested_left": int(here.left.sum()),
                "top_customers": top,
                "predicted_left": float(score.sum()),
            }
            ranked = {"score": score} | {name: risk[now] for name, risk in rules.items()}
            for name, risk in ranked.items():
                row[f"{name}_top_left"], row[f"{name}_auc"] = tested(risk, here.left, top)
        rows.append(row)
    return rows
