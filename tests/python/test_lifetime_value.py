"""Lifetime value: published results, independent formulas, simulated customers, refusals."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, betaln, expit, gammaln, roots_genlaguerre, roots_jacobi

from retention_ledger.prediction import lifetime_value as lv

PUBLISHED = lv.PurchaseModel(0.243, 4.414, 0.793, 2.426, math.nan, 2357, True, "")


# ---------------------------------------------------------------------------------------------
# CDNOW: the data of the published results


def dataset(name: str) -> Path:
    """A data file of the package lifetimes, which is found but not imported."""
    found = importlib.util.find_spec("lifetimes")
    if found is None:
        pytest.skip("the package lifetimes, whose data files this test reads, is not installed")
    return Path(next(iter(found.submodule_search_locations))) / "datasets" / name


@pytest.fixture(scope="module")
def cdnow():
    """frequency, recency and age in weeks of 2,357 customers."""
    rows = np.loadtxt(dataset("cdnow_customers_summary.csv"), delimiter=",", skiprows=1)
    return rows[:, 1], rows[:, 2], rows[:, 3]


@pytest.fixture(scope="module")
def cdnow_spend():
    """frequency and mean value in dollars of the same customers."""
    name = "cdnow_customers_summary_with_transactions.csv"
    rows = np.loadtxt(dataset(name), delimiter=",", skiprows=1)
    return rows[:, 1], rows[:, 4]


@pytest.fixture(scope="module")
def cdnow_model(cdnow):
    return lv.fit_purchase_model(*cdnow)


def test_purchase_parameters_are_the_published_ones(cdnow_model):
    """Fader, Hardie and Lee 2005."""
    assert cdnow_model.converged
    assert cdnow_model.customers == 2357
    assert cdnow_model.r == pytest.approx(0.243, abs=0.0005)
    assert cdnow_model.alpha == pytest.approx(4.414, abs=0.0005)
    assert cdnow_model.a == pytest.approx(0.793, abs=0.0005)
    assert cdnow_model.b == pytest.approx(2.426, abs=0.0005)
    assert cdnow_model.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_parameters_with_a_chance_to_leave_at_first_are_the_published_ones(cdnow):
    """MBG/NBD: Batislam, Denizel and Filiztekin 2007."""
    model = lv.fit_purchase_model(*cdnow, leaves_at_first=True)
    assert model.converged and model.name == "MBG/NBD"
    assert model.r == pytest.approx(0.525, abs=0.0005)
    assert model.alpha == pytest.approx(6.183, abs=0.0005)
    assert model.a == pytest.approx(0.891, abs=0.0005)
    assert model.b == pytest.approx(1.614, abs=0.0005)
    assert model.log_likelihood > -9582.2  # a little more likely than BG/NBD


def test_spend_parameters_are_the_published_ones(cdnow_spend):
    """Fader and Hardie 2013."""
    model = lv.fit_spend_model(*cdnow_spend)
    assert model.converged
    assert (model.customers, model.left_out) == (946, 1411)
    assert "1,411 left out" in model.message
    assert model.p == pytest.approx(6.25, abs=0.005)
    assert model.q == pytest.approx(3.74, abs=0.005)
    assert model.v == pytest.approx(15.44, abs=0.01)


def test_expected_purchases_match_a_series_for_every_customer(cdnow, cdnow_model):
    """Equation (10) as it stands, its hypergeometric function summed term by term."""
    x, t_x, age = cdnow
    r, alpha, a, b = (getattr(cdnow_model, name) for name in ("r", "alpha", "a", "b"))
    for t in (1.0, 39.0, 520.0):
        z = t / (alpha + age + t)
        n = np.arange(6000)[:, None]
        term = (r + x + n) * (b + x + n) / ((a + b + x - 1 + n) * (n + 1)) * z
        series = 1 + np.exp(np.cumsum(np.log(term[:-1]), axis=0)).sum(axis=0)
        bracket = 1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * series
        odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
        expected = (a + b + x - 1) / (a - 1) * bracket / (1 + (x > 0) * odds)
        got = cdnow_model.expected_purchases(t, x, t_x, age)
        np.testing.assert_allclose(got, expected, rtol=1e-8)


def test_probability_alive_matches_the_published_formula_for_every_customer(cdnow, cdnow_model):
    x, t_x, age = cdnow
    r, alpha, a, b = (getattr(cdnow_model, name) for name in ("r", "alpha", "a", "b"))
    odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
    expected = np.where(x > 0, 1 / (1 + odds), 1.0)
    np.testing.assert_allclose(cdnow_model.probability_alive(x, t_x, age), expected, rtol=1e-12)


def test_the_published_spreadsheet(cdnow_model):
    """brucehardie.com/notes/004: one customer's next 39 weeks; a new customer, by weeks."""
    assert PUBLISHED.expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=0.0005)
    new = cdnow_model.expected_purchases([0.1429, 1, 3, 31.8571, 32, 78], 0, 0, 0)
    assert new == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=0.0005)


def test_forecast_of_the_following_39_weeks_beats_the_naive_one(cdnow, cdnow_model):
    ids, days = [], []
    for line in dataset("CDNOW_sample.txt").read_text().splitlines():
        if line.strip():
            _, customer, day, *_ = line.split()
            ids.append(int(customer))
            days.append(np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}"))
    bought = np.unique(np.array(list(zip(ids, np.array(days).astype(int), strict=True))), axis=0)
    end = np.datetime64("1997-09-30").astype(int)
    x, t_x, age = cdnow
    before, after = bought[bought[:, 1] <= end, 0], bought[bought[:, 1] > end, 0]
    np.testing.assert_array_equal(np.bincount(before, minlength=2358)[1:] - 1, x)
    report = lv.holdout_error(
        np.bincount(after, minlength=2358)[1:],
        cdnow_model.expected_purchases(39, x, t_x, age),
        lv.naive_purchases(x, age, 39),
    )
    assert report.customers == 2357
    assert abs(report.predicted_total_error) < 0.15 < 0.5 < abs(report.naive_total_error)
    assert report.predicted_mean_absolute_error < report.naive_mean_absolute_error


def test_weights_are_the_same_as_repetition(cdnow, cdnow_spend):
    weight = 1 + np.arange(2357) % 3
    weight[::50] = 0
    pairs = (
        (lv.fit_purchase_model, cdnow),
        (lv.fit_spend_model, cdnow_spend),
    )
    for fit, columns in pairs:
        weighted = fit(*columns, weight=weight)
        repeated = fit(*(np.repeat(column, weight) for column in columns))
        assert weighted.converged
        assert weighted.message == repeated.message
        for field in dataclasses.fields(weighted):
            if field.name != "message":
                expected = getattr(repeated, field.name)
                assert getattr(weighted, field.name) == pytest.approx(expected, rel=1e-9)


def test_the_unit_of_time_does_not_matter(cdnow, cdnow_model):
    x, t_x, age = cdnow
    in_days = lv.fit_purchase_model(x, t_x * 7, age * 7)
    for name, factor in (("r", 1), ("alpha", 7), ("a", 1), ("b", 1)):
        expected = getattr(cdnow_model, name) * factor
        assert getattr(in_days, name) == pytest.approx(expected, rel=1e-9)
    shift = x.sum() * math.log(7)
    assert in_days.log_likelihood == pytest.approx(cdnow_model.log_likelihood - shift, rel=1e-12)
    np.testing.assert_allclose(
        in_days.expected_purchases(273, x, t_x * 7, age * 7),
        cdnow_model.expected_purchases(39, x, t_x, age),
        rtol=1e-8,
    )


def test_the_currency_does_not_matter(cdnow_spend):
    x, m = cdnow_spend
    dollars, cents = lv.fit_spend_model(x, m), lv.fit_spend_model(x, m * 100)
    assert (cents.p, cents.q) == pytest.approx((dollars.p, dollars.q), rel=1e-9)
    assert cents.v == pytest.approx(dollars.v * 100, rel=1e-9)
    shift = 946 * math.log(100)
    assert cents.log_likelihood == pytest.approx(dollars.log_likelihood - shift, rel=1e-12)


# ---------------------------------------------------------------------------------------------
# Independent formulas


@pytest.mark.parametrize("at_first", [False, True])
@pytest.mark.parametrize(
    ("x", "t_x", "age"), [(0, 0, 12), (1, 2, 38), (2, 30.43, 38.86), (7, 20, 39), (25, 37, 38)]
)
def test_against_integration_over_rates_and_dropout(x, t_x, age, at_first):
    """The definition: Bayes over (lambda, p), both integrated by Gaussian quadrature."""
    r, alpha, a, b, t = 0.243, 4.414, 0.793, 2.426, 39.0
    published = dataclasses.replace(PUBLISHED, leaves_at_first=at_first)
    chances = x + at_first
    scaled, rate_weight = roots_genlaguerre(60, r + x - 1)  # lambda^(r+x-1) e^-lambda
    node, p_weight = roots_jacobi(60, b + max(chances, 1) - 2, a - 1)  # p^(a-1) (1-p)^(b+k-2)
    p = (1 + node) / 2

    def mean(value, rate_of):
        """Integral of value(lambda, p) times what the weights leave out."""
        rate = scaled / rate_of
        return (rate_weight @ value(rate[:, None], p[None, :]) @ p_weight) / rate_of ** (r + x)

    keep = 1 if chances else 0
    active = mean(lambda _, p: np.broadcast_to((1 - p) ** keep, (60, 60)), alpha + age)
    gone = mean(lambda _, p: np.broadcast_to(p, (60, 60)), alpha + t_x) if chances else 0.0
    bought = mean(
        lambda rate, p: (1 - p) ** keep * -np.expm1(-rate * p * t) / p,
        alpha + age,
    )
    assert published.probability_alive(x, t_x, age) == pytest.approx(
        active / (active + gone), rel=1e-9
    )
    assert published.expected_purchases(t, x, t_x, age) == pytest.approx(
        bought / (active + gone), rel=1e-8
    )


def purchases_by_counting(r, a, b, x, u):
    """Sum over j of P(at least j purchases if none leaves) E[(1 - p)^(j - 1)]: nothing cancels."""
    j = np.arange(1, 10_001)
    reached = betainc(j, r + x, u / (1 + u))
    return float(reached @ np.exp(betaln(a, b + x + j - 1) - betaln(a, b + x)))


@pytest.mark.parametrize("a", [0.05, 0.793, 1.0, 1.0 + 1e-9, 1.0001, 2.0, 30.0, 3000.0])
@pytest.mark.parametrize("b", [0.05, 0.207, 2.426, 40.0, 9000.0])
def test_expected_purchases_where_the_formula_is_difficult(a, b):
    """a = 1, a + b = 1, many purchases (2F1 overflows), short and long horizons."""
    for r in (0.02, 0.243, 60.0):
        x = np.array([0, 0, 0, 1, 1, 12, 12, 300, 300, 2500, 2500])
        u = np.array([1e-5, 0.3, 40, 1e-4, 9, 0.01, 3, 0.001, 2, 0.05, 0.9])
        expected = [purchases_by_counting(r, a, b, *row) for row in zip(x, u, strict=True)]
        got = lv._purchases_if_alive(r, a, b, x.astype(float), u)
        np.testing.assert_allclose(got, expected, rtol=1e-7)
        integrated = lv._quadrature_if_alive(r, a, b, x.astype(float), u)
        np.testing.assert_allclose(integrated, expected, rtol=1e-7)


def test_gradients_match_finite_differences():
    random = np.random.default_rng(7)
    x = random.integers(0, 9, 400).astype(float)
    age = random.uniform(0.2, 3.0, 400)
    recency = np.where(x > 0, age * random.uniform(0.1, 1.0, 400), 0.0)
    weight = random.integers(1, 5, 400).astype(float)
    value = random.gamma(2.0, 1.0, 400)
    used = x > 0
    cases = (
        (lv._purchase_objective(False, x, recency, age, weight), 4),
        (lv._purchase_objective(True, x, recency, age, weight), 4),
        (lv._spend_objective(x[used], value[used], weight[used]), 3),
    )
    step = 1e-3
    for objective, parameters in cases:
        for _ in range(5):
            at = random.normal(0, 1, parameters)
            for which, shift in enumerate(np.eye(parameters) * step):
                near = objective(at + shift)[0] - objective(at - shift)[0]
                far = objective(at + 2 * shift)[0] - objective(at - 2 * shift)[0]
                assert objective(at)[1][which] == pytest.approx(
                    (8 * near - far) / (12 * step), rel=1e-7, abs=1e-9
                )


def test_the_likelihood_is_the_published_one():
    """One customer at a time, against the formula of section 7 written out."""
    r, alpha, a, b = 0.5, 2.0, 0.7, 3.0
    cases = [
        (x, at_first) for x in ((0, 0, 5), (1, 2, 5), (6, 4.5, 5)) for at_first in (False, True)
    ]
    for (x, t_x, age), at_first in cases:
        k = x + at_first  # in MBG/NBD the first purchase is one more chance to leave
        first = gammaln(r + x) - gammaln(r) + r * math.log(alpha)
        second = gammaln(a + b) + gammaln(b + k) - gammaln(b) - gammaln(a + b + k)
        third = (alpha + age) ** -(r + x)
        fourth = a / (b + k - 1) * (alpha + t_x) ** -(r + x) if k else 0.0
        columns = (np.array([float(value)]) for value in (x, t_x, age, 1))
        got = -lv._purchase_objective(at_first, *columns)(np.log([r, alpha, a, b]))[0]
        assert got == pytest.approx(first + second + math.log(third + fourth), rel=1e-12)


def test_average_value_is_a_weighted_mean():
    model = lv.SpendModel(6.25, 3.74, 15.44, math.nan, 946, True, "")
    overall = 6.25 * 15.44 / 2.74
    assert model.expected_average_value(0, np.nan) == pytest.approx(overall)
    weight = 6.25 * 3 / (6.25 * 3 + 2.74)
    expected = weight * 50 + (1 - weight) * overall
    assert model.expected_average_value(3, 50) == pytest.approx(expected)
    masked = np.ma.MaskedArray([50.0, 0.0], mask=[False, True])
    assert model.expected_average_value([3, 0], masked) == pytest.approx([expected, overall])
    assert model.expected_average_value(3, -5) == model.expected_average_value(3, 0) > 0


def test_discounting_is_the_sum_over_steps():
    x, t_x, age = np.array([0, 1, 5]), np.array([0, 10, 300]), np.array([40, 400, 365])
    model = dataclasses.replace(PUBLISHED, alpha=4.414 * 7)
    ends = [0, 30, 60, 90, 100]
    until = [model.expected_purchases(end, x, t_x, age) for end in ends]
    expected = sum(
        (until[k] - until[k - 1]) / 1.1 ** ((ends[k - 1] + ends[k]) / 2 / 365.25)
        for k in range(1, len(ends))
    )
    got = lv.discounted_purchases(model, x, t_x, age, 100, 0.1, 365.25, 30)
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    undiscounted = lv.discounted_purchases(model, x, t_x, age, 90, 0.0, 365.25, 30)
    np.testing.assert_allclose(undiscounted, until[3], rtol=1e-12)
    one_step = lv.discounted_purchases(model, x, t_x, age, 90, 0.1, 365.25, 90)
    np.testing.assert_allclose(one_step, until[3] / 1.1 ** (45 / 365.25), rtol=1e-9)
    fine = lv.discounted_purchases(model, x, t_x, age, 90, 0.1, 365.25, 0.5)
    coarse = lv.discounted_purchases(model, x, t_x, age, 90, 0.1, 365.25, 30)
    np.testing.assert_allclose(fine, coarse, rtol=1e-4)


def test_holdout_error():
    naive = lv.naive_purchases([0, 2, 4, 0], [10, 10, 20, 0], 5)
    assert naive.tolist() == [0, 1, 1, 0]
    report = lv.holdout_error([0, 1, 3, 0], [0.5, 1, 1.5, 0], naive)
    assert report == lv.HoldoutError(4, 4, 3, 2, 0.5, 0.5)
    assert (report.predicted_total_error, report.naive_total_error) == (-0.25, -0.5)
    weighted = lv.holdout_error([0, 1, 3], [0.5, 1, 1.5], naive[:3], weight=[1, 0, 2])
    repeated = lv.holdout_error([0, 3, 3], [0.5, 1.5, 1.5], [0, 1, 1])
    assert weighted == repeated
    nothing = lv.holdout_error([], [], [])
    assert math.isnan(nothing.predicted_mean_absolute_error)
    assert math.isnan(nothing.predicted_total_error)


def test_distinct_rows():
    random = np.random.default_rng(11)
    wide = random.permutation(np.arange(3000)).astype(float)
    cases = {
        "whole numbers": [random.integers(0, 5, 3000).astype(float) for _ in range(3)],
        "sparse": [random.integers(0, 2**19, 3000) // 2**17 * 1.0 + 2**18 for _ in range(3)],
        "fractions": [random.integers(0, 5, 3000) / 7 for _ in range(3)],
        "more codes than an integer holds": [np.floor(wide * 340) for _ in range(7)],
        "none": [np.zeros(0)] * 2,
    }
    for name, columns in cases.items():
        rows, places = lv._distinct(columns)
        np.testing.assert_array_equal(
            np.column_stack(rows), np.unique(np.column_stack(columns), axis=0), err_msg=name
        )
        for row, column in zip(rows, columns, strict=True):
            np.testing.assert_array_equal(row[places], column, err_msg=name)


# ---------------------------------------------------------------------------------------------
# Simulated customers


def simulate(random, age, r, alpha, a, b):
    """frequency and recency of customers who behave as BG/NBD says; b alone: the same p for all."""
    rate = random.gamma(r, 1 / alpha, len(age))
    leave = np.full(len(age), b) if a is None else random.beta(a, b, len(age))
    x, t_x = np.zeros(len(age)), np.zeros(len(age))
    left, now = np.arange(len(age)), np.zeros(len(age))
    while len(left):
        now = now + random.exponential(1 / np.maximum(rate[left], 1e-300))
        left, now = left[now < age[left]], now[now < age[left]]
        x[left] += 1
        t_x[left] = now
        stays = random.random(len(left)) >= leave[left]
        left, now = left[stays], now[stays]
    return x, t_x


def test_simulated_customers_give_their_parameters_back():
    """60,000 distinct rows, so that the search begins on some of them."""
    random = np.random.default_rng(20)
    age = random.uniform(30, 900, 60_000)
    x, t_x = simulate(random, age, 0.9, 60.0, 0.8, 2.4)
    model = lv.fit_purchase_model(x, t_x, age)
    assert model.converged, model.message
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.9, 60, 0.8, 2.4], rel=0.06)


def test_simulated_forecast_is_right_in_total_and_by_frequency():
    random = np.random.default_rng(21)
    until, later = np.full(60_000, 365.0), 180.0
    rate, leave = random.gamma(0.9, 1 / 60.0, 60_000), random.beta(0.8, 2.4, 60_000)
    x, t_x, after = np.zeros(60_000), np.zeros(60_000), np.zeros(60_000)
    left, now = np.arange(60_000), np.zeros(60_000)
    while len(left):
        now = now + random.exponential(1 / np.maximum(rate[left], 1e-300))
        left, now = left[now < 365 + later], now[now < 365 + later]
        early = now < 365
        x[left[early]] += 1
        t_x[left[early]] = now[early]
        after[left[~early]] += 1
        stays = random.random(len(left)) >= leave[left]
        left, now = left[stays], now[stays]
    model = lv.PurchaseModel(0.9, 60.0, 0.8, 2.4, math.nan, 0, True, "")
    forecast = model.expected_purchases(later, x, t_x, until)
    assert forecast.sum() == pytest.approx(after.sum(), rel=0.02)
    for low, high in ((0, 0), (1, 1), (2, 4), (5, 9), (10, 1000)):
        which = (x >= low) & (x <= high)
        assert forecast[which].sum() == pytest.approx(after[which].sum(), rel=0.08)


def test_simulated_spending_gives_its_parameters_back():
    random = np.random.default_rng(22)
    x = random.integers(0, 8, 60_000)
    total = random.gamma(6.0 * np.maximum(x, 1), 1 / random.gamma(3.7, 1 / 15.0, 60_000))
    model = lv.fit_spend_model(x, total / np.maximum(x, 1))
    assert model.converged, model.message
    assert model.left_out == (x == 0).sum()
    assert [model.p, model.q, model.v] == pytest.approx([6.0, 3.7, 15.0], rel=0.06)


def test_a_million_customers_are_scored():
    random = np.random.default_rng(23)
    age = random.integers(0, 1500, 1_000_000).astype(float)
    x = np.where(age > 0, random.geometric(0.25, 1_000_000) - 1.0, 0.0)
    x[:1000] = np.where(age[:1000] > 0, 5000.0, 0.0)
    t_x = np.where(x > 0, np.ceil(age * random.random(1_000_000)), 0.0)
    t_x = np.where(x > 0, np.maximum(t_x, 1.0), 0.0)
    alive = PUBLISHED.probability_alive(x, t_x, age)
    expected = PUBLISHED.expected_purchases(365, x, t_x, age)
    discounted = lv.discounted_purchases(PUBLISHED, x, t_x, age, 365, 0.1, 365.25, 30)
    assert alive.shape == expected.shape == discounted.shape == (1_000_000,)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert np.isfinite(expected).all() and (expected >= 0).all()
    assert ((discounted >= 0) & (discounted <= expected * (1 + 1e-8))).all()


# ---------------------------------------------------------------------------------------------
# What cannot be fitted, and what is refused


def refused(model, *said):
    assert not model.converged
    assert model.message.endswith(".")
    for words in said:
        assert words in model.message


def test_too_little_to_fit():
    refused(lv.fit_purchase_model([], [], []), "no customers")
    refused(lv.fit_purchase_model([0, 0], [0, 0], [3, 4]), "No customer has a repeat purchase")
    random = np.random.default_rng(30)
    age = random.uniform(30, 900, 49)
    few = lv.fit_purchase_model(np.ones(49), age / 2, age)
    refused(few, "a repeat purchase: 49", "At least 50")
    assert math.isnan(few.r) and few.customers == 49
    refused(lv.fit_purchase_model([1, 0], [3, 0], [9, 9], weight=[0, 80]), "No customer")
    refused(lv.fit_spend_model([0, 1], [5.0, 0.0]), "No customer has")
    refused(lv.fit_spend_model([2, 1], [5.0, 3.0], weight=[20, 10]), ": 30.", "At least 50")


def test_a_model_that_was_not_fitted_answers_nan():
    purchases, spending = lv.fit_purchase_model([], [], []), lv.fit_spend_model([], [])
    assert np.isnan(purchases.probability_alive([0, 1], [0, 2], [3, 3])).all()
    assert np.isnan(purchases.expected_purchases(30, [0, 1], [0, 2], [3, 3])).all()
    assert np.isnan(lv.discounted_purchases(purchases, [0], [0], [3], 365, 0.1, 365, 30)).all()
    assert np.isnan(spending.expected_average_value([0, 1], [0, 2])).all()


@pytest.mark.parametrize("recency", [10, 30])
def test_customers_all_alike_have_no_maximum(recency):
    model = lv.fit_purchase_model([2], [recency], [30], weight=[1000])
    refused(model, "no maximum", "do not vary")


def test_customers_who_never_leave_do_not_determine_dropout():
    random = np.random.default_rng(31)
    age = random.uniform(100, 700, 3000)
    x = random.geometric(0.2, 3000) - 1.0
    model = lv.fit_purchase_model(x, np.where(x > 0, age, 0), age)  # all bought on the last day
    refused(model, "no maximum")


@pytest.mark.parametrize(
    ("flat", "said"), [(1e-12, "do not determine"), (math.nan, "not a number"), (1.0, "")]
)
def test_a_maximum_must_be_one(flat, said):
    def objective(logs):
        curve = np.array([1.0, flat])
        return curve @ (logs - 1) ** 2, 2 * curve * (logs - 1)

    starts, units = [[1.0, 1.0], [2.0, 5.0]], np.array([1.0, 7.0])
    found = lv._maximise(objective, objective, ("a", "b"), units, starts, 1000)
    if said:
        assert said in found.problem
    else:
        assert found.problem == ""
        assert found.parameters == pytest.approx([math.e, 7 * math.e])


def test_the_same_chance_of_leaving_for_all_is_a_ridge_not_a_maximum():
    """Only a / b is determined: the likelihood rises, ever less, as both grow."""
    random = np.random.default_rng(30)
    age = random.uniform(100, 700, 30_000)
    x, t_x = simulate(random, age, 0.9, 60.0, None, 0.2)
    model = lv.fit_purchase_model(x, t_x, age)
    refused(model)
    assert model.a / (model.a + model.b) == pytest.approx(0.2, abs=0.01)


def test_spending_that_cannot_be_fitted():
    refused(lv.fit_spend_model(np.full(500, 2), np.full(500, 10.0)), "no maximum")
    random = np.random.default_rng(33)
    heavy = random.gamma(6.0, 1 / random.gamma(0.8, 1 / 15.0, 5000))
    model = lv.fit_spend_model(np.ones(5000), heavy)
    refused(model, "not finite", "q is 0.")
    assert np.isnan(model.expected_average_value(0, 0))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (([1, 2], [1], [3, 3]), "lengths differ"),
        (([[1]], [[1]], [[3]]), "one for each customer"),
        (([-1], [0], [3]), "frequency has negative"),
        (([0], [0], [-3]), "age has negative"),
        (([1], [-1], [3]), "recency has negative"),
        (([1], [4], [3]), "recency is above age"),
        (([1], [0], [3]), "frequency is above 0 where recency is 0"),
        (([0], [2], [3]), "recency is above 0 where frequency is 0"),
        (([1.5], [2], [3]), "whole numbers"),
        (([1], [math.nan], [3]), "recency has missing"),
        (([1], [2], [math.inf]), "age has missing or infinite"),
        ((["many"], [2], [3]), "numbers only"),
        (([1], [2], np.ma.MaskedArray([3], mask=[True])), "age has missing"),
        (([1], [2], [3], [-1]), "weight has negative"),
        (([1], [2], [3], [1, 1]), "weight must have 1 values"),
        (([1], [2], [3], [math.nan]), "weight has missing"),
    ],
)
def test_malformed_histories_are_refused(columns, said):
    with pytest.raises(ValueError, match=said) as raised:
        lv.fit_purchase_model(*columns)
    assert str(raised.value).endswith(".")
    if len(columns) == 3 and said not in ("lengths differ", "one for each customer"):
        with pytest.raises(ValueError, match=said):
            PUBLISHED.probability_alive(*columns)
        with pytest.raises(ValueError, match=said):
            PUBLISHED.expected_purchases(30, *columns)


def test_other_malformed_input_is_refused():
    with pytest.raises(ValueError, match="shapes differ"):
        PUBLISHED.probability_alive([1, 1], [1, 1, 1], [3, 3])
    with pytest.raises(ValueError, match="units has negative"):
        PUBLISHED.expected_purchases(-1, 1, 2, 3)
    with pytest.raises(ValueError, match="mean_value is missing"):
        lv.fit_spend_model([0, 1], [math.nan, math.nan])
    with pytest.raises(ValueError, match="lengths differ"):
        lv.fit_spend_model([0, 1], [2.0])
    with pytest.raises(ValueError, match="whole numbers"):
        lv.fit_spend_model([0.5], [2.0])
    with pytest.raises(ValueError, match="lengths differ"):
        lv.holdout_error([1], [1, 2], [1])
    for wrong in ({"horizon": 0}, {"step": -1}, {"discount_rate_per_year": -0.1}, {"step": [1]}):
        settings_ = {"horizon": 365, "discount_rate_per_year": 0.1, "step": 30} | wrong
        with pytest.raises(ValueError, match=next(iter(wrong))):
            lv.discounted_purchases(PUBLISHED, [1], [2], [3], units_per_year=365, **settings_)


# ---------------------------------------------------------------------------------------------
# For all parameters and histories


def between(low, high):
    return st.floats(math.log(low), math.log(high)).map(math.exp)


models = st.builds(
    lv.PurchaseModel,
    r=between(0.01, 100),
    alpha=between(0.01, 1000),
    a=between(0.01, 100),
    b=between(0.01, 100),
    log_likelihood=st.just(0.0),
    customers=st.just(1),
    converged=st.just(True),
    message=st.just(""),
)


@st.composite
def histories(draw):
    age = draw(st.floats(0.01, 3000))
    frequency = draw(st.integers(0, 3000))
    share = draw(st.floats(0.001, 1)) if frequency else 0.0
    return frequency, age * share, age


@settings(deadline=None)
@given(models, histories())
def test_probability_alive_is_a_probability(model, history):
    assert 0 <= model.probability_alive(*history) <= 1


@settings(deadline=None)
@given(models, histories(), st.lists(st.floats(0, 5000), min_size=2, max_size=6))
def test_expected_purchases_grow_with_time(model, history, times):
    times = np.sort(times)
    expected = model.expected_purchases(times, *history)
    assert np.isfinite(expected).all() and (expected >= 0).all()
    assert (np.diff(expected) >= -1e-8 * expected[1:]).all()
    rate = (model.r + history[0]) / (model.alpha + history[2])
    assert (expected <= rate * times * (1 + 1e-8)).all()  # never more than if nobody left


@settings(deadline=None)
@given(models, histories())
def test_a_more_recent_purchase_is_a_better_sign(model, history):
    frequency, _, age = history
    later = model.probability_alive(frequency, age if frequency else 0.0, age)
    assert later >= model.probability_alive(*history) - 1e-12
    if frequency:
        chance = expit(math.log(model.b + frequency - 1 + 1e-300) - math.log(model.a))
        assert later == pytest.approx(chance, rel=1e-9)
