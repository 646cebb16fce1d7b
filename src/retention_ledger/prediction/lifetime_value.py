"""Customer lifetime value: how often a customer will buy again, and for how much.

Published models, fitted by maximum likelihood, and what is computed from them:

* MBG/NBD, how often: E. P. Batislam, M. Denizel and A. Filiztekin (2007), "Empirical validation
  and comparison of models for customer base analysis", International Journal of Research in
  Marketing 24(3), 201-209. A customer may leave after every purchase, the first one too.
* BG/NBD, the same but for the first purchase, after which nobody leaves: P. S. Fader, B. G. S.
  Hardie and K. L. Lee (2005), "Counting Your Customers the Easy Way: An Alternative to the
  Pareto/NBD Model", Marketing Science 24(2), 275-284. The probability that a customer is still
  active: Fader and Hardie (2008), brucehardie.com/notes/021.
* Gamma-Gamma, for how much: P. S. Fader and B. G. S. Hardie (2013), "The Gamma-Gamma Model of
  Monetary Value", brucehardie.com/notes/025.

What a customer's history is, everywhere below:

* ``frequency``: repeat purchases, a whole number; the first purchase is not counted. Purchases on
  one day are one purchase.
* ``recency``: time from the first purchase to the last one; 0 when there is only one.
* ``age``: time from the first purchase to the end of the observed period.
* ``mean_value``: mean value of the repeat purchases, in one currency.

``recency`` and ``age`` are in any unit of time, the same one throughout; ``alpha``, horizons and
steps are in that unit too. Parameters do not depend on the unit otherwise.

Everything here is a pure function of arrays: nothing is read, written or drawn at random. Data
that cannot be fitted give a model whose ``converged`` is False and whose ``message`` says why.
Malformed input (lengths that differ, missing or impossible values) raises ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaln, hyp2f1

__all__ = [
    "HoldoutError",
    "PurchaseModel",
    "SpendModel",
    "discounted_purchases",
    "fit_purchase_model",
    "fit_spend_model",
    "holdout_error",
    "naive_purchases",
]

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array]]

#: A model is not fitted on fewer customers with a repeat purchase than this.
MINIMUM_REPEAT_CUSTOMERS = 50

#: A parameter outside these (alpha and v: as multiples of the mean age and the mean value) means
#: that the likelihood has no maximum to be found.
SMALLEST_PARAMETER = 1e-8
LARGEST_PARAMETER = 1e5

#: The largest slope, per customer and per unit of a parameter's logarithm, taken as zero.
LARGEST_SLOPE = 1e-6

#: The data must determine every parameter to within this factor (one standard error).
LARGEST_ERROR_FACTOR = 100.0

#: With more distinct rows than this the search begins on about so many of them.
ROUGH_ROWS = 20_000

#: Where the quick formula for expected purchases could be off by more than this (relative error,
#: a cautious bound), a slower one is used (see _purchases_if_alive).
PRECISION = 1e-8
QUADRATURE_NODES = 256
QUADRATURE_ROWS = 4096


# ---------------------------------------------------------------------------------------------
# Input


def _numbers(name: str, values: ArrayLike, *, missing: bool = False) -> Array:
    """``values`` as floats; NaN, infinity and masked entries are refused unless ``missing``."""
    if isinstance(values, np.ma.MaskedArray):  # np.asarray would silently drop the mask
        values = np.ma.filled(values.astype(float), np.nan)
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers only.") from None
    if not missing and not np.isfinite(array).all():
        raise ValueError(f"{name} has missing or infinite values.")
    return array


def _not_negative(name: str, values: Array) -> None:
    if (values < 0).any():
        raise ValueError(f"{name} has negative values.")


def _whole(name: str, values: Array) -> None:
    if (values != np.floor(values)).any():
        raise ValueError(f"{name} counts purchases: it must hold whole numbers.")


def _one_number(name: str, value: float, *, zero: bool) -> float:
    number = _numbers(name, value)
    if number.ndim or number < 0 or (number == 0 and not zero):
        raise ValueError(f"{name} must be one number, {'0 or more' if zero else 'above 0'}.")
    return float(number)


def _columns(**columns: Array) -> list[Array]:
    """Columns to fit on: one dimension, one length."""
    for name, values in columns.items():
        if values.ndim != 1:
            raise ValueError(f"{name} must be a list of numbers, one for each customer.")
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"The lengths differ ({told}): each needs one value for each customer.")
    return list(columns.values())


def _broadcast(**columns: Array) -> list[Array]:
    """Columns to score: anything that numpy can bring to one shape."""
    try:
        return list(np.broadcast_arrays(*columns.values()))
    except ValueError:
        told = ", ".join(f"{name} {values.shape}" for name, values in columns.items())
        raise ValueError(f"The shapes differ and cannot be matched: {told}.") from None


def _check_history(frequency: Array, recency: Array, age: Array) -> None:
    for name, values in (("frequency", frequency), ("recency", recency), ("age", age)):
        _not_negative(name, values)
    _whole("frequency", frequency)
    if (recency > age).any():
        raise ValueError("recency is above age: a last purchase after the end of the period.")
    if ((frequency > 0) & (recency == 0)).any():
        raise ValueError(
            "frequency is above 0 where recency is 0: purchases on one day count as one."
        )
    if ((frequency == 0) & (recency > 0)).any():
        raise ValueError("recency is above 0 where frequency is 0: there is no second purchase.")


def _history(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, shape: Callable[..., list[Array]]
) -> list[Array]:
    columns = shape(
        frequency=_numbers("frequency", frequency),
        recency=_numbers("recency", recency),
        age=_numbers("age", age),
    )
    _check_history(*columns)
    return columns


def _weights(weight: ArrayLike | None, length: int) -> Array:
    if weight is None:
        return np.ones(length)
    weights = _numbers("weight", weight)
    _not_negative("weight", weights)
    if weights.shape != (length,):
        raise ValueError(f"weight must have {length} values, one for each customer.")
    return weights


# ---------------------------------------------------------------------------------------------
# Distinct rows


def _ranks(codes: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct codes (each below ``size``), ascending, and each code's place among them."""
    if size <= max(8 * len(codes), 1024):  # a table is quicker than sorting
        present = np.zeros(size, dtype=bool)
        present[codes] = True
        return np.flatnonzero(present), (np.cumsum(present) - 1)[codes]
    return np.unique(codes, return_inverse=True)


def _distinct(columns: Sequence[Array]) -> tuple[list[Array], NDArray[np.int64]]:
    """The distinct rows of ``columns`` and, for every row, its place among them.

    What np.unique(axis=0) gives, without comparing rows byte by byte: each column is numbered and
    a row becomes one integer. Columns of days cost no sorting at all.
    """
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        top = column.max(initial=0.0)
        if column.min(initial=0.0) >= 0 and top < 2**20 and (column == np.floor(column)).all():
            numbered, count = column.astype(np.int64), int(top) + 1
        else:
            values, numbered = np.unique(column, return_inverse=True)
            count = max(len(values), 1)
        if size * count >= 2**62:
            kept, codes = np.unique(codes, return_inverse=True)
            size = len(kept)
        codes = codes * count + numbered
        size *= count
    kept, places = _ranks(codes, size)
    first = np.empty(len(kept), dtype=np.int64)
    first[places[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return [column[first] for column in columns], places


def _collapse(columns: Sequence[Array], weights: Array) -> tuple[list[Array], Array]:
    """The distinct rows that weigh anything, and what each weighs in all."""
    rows, places = _distinct(columns)
    totals = np.bincount(places, weights=weights, minlength=len(rows[0]))
    return [row[totals > 0] for row in rows], totals[totals > 0]


# ---------------------------------------------------------------------------------------------
# Maximum likelihood


@dataclass(frozen=True)
class _Maximum:
    parameters: Array  # in the units of the data
    mean_log_likelihood: float
    problem: str  # empty when it is a maximum


def _curvature(objective: Objective, at: Array, step: float = 1e-4) -> Array:
    """Second derivatives, by central differences of the exact gradient."""
    columns = []
    for shift in np.eye(len(at)) * step:
        columns.append((objective(at + shift)[1] - objective(at - shift)[1]) / (2 * step))
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2


def _maximise(
    objective: Objective,
    rough: Objective,
    names: Sequence[str],
    units: Array,
    starts: Sequence[Sequence[float]],
    customers: float,
) -> _Maximum:
    """The least of ``objective`` (minus the mean log-likelihood, and its gradient, of the logs).

    The search goes from every start on ``rough`` (the same of fewer rows, or ``objective`` itself)
    and from the best of where those end on ``objective``. Nothing is random, so the answer depends
    on the data alone. ``units`` turns the parameters into those of the data, which are returned.
    """
    limits = [(math.log(SMALLEST_PARAMETER / 10), math.log(LARGEST_PARAMETER * 10))] * len(names)

    def follow(function: Objective, start: Array) -> Array:
        with np.errstate(all="ignore"):
            return minimize(
                function,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=limits,
                options={"maxiter": 500, "ftol": 1e-15, "gtol": LARGEST_SLOPE / 1000},
            ).x

    def value_at(logs: Array) -> float:
        with np.errstate(all="ignore"):
            value = objective(logs)[0]
        return float(value) if math.isfinite(value) else math.inf

    ends = []
    for start in np.log(starts):
        end = follow(rough, start)
        # Fewer rows may have no maximum where all of them do: then it is of no use.
        lost = rough is not objective and not (np.abs(end) < math.log(1e3)).all()
        ends.append(start if lost else end)
    logs = follow(objective, min(ends, key=value_at))
    value = value_at(logs)
    parameters = np.exp(logs)
    told = [f"{n} {p:.3g}" for n, p in zip(names, parameters * units, strict=True)]

    def no_maximum(problem: str) -> _Maximum:
        return _Maximum(parameters * units, -value, problem)

    if not (math.isfinite(value) and np.isfinite(logs).all()):
        return no_maximum("The likelihood is not a number at any starting point.")
    lost = (parameters <= SMALLEST_PARAMETER) | (parameters >= LARGEST_PARAMETER)
    if lost.any():
        where = ", ".join(text for text, one in zip(told, lost, strict=True) if one)
        return no_maximum(
            f"The likelihood has no maximum: the search ran off to {where}. "
            "These data do not vary in the way the model describes."
        )
    with np.errstate(all="ignore"):
        slopes, curvature = objective(logs)[1], _curvature(objective, logs)
    slope = np.abs(slopes).max()
    if not slope <= LARGEST_SLOPE:
        return no_maximum(
            f"The search stopped before it reached a maximum (slope {slope:.2g} per customer)."
        )
    flattest = np.linalg.eigvalsh(curvature)[0] if np.isfinite(curvature).all() else -math.inf
    if not flattest * customers > 1 / math.log(LARGEST_ERROR_FACTOR) ** 2:
        return no_maximum(
            f"The data do not determine the parameters: values {LARGEST_ERROR_FACTOR:.0f} times "
            f"as large or as small fit about as well as those found ({', '.join(told)})."
        )
    # One Newton step takes out what the search left, which differs between machines.
    logs = logs - np.linalg.solve(curvature, slopes)
    return _Maximum(np.exp(logs) * units, -float(objective(logs)[0]), "")


def _objectives(
    build: Callable[..., Objective], columns: Sequence[Array]
) -> tuple[Objective, Objective]:
    """The objective of all rows, and of about ROUGH_ROWS of them, evenly spread, to start from."""
    objective = build(*columns)
    every = len(columns[0]) // ROUGH_ROWS
    return objective, objective if every < 2 else build(*(column[::every] for column in columns))


def _too_few(customers: float, repeaters: float, of: str) -> str:
    """Why a model cannot be fitted on so little, or nothing when it can."""
    if customers == 0:
        return "There are no customers with an order to fit on."
    if repeaters == 0:
        return f"No customer has {of}, so there is nothing to fit."
    if repeaters < MINIMUM_REPEAT_CUSTOMERS:
        return (
            f"Customers with {of}: {repeaters:,.0f}. "
            f"At least {MINIMUM_REPEAT_CUSTOMERS} are needed to fit the model."
        )
    return ""


# ---------------------------------------------------------------------------------------------
# How often: BG/NBD and MBG/NBD


def _purchase_objective(
    leaves_at_first: bool, frequency: Array, recency: Array, age: Array, weight: Array
) -> Objective:
    """Minus the mean log-likelihood of BG/NBD (Fader et al. 2005, section 7) and its gradient.

    Of MBG/NBD (Batislam et al. 2007) where ``leaves_at_first``: there the first purchase is one
    more chance to leave. A function of log (r, alpha, a, b). Gamma functions are evaluated once for each distinct
    frequency and logarithms once for each distinct age and recency.
    """
    counts, of_count = np.unique(frequency, return_inverse=True)
    ages, of_age = np.unique(age, return_inverse=True)
    recencies, of_recency = np.unique(recency, return_inverse=True)
    at_count = np.bincount(of_count, weights=weight)
    total = weight.sum()
    share, share_at_count = weight / total, at_count / total
    chances = counts + leaves_at_first  # how often the customer could have left, and did not
    could_leave = np.where(chances > 0, 0.0, -np.inf)[of_count]

    def objective(logs: Array) -> tuple[float, Array]:
        r, alpha, a, b = np.exp(logs)
        r_x = r + counts
        b_x = b + np.maximum(chances, 1) - 1
        log_age, log_recency = np.log(alpha + ages)[of_age], np.log(alpha + recencies)[of_recency]
        exponent = r_x[of_count]
        # The two ways to have been silent since the last purchase: still active, or gone.
        gone_against_alive = (
            exponent * (log_age - log_recency) + np.log(a / b_x)[of_count] + could_leave
        )
        gone = expit(gone_against_alive)
        silent = np.logaddexp(0.0, gone_against_alive) - exponent * log_age
        by_count = (
            gammaln(r_x)
            - gammaln(r)
            + r * logs[1]
            + gammaln(a + b)
            - gammaln(b)
            + gammaln(b + chances)
            - gammaln(a + b + chances)
        )
        value = share_at_count @ by_count + share @ silent

        share_gone = share * gone
        gone_at_count = np.bincount(of_count, weights=share_gone)
        log_held = log_age + gone * (log_recency - log_age)
        rate_held = (1 - gone) / (alpha + ages)[of_age] + gone / (alpha + recencies)[of_recency]
        psi_ab, psi_abx = digamma(a + b), digamma(a + b + chances)
        slopes = np.array(
            [
                share_at_count @ (digamma(r_x) - digamma(r) + logs[1]) - share @ log_held,
                r / alpha - share @ (exponent * rate_held),
                share_at_count @ (psi_ab - psi_abx) + gone_at_count.sum() / a,
                share_at_count @ (psi_ab - psi_abx + digamma(b + chances) - digamma(b))
                - gone_at_count @ (1 / b_x),
            ]
        )
        return -value, -slopes * np.array([r, alpha, a, b])

    return objective


def _quadrature_if_alive(r: float, a: float, b: float, x: Array, u: Array) -> Array:
    """_purchases_if_alive by numerical integration over the dropout probability p.

    Given that the customer is active, p is Beta(a, b + x) and lambda is Gamma(r + x, alpha + age),
    so that the expectation is that of (1 - (1 + p u)^-(r+x)) / p over p. Trapezium rule in
    logit(p) = centre + width sinh(tau): every term is positive, nothing cancels, and there is
    nothing special about a = 1 or a + b = 1.
    """
    out = np.empty(len(x))
    with np.errstate(all="ignore"):
        for start in range(0, len(x), QUADRATURE_ROWS):
            rows = slice(start, start + QUADRATURE_ROWS)
            n, heads, ratio = (r + x[rows])[:, None], (b + x[rows])[:, None], u[rows][:, None]
            spread = np.sqrt(1 / a + 1 / heads)
            width = np.minimum(spread, 2.0)
            low = np.arcsinh((41 / a + 9 * spread + np.log1p(40 / heads)) / width)
            high = np.arcsinh((41 / heads + 9 * spread + np.log1p(40 / a)) / width)
            tau = (low + high) * np.linspace(0, 1, QUADRATURE_NODES) - low
            logit = np.log(a / heads) + width * np.sinh(tau)
            log_p = -np.logaddexp(0, -logit)
            log_density = a * log_p - heads * np.logaddexp(0, logit)
            density = np.exp(log_density - log_density.max(axis=1, keepdims=True)) * np.cosh(tau)
            p = np.exp(log_p)
            value = np.where(p > 1e-290, -np.expm1(-n * np.log1p(p * ratio)) / p, n * ratio)
            out[rows] = (density * value).sum(axis=1) / density.sum(axis=1)
    return out


def _purchases_if_alive(r: float, a: float, b: float, x: Array, u: Array) -> Array:
    """Expected purchases in the next t of customers known to be active; u = t / (alpha + age).

    The numerator of Fader et al. 2005, equation (10). Its hypergeometric function overflows for
    large x; Euler's transformation gives the same value as

        (a+b+x-1)/(a-1) [1 - (1+u)^(1-a) 2F1(a+b-1-r, a-1; a+b+x-1; u/(1+u))]

    where x is in the third argument only and nothing grows. What is left is cancellation in the
    bracket (a near 1, short t) and the pole at a + b + x = 1. Where the rounding error that this
    can cause is above PRECISION, or scipy returns no finite number, the row is integrated.
    """
    c = a + b + x - 1
    with np.errstate(all="ignore"):
        factor = c / (a - 1) if a != 1 else np.full(len(x), np.inf)
        survivor = np.exp((1 - a) * np.log1p(u)) * hyp2f1(a + b - 1 - r, a - 1, c, u / (1 + u))
        out = np.asarray(factor * (1 - survivor))
        error = 16 * np.finfo(float).eps * np.abs(factor) * (1 + np.abs(survivor))
        doubtful = ~(np.isfinite(out) & (error < PRECISION * out)) & (u > 0)
    out[u == 0] = 0.0
    if doubtful.any():
        out[doubtful] = _quadrature_if_alive(r, a, b, x[doubtful], u[doubtful])
    return out


@dataclass(frozen=True)
class PurchaseModel:
    """A fitted MBG/NBD or BG/NBD model: when customers buy again, and when they have gone.

    Purchase rates vary between customers as Gamma(r, alpha) (mean r / alpha per unit of time) and
    the probability to leave after a purchase as Beta(a, b); ``leaves_at_first`` says whether after
    the first one too (MBG/NBD) or after repeat purchases only (BG/NBD). ``log_likelihood`` is of the
    data in their own unit of time; ``customers`` is the sum of the weights. When ``converged`` is
    False, ``message`` says why and the parameters must not be used: NaN when nothing could be
    fitted (every method then answers NaN), else where the search ended.

    The methods take numbers or arrays of any shapes that numpy can match, return an array of that
    shape, and raise ValueError for impossible histories.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    customers: int
    converged: bool
    message: str
    leaves_at_first: bool = False

    @property
    def name(self) -> str:
        """What the model is called in the field."""
        return "MBG/NBD" if self.leaves_at_first else "BG/NBD"

    def _has_parameters(self) -> bool:
        return all(map(math.isfinite, (self.r, self.alpha, self.a, self.b)))

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Array:
        """The probability, between 0 and 1, that a customer has not left (notes/021).

        In BG/NBD a customer leaves only after a repeat purchase, so one without any is certain to
        be active (1), however long ago the first purchase was; in MBG/NBD it falls with silence.
        """
        return self._alive(*_history(frequency, recency, age, _broadcast))

    def _alive(self, x: Array, recency: Array, age: Array) -> Array:
        if not self._has_parameters():
            return np.full(x.shape, np.nan)
        silence = np.log1p((age - recency) / (self.alpha + recency))
        chances = x + self.leaves_at_first
        gone = (self.r + x) * silence + np.log(self.a / (self.b + np.maximum(chances, 1) - 1))
        return np.where(chances > 0, expit(-gone), 1.0)

    def expected_purchases(
        self, units: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Array:
        """Purchases expected in the next ``units`` of time (0 or more), per customer.

        Fader et al. 2005, equation (10). A customer just acquired is (0, 0, 0). The relative error
        is below 1e-8 (1e-7 at parameters above 1,000). Evaluated once for each distinct
        (units, frequency, age).
        """
        ahead = _numbers("units", units)
        _not_negative("units", ahead)
        history = _history(frequency, recency, age, _broadcast)
        ahead, x, recency_, age_ = _broadcast(
            units=ahead, frequency=history[0], recency=history[1], age=history[2]
        )
        if not self._has_parameters():
            return np.full(x.shape, np.nan)
        (distinct_x, distinct_age, distinct_ahead), places = _distinct(
            [x.ravel(), age_.ravel(), ahead.ravel()]
        )
        ratio = distinct_ahead / (self.alpha + distinct_age)
        stayed = self.b + self.leaves_at_first  # the first purchase is one more that was survived
        if_alive = _purchases_if_alive(self.r, self.a, stayed, distinct_x, ratio)
        return self._alive(x, recency_, age_) * if_alive[places].reshape(x.shape)


def fit_purchase_model(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    leaves_at_first: bool = False,
) -> PurchaseModel:
    """Fit BG/NBD, or MBG/NBD where ``leaves_at_first``, by maximum likelihood. No penalty is added.

    Arrays of one dimension and one length, one value for each customer. ``weight`` says how many
    customers a row stands for (default 1; rows of weight 0 are ignored); a weight of 3 is the same
    as the row three times. Rows are collapsed to distinct (frequency, recency, age) first, so that
    the time it takes goes with the number of those and hardly with the number of customers.

    Time is rescaled to the mean age inside: the unit changes ``alpha`` in proportion, adds a
    constant to ``log_likelihood``, and changes nothing else.

    Never raises for what the data are like: see ``converged`` and ``message``. Raises ValueError
    for lengths that differ, missing, infinite or negative values, a frequency that is not whole,
    a recency above the age, and a recency of 0 with repeat purchases or above 0 without any.
    """
    x, t_x, t = _history(frequency, recency, age, _columns)
    weights = _weights(weight, len(x))
    (x, t_x, t), weights = _collapse([x, t_x, t], weights)
    customers = float(weights.sum())

    def model(
        parameters: Sequence[float], log_likelihood: float, problem: str, said: str
    ) -> PurchaseModel:
        r, alpha, a, b = map(float, parameters)
        return PurchaseModel(
            r, alpha, a, b, log_likelihood, round(customers), not problem, problem or said,
            leaves_at_first,
        )  # fmt: skip

    problem = _too_few(customers, weights[x > 0].sum(), "a repeat purchase")
    if problem:
        return model([math.nan] * 4, math.nan, problem, "")

    unit = float(weights @ t / customers)
    rate = float(weights @ x / customers)  # purchases in a mean age
    starts = [(r, r / (k * rate), a, b) for r, k, a, b in _PURCHASE_STARTS]
    build = partial(_purchase_objective, leaves_at_first)
    objective, rough = _objectives(build, [x, t_x / unit, t / unit, weights])
    units = np.array([1.0, unit, 1.0, 1.0])
    best = _maximise(objective, rough, ("r", "alpha", "a", "b"), units, starts, customers)
    log_likelihood = customers * best.mean_log_likelihood - float(weights @ x) * math.log(unit)
    said = f"Fitted on {customers:,.0f} customers in {len(x):,} distinct rows."
    return model(best.parameters, log_likelihood, best.problem, said)


#: Where the search starts: r, the purchase rate as a multiple of the observed one, a, b.
_PURCHASE_STARTS = ((0.5, 2.0, 0.8, 2.5), (1.0, 1.0, 0.3, 5.0), (3.0, 1.5, 2.0, 4.0))


# ---------------------------------------------------------------------------------------------
# For how much: Gamma-Gamma


def _spend_objective(frequency: Array, value: Array, weight: Array) -> Objective:
    """Minus the mean log-likelihood of Gamma-Gamma (notes/025, equation 1a) and its gradient.

    A function of log (p, q, v).
    """
    counts, of_count = np.unique(frequency, return_inverse=True)
    share = weight / weight.sum()
    share_at_count = np.bincount(of_count, weights=share)
    log_value, log_count, spent = np.log(value), np.log(counts), frequency * value
    mean_log_value, value_by_purchase = share @ log_value, share @ (frequency * log_value)

    def objective(logs: Array) -> tuple[float, Array]:
        p, q, v = np.exp(logs)
        px = p * counts
        log_spent = np.log(spent + v)
        log_spent_at_count = np.bincount(of_count, weights=share * log_spent)
        by_count = gammaln(px + q) - gammaln(px) - gammaln(q) + q * logs[2] + px * log_count
        likelihood = (
            share_at_count @ by_count
            + p * value_by_purchase
            - mean_log_value
            - (px + q) @ log_spent_at_count
        )
        psi_q = digamma(px + q)
        slopes = np.array(
            [
                share_at_count @ (counts * (psi_q - digamma(px) + log_count))
                + value_by_purchase
                - counts @ log_spent_at_count,
                share_at_count @ (psi_q - digamma(q) + logs[2]) - log_spent_at_count.sum(),
                q / v - share @ ((px + q)[of_count] / (spent + v)),
            ]
        )
        return -likelihood, -slopes * np.array([p, q, v])

    return objective


@dataclass(frozen=True)
class SpendModel:
    """A fitted Gamma-Gamma model: what a customer's purchases are worth on average.

    Values vary between a customer's purchases as Gamma(p, nu) and nu between customers as
    Gamma(q, v); the mean over customers is p v / (q - 1), which needs q > 1. ``customers`` is the
    sum of the weights fitted on and ``left_out`` that of the others. ``converged`` and
    ``message``: as in PurchaseModel.

    The model takes what customers spend to be unrelated to how often they buy: check the
    correlation of frequency and mean_value before relying on it.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    customers: int
    converged: bool
    message: str
    left_out: int = 0

    def expected_average_value(self, frequency: ArrayLike, mean_value: ArrayLike) -> Array:
        """A customer's expected value per purchase, in the unit of ``mean_value`` (equation 5).

        The observed mean drawn towards the mean over customers, the less the more purchases it
        rests on. Without a repeat purchase it is the mean over customers, whatever ``mean_value``
        is (it may be missing). A mean below 0 is taken as 0. Shapes and errors: as in
        PurchaseModel; raises ValueError when mean_value is missing where frequency is above 0.
        """
        x, m = _spend_columns(frequency, mean_value, _broadcast)
        if not (math.isfinite(self.p) and math.isfinite(self.q) and math.isfinite(self.v)):
            return np.full(x.shape, np.nan)
        spent = x * np.where(x > 0, np.maximum(m, 0.0), 0.0)
        below = self.p * x + self.q - 1
        with np.errstate(all="ignore"):
            return np.where(below > 0, self.p * (self.v + spent) / below, np.nan)


def _spend_columns(
    frequency: ArrayLike, mean_value: ArrayLike, shape: Callable[..., list[Array]]
) -> list[Array]:
    x, m = shape(
        frequency=_numbers("frequency", frequency),
        mean_value=_numbers("mean_value", mean_value, missing=True),
    )
    _not_negative("frequency", x)
    _whole("frequency", x)
    if not np.isfinite(m[x > 0]).all():
        raise ValueError("mean_value is missing or infinite where frequency is above 0.")
    return [x, m]


def fit_spend_model(
    frequency: ArrayLike, mean_value: ArrayLike, weight: ArrayLike | None = None
) -> SpendModel:
    """Fit Gamma-Gamma by maximum likelihood (Fader and Hardie 2013). No penalty is added.

    Arrays of one dimension and one length, one value for each customer; ``weight`` as in
    fit_purchase_model. Only customers with a repeat purchase and a mean value above 0 are used;
    ``left_out`` and ``message`` say how many were not. Rows are collapsed to distinct ones and
    values rescaled to their mean inside: the currency changes ``v`` in proportion, adds a constant
    to ``log_likelihood``, and changes nothing else.

    Never raises for what the data are like. Raises ValueError for lengths that differ, a frequency
    that is negative, not whole or missing, and a mean value missing where frequency is above 0.
    """
    x, m = _spend_columns(frequency, mean_value, _columns)
    weights = _weights(weight, len(x))
    everyone = float(weights.sum())
    used = np.zeros(len(x), dtype=bool)
    np.greater(m, 0, out=used, where=x > 0)
    (x, m), weights = _collapse([x[used], m[used]], weights[used])
    customers = float(weights.sum())
    left_out = everyone - customers

    def model(
        parameters: Sequence[float], log_likelihood: float, problem: str, said: str
    ) -> SpendModel:
        p, q, v = map(float, parameters)
        return SpendModel(
            p=p,
            q=q,
            v=v,
            log_likelihood=log_likelihood,
            customers=round(customers),
            converged=not problem,
            message=problem or said,
            left_out=round(left_out),
        )

    problem = _too_few(everyone, customers, "a repeat purchase and a mean value above 0")
    if problem:
        return model([math.nan] * 3, math.nan, problem, "")

    unit = float(weights @ m / customers)
    objective, rough = _objectives(_spend_objective, [x, m / unit, weights])
    units = np.array([1.0, 1.0, unit])
    best = _maximise(objective, rough, ("p", "q", "v"), units, _SPEND_STARTS, customers)
    log_likelihood = customers * (best.mean_log_likelihood - math.log(unit))
    problem = best.problem
    if not problem and best.parameters[1] <= 1:
        problem = (
            f"The mean value over customers is not finite: q is {best.parameters[1]:.3g} and must "
            "be above 1. A few customers spend far more than the rest."
        )
    said = (
        f"Fitted on {customers:,.0f} customers in {len(x):,} distinct rows; {left_out:,.0f} left "
        "out, without a repeat purchase or with a mean value of 0 or less."
    )
    return model(best.parameters, log_likelihood, problem, said)


#: Where the search starts: p, q, v, in values rescaled to a mean of 1.
_SPEND_STARTS = ((6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (2.0, 10.0, 4.5))


# ---------------------------------------------------------------------------------------------
# Over a horizon, and against what happened


def discounted_purchases(
    model: PurchaseModel,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    horizon: float,
    discount_rate_per_year: float,
    units_per_year: float,
    step: float,
) -> Array:
    """Purchases expected over a horizon, each discounted to today; per customer.

    The horizon is cut into steps of ``step`` (the last one may be shorter), and the purchases
    expected in each are discounted as if made in its middle:
    sum over k of (E[Y(t_k)] - E[Y(t_k-1)]) / (1 + d)^((t_k-1 + t_k) / 2 / units_per_year).
    Times the expected average value this is the discounted value of a customer's future purchases.

    ``horizon`` and ``step`` are above 0 and in the unit of ``age``; ``units_per_year`` is how many
    of that unit make a year (365.25 for days); ``discount_rate_per_year`` is 0 or more (0.1 is 10
    percent a year). Shapes and errors: as in PurchaseModel.

    Exact, not approximated: what is left to a customer's recency is the probability of being
    active, which is a factor, so the sum is evaluated once for each distinct (frequency, age).
    """
    until = _one_number("horizon", horizon, zero=False)
    every = _one_number("step", step, zero=False)
    year = _one_number("units_per_year", units_per_year, zero=False)
    rate = _one_number("discount_rate_per_year", discount_rate_per_year, zero=True)
    x, recency_, age_ = _history(frequency, recency, age, _broadcast)
    if not model._has_parameters():
        return np.full(x.shape, np.nan)

    ends = np.append(every * np.arange(1, math.ceil(until / every - 1e-9)), until)
    middles = (ends + np.append(0.0, ends[:-1])) / 2
    factors = (1 + rate) ** (-middles / year)
    # The same sum by what each E[Y(t_k)] counts for: no differences of close numbers.
    counts_for = factors - np.append(factors[1:], 0.0)

    (distinct_x, distinct_age), places = _distinct([x.ravel(), age_.ravel()])
    total = np.zeros(len(distinct_x))
    for end, share in zip(ends, counts_for, strict=True):
        if share:
            ratio = end / (model.alpha + distinct_age)
            total += share * _purchases_if_alive(model.r, model.a, model.b, distinct_x, ratio)
    return model._alive(x, recency_, age_) * total[places].reshape(x.shape)


def naive_purchases(frequency: ArrayLike, age: ArrayLike, units: float) -> Array:
    """The forecast to beat: purchases in the next ``units`` at the customer's rate so far.

    frequency / age * units, and 0 for a customer observed for no time at all.
    """
    x, t = _broadcast(frequency=_numbers("frequency", frequency), age=_numbers("age", age))
    _not_negative("frequency", x)
    _not_negative("age", t)
    ahead = _one_number("units", units, zero=True)
    return np.divide(x * ahead, t, out=np.zeros(x.shape), where=t > 0)


@dataclass(frozen=True)
class HoldoutError:
    """How far two forecasts were from what happened; see holdout_error.

    Totals are over all customers; mean absolute errors are per customer, in the unit forecast.
    """

    customers: float
    actual_total: float
    predicted_total: float
    naive_total: float
    predicted_mean_absolute_error: float
    naive_mean_absolute_error: float

    @property
    def predicted_total_error(self) -> float:
        """predicted_total / actual_total - 1; NaN when nothing happened."""
        return self.predicted_total / self.actual_total - 1 if self.actual_total else math.nan

    @property
    def naive_total_error(self) -> float:
        """naive_total / actual_total - 1; NaN when nothing happened."""
        return self.naive_total / self.actual_total - 1 if self.actual_total else math.nan


def holdout_error(
    actual: ArrayLike, predicted: ArrayLike, naive: ArrayLike, weight: ArrayLike | None = None
) -> HoldoutError:
    """Compare a forecast and a naive one (see naive_purchases) with what happened.

    Arrays of one dimension and one length, one value for each customer; ``weight`` as in
    fit_purchase_model. Raises ValueError when lengths differ or values are missing. Without
    customers the mean absolute errors are NaN.
    """
    happened, forecast, plain = _columns(
        actual=_numbers("actual", actual),
        predicted=_numbers("predicted", predicted),
        naive=_numbers("naive", naive),
    )
    weights = _weights(weight, len(happened))
    customers = float(weights.sum())

    def mean_absolute(errors: Array) -> float:
        return float(weights @ np.abs(errors)) / customers if customers else math.nan

    return HoldoutError(
        customers=customers,
        actual_total=float(weights @ happened),
        predicted_total=float(weights @ forecast),
        naive_total=float(weights @ plain),
        predicted_mean_absolute_error=mean_absolute(forecast - happened),
        naive_mean_absolute_error=mean_absolute(plain - happened),
    )
