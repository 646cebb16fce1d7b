"""Seasonal indices: found where they were put in, and nothing found where nothing is.

The SQL of the models runs here over made-up series, many at once: a basis of `retention_by_period` can have any name.
"""

import math
import random
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import dbt, records
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_ledger.demo.customers_orders import SEASON

MODELS = ("int_seasonal_ratios", "int_seasonal_indices", "seasonally_adjusted_by_period")
MILLIONTH = Decimal("0.000001")
LENGTHS = {"month": 12, "week": 52}


@pytest.fixture(scope="module")
def models(demo_manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The compiled SQL of the models of a season, over tables without a schema."""
    run = dbt(
        "compile", "--select", *MODELS, manifest=demo_manifest.deepcopy(),
        database=tmp_path_factory.mktemp("compiled") / "built.duckdb",
    )  # fmt: skip
    assert run.ok, run.text
    compiled = {each.node.name: each.node.compiled_code for each in run.outcome.result.results}
    return {
        name: re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", compiled[name])
        for name in MODELS
    }  # fmt: skip


def month_starts(count: int, first: date = date(2018, 1, 1)) -> list[date]:
    """`count` months from `first` on."""
    return [
        date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1)
        for i in range(count)
    ]


def seasonal(
    models: Mapping[str, str],
    series: Mapping[str, list[float | None]],
    grain: str = "month",
    first: date = date(2018, 1, 1),
) -> tuple[dict[str, list[dict]], list[dict]]:
    """Name -> its indices in the order of the positions, and the adjusted series, of churn rates."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table retention_by_period (basis varchar, period_grain varchar, period_start date,"
            " period_status varchar, segment_dimension varchar, customer_churn_rate decimal(28, 6),"
            " win_back_rate decimal(28, 6));"
            "create table repeat_purchase_by_period (period_grain varchar, period_start date, period_status varchar,"
            " segment_dimension varchar, orders bigint, gross_revenue decimal(28, 2));"
            "create table mrr_by_period (period_grain varchar, period_start date, period_status varchar,"
            " segment_dimension varchar, new_mrr decimal(28, 2), closing_mrr decimal(28, 2),"
            " mrr_churn_rate decimal(28, 6))"
        )
        rows = []
        for name, values in series.items():
            starts = (
                month_starts(len(values), first)
                if grain == "month"
                else [first + timedelta(weeks=i) for i in range(len(values))]
            )
            rows += [
                (name, grain, start, "complete", "all", value, None)
                for start, value in zip(starts, values, strict=True)
            ]
        connection.executemany("insert into retention_by_period values (?, ?, ?, ?, ?, ?, ?)", rows)
        for name in MODELS:
            connection.execute(f"create table {name} as {models[name]}")

        def asked(sql: str) -> list[dict]:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        indices = defaultdict(list)
        for row in asked(
            "select * from int_seasonal_indices where metric = 'customer_churn_rate' order by basis, season_position"
        ):
            indices[row["basis"]].append(row)
        adjusted = asked(
            "select * from seasonally_adjusted_by_period where metric = 'customer_churn_rate'"
            " order by basis, period_start"
        )
    return dict(indices), adjusted


# --- What is put in is found ----------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    season=st.lists(st.floats(0.5, 1.5), min_size=12, max_size=12).filter(
        lambda found: max(found) > 1.3 * min(found)
    ),
    level=st.floats(50, 5000),
    slope=st.floats(-0.3, 1.0),
    first_month=st.integers(1, 12),
    years=st.integers(3, 6),
)
def test_a_season_on_a_trend_is_found(
    models: dict, season: list, level: float, slope: float, first_month: int, years: int
) -> None:
    scale = 12 / sum(season)
    starts = month_starts(12 * years, date(2018, first_month, 1))
    values = [
        level * (1 + slope * i / len(starts)) * season[start.month - 1] * scale
        for i, start in enumerate(starts)
    ]
    indices, adjusted = seasonal(models, {"a": values}, first=starts[0])
    assert all(row["is_seasonal"] for row in indices["a"])
    assert {row["complete_cycles"] for row in indices["a"]} == {years - 1}
    for row, put_in in zip(indices["a"], season, strict=True):
        assert float(row["seasonal_index"]) == pytest.approx(put_in * scale, rel=0.05)
    # What is left is the trend.
    for i, row in enumerate(adjusted):
        trend = level * (1 + slope * i / len(starts))
        assert float(row["seasonally_adjusted_value"]) == pytest.approx(trend, rel=0.06)


def test_noise_is_no_season_in_the_great_majority(models: dict) -> None:
    rng = random.Random(11)
    series = {
        f"{years} years, {i}": [100 * math.exp(rng.gauss(0, 0.2)) for _ in range(12 * years)]
        for years in (3, 4, 6)
        for i in range(100)
    }
    indices, adjusted = seasonal(models, series)
    found = [name for name, rows in indices.items() if rows[0]["is_seasonal"]]
    assert len(indices) == 300 and len(found) <= 3
    assert all(
        row["value"] == row["seasonally_adjusted_value"]
        for row in adjusted
        if row["basis"] not in found
    )


def test_weeks_have_a_season_of_52(models: dict) -> None:
    rng = random.Random(5)
    first = date(2018, 1, 1)  # a Monday; 2020 has 53 ISO weeks
    weeks = [first + timedelta(weeks=i) for i in range(4 * 52 + 20)]
    wave = [
        100 * (1 + 0.5 * math.sin(2 * math.pi * week.isocalendar().week / 52)) for week in weeks
    ]
    series = {"wave": [each * math.exp(rng.gauss(0, 0.05)) for each in wave], "flat": [7.0] * 228}
    indices, _ = seasonal(models, series, "week", first)
    assert [row["season_position"] for row in indices["wave"]] == list(range(1, 53))
    assert all(row["is_seasonal"] for row in indices["wave"])
    assert float(indices["wave"][12]["seasonal_index"]) == pytest.approx(1.5, rel=0.1)
    assert not any(row["is_seasonal"] for row in indices["flat"])
    assert {row["seasonal_index"] for row in indices["flat"]} == {1}


# --- What there is no season of -------------------------------------------------------------


def test_a_flat_series_stays_flat_and_few_years_say_nothing(models: dict) -> None:
    waves = [1 + (i % 12 == 11) for i in range(48)]
    series: dict[str, list] = {
        "flat": [0.1] * 48,
        "trend only": [10.0 + i for i in range(48)],
        "zeros": [0.0] * 48,
        # Three years are two cycles of ratios; a month less is one.
        "three years": waves[:36],
        "a month less": waves[:35],
        "half a year": waves[:6],
        # The first month has no opening customers: its year of ratios begins a month later.
        "no first rate": [None, *waves[1:36]],
        "nothing in August": [0.0 if i % 12 == 7 else 0.1 for i in range(48)],
    }
    indices, adjusted = seasonal(models, series)
    for name in ("flat", "trend only"):
        assert {row["mean_ratio"] for row in indices[name]} == {1}
        assert {(row["seasonal_index"], row["is_seasonal"]) for row in indices[name]} == {
            (1, False)
        }
    # No trend above 0, so no ratio: no cycle was observed.
    for name in ("zeros", "a month less", "half a year", "no first rate"):
        assert {row["seasonal_index"] for row in indices[name]} == {None}, name
        assert {row["is_seasonal"] for row in indices[name]} == {None}, name
    assert {row["complete_cycles"] for row in indices["a month less"]} == {1}
    # The same every year: nothing differs within a month, F has no value, and it is a season.
    assert {(row["f_value"], row["is_seasonal"]) for row in indices["three years"]} == {
        (None, True)
    }
    assert float(indices["three years"][11]["seasonal_index"]) == pytest.approx(24 / 13, abs=1e-5)
    # A month in which nothing happens, ever, has the ratio 0, and no adjusted value.
    august = indices["nothing in August"][7]
    assert (august["seasonal_index"], august["is_seasonal"]) == (0, True)
    assert {
        row["seasonally_adjusted_value"]
        for row in adjusted
        if row["basis"] == "nothing in August" and row["period_start"].month == 8
    } == {None}
    assert len([row for row in adjusted if row["basis"] == "no first rate"]) == 35


# --- The demo ---------------------------------------------------------------------------------


def rounded(value: Fraction) -> Decimal:
    """Half away from zero, to a millionth."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(MILLIONTH, ROUND_HALF_UP)


def position(grain: str, start: date) -> int:
    """The calendar month, or the week of the year of the week's fourth day, 53 with 52."""
    if grain == "month":
        return start.month
    fourth = start + timedelta(days=3)
    return min((fourth - date(fourth.year, 1, 1)).days // 7 + 1, 52)


def by_hand(grain: str, values: dict[date, Fraction | None], cycles: int = 2) -> dict:
    """Position -> (mean ratio, F, index), from the definition, in fractions."""
    season, starts = LENGTHS[grain], sorted(values)
    half = season // 2
    ratios = defaultdict(list)
    for i in range(half, len(starts) - half):
        around = [values[start] for start in starts[i - half : i + half + 1]]
        if None in around:
            continue
        trend = (sum(around[1:-1]) + (around[0] + around[-1]) / 2) / season
        if trend > 0:
            ratios[position(grain, starts[i])].append(Fraction(rounded(values[starts[i]] / trend)))
    places = sorted({position(grain, start) for start in starts})
    if len(places) < season or min(len(ratios[place]) for place in places) < cycles:
        return {place: (None, None, None) for place in places}
    means = {place: sum(found) / len(found) for place, found in ratios.items()}
    every = [ratio for found in ratios.values() for ratio in found]
    grand = sum(every) / len(every)
    between = sum(len(ratios[place]) * (means[place] - grand) ** 2 for place in places)
    within = sum((ratio - means[place]) ** 2 for place in places for ratio in ratios[place])
    f_value = (between / (season - 1)) / (within / (len(every) - season))
    scale = season / sum(means.values())
    return {
        place: (
            rounded(means[place] * scale),
            f_value,
            rounded(means[place] * scale) if f_value >= 7 else Decimal(1),
        )
        for place in places
    }


def test_the_demo_is_what_the_definition_says(demo_database: Path) -> None:
    sources = {
        "customer_churn_rate": "retention_by_period", "win_back_rate": "retention_by_period",
        "orders": "repeat_purchase_by_period", "gross_revenue": "repeat_purchase_by_period",
        "new_mrr": "mrr_by_period", "closing_mrr": "mrr_by_period", "mrr_churn_rate": "mrr_by_period",
    }  # fmt: skip
    expected = {}
    for metric, mart in sources.items():
        basis = "basis" if mart == "retention_by_period" else "''"
        series = defaultdict(dict)
        for row in records(
            demo_database,
            f"select {basis} as basis, period_grain, period_start, {metric} as value from marts.{mart}"
            " where segment_dimension = 'all' and period_status = 'complete' and period_grain in ('week', 'month')",
        ):
            value = None if row["value"] is None else Fraction(row["value"])
            series[row["basis"], row["period_grain"]][row["period_start"]] = value
        for (name, grain), values in series.items():
            for place, figures in by_hand(grain, values).items():
                expected[metric, name, grain, place] = figures
    found = {
        (
            row["metric"],
            row["basis"] if sources[row["metric"]] == "retention_by_period" else "",
            row["period_grain"],
            row["season_position"],
        ): row
        for row in records(demo_database, "select * from marts.seasonality_by_month")
    }
    assert found.keys() == expected.keys() and len(found) == 600
    for key, (mean_ratio, f_value, index) in expected.items():
        row = found[key]
        assert (row["mean_ratio"], row["seasonal_index"]) == (mean_ratio, index), key
        assert row["is_seasonal"] == (f_value >= 7), key
        assert float(row["f_value"]) == pytest.approx(float(f_value), rel=1e-5), key


def test_the_season_planted_in_the_demo_is_found(demo_database: Path) -> None:
    found = {
        row["season_position"]: row
        for row in records(
            demo_database,
            "select * from marts.seasonality_by_month where metric = 'orders' and period_grain = 'month'",
        )
    }
    average = sum(SEASON.values()) / 12
    assert all(row["is_seasonal"] and row["f_value"] > 50 for row in found.values())
    for month, planted in SEASON.items():
        assert float(found[month]["seasonal_index"]) == pytest.approx(planted / average, abs=0.1)
    # Subscriptions start and grow without a season.
    others = records(
        demo_database,
        "select distinct metric, is_seasonal from marts.seasonality_by_month"
        " where metric in ('new_mrr', 'closing_mrr') and period_grain = 'month'",
    )
    assert [row["is_seasonal"] for row in others] == [False, False]
