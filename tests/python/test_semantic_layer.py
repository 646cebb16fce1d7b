"""What MetricFlow answers is what the marts say, and what it cannot say right cannot be asked.

The engine is used as a library, in this process, on the demo; the command `mf` is called once.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.semantic_manifest import SemanticManifest
from dbt_project import ROOT, query, records
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.errors.error_classes import InvalidQueryException
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from retention_ledger.report.data import MARTS
from retention_ledger.semantic import (
    ADDITIVE,
    GRAINS,
    OF_THE_FIRST,
    OF_THE_LAST,
    WITHOUT_PERIODS,
    Metric,
    definitions,
    documented,
    files_of,
    offers,
)  # fmt: skip

DIMENSIONS = ("country", "acquisition_channel", "customer_segment", "plan")
OVER_TIME = (*ADDITIVE, *OF_THE_FIRST, *OF_THE_LAST)


class Renderer:
    """All that MetricFlow needs to know of the database in order to write SQL for it."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


class Layer:
    """The semantic layer of the demo."""

    def __init__(self, manifest: Manifest, database: Path) -> None:
        self.text = SemanticManifest(manifest)._get_pydantic_semantic_manifest().json()
        self.database = database
        lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(self.text))
        self.engine = MetricFlowEngine(lookup, Renderer())

    def sql(self, metrics: Sequence[str], by: Sequence[str], where: str | None = None) -> str:
        """The SQL that MetricFlow writes for a question."""
        asked = MetricFlowQueryRequest.create(
            metric_names=metrics, group_by_names=by, where_constraints=[where] if where else None
        )
        return self.engine.explain(asked).sql_statement.sql

    def ask(
        self, metrics: Sequence[str], by: Sequence[str] = (), where: str | None = None
    ) -> dict[tuple, tuple]:
        """What `mf query` answers: the values of the group-bys -> those of the metrics."""
        rows = records(self.database, self.sql(metrics, by, where))
        answers = {
            tuple(row[name] for name in by): tuple(row[name] for name in metrics) for row in rows
        }
        assert len(answers) == len(rows)
        return answers


@pytest.fixture(scope="module")
def catalogue(demo_database: Path) -> list[Metric]:
    """The definitions that the marts have."""
    return definitions(demo_database)


@pytest.fixture(scope="module")
def offered(catalogue: list[Metric]) -> list[str]:
    """The metrics of the catalogue that have a row per period."""
    return [metric.metric for metric in catalogue if metric.by_period]


@pytest.fixture(scope="module")
def layer(demo_manifest: Manifest, demo_database: Path) -> Layer:
    return Layer(demo_manifest, demo_database)


def test_the_files_are_those_that_the_catalogue_gives(catalogue: list[Metric]) -> None:
    """`make semantic` writes them again."""
    for path, text in files_of(catalogue).items():
        assert (ROOT / path).read_text() == text, path


def test_the_page_lists_what_is_offered_and_what_is_not(
    catalogue: list[Metric], demo_database: Path
) -> None:
    page = (ROOT / "docs" / "semantic_layer.md").read_text()
    assert documented(page, offers(demo_database, catalogue)) == page
    for metric in catalogue:
        assert f"`{metric.metric}`" in page, metric.metric
    for question in (*UNANSWERED, *(f"`{metric}` by `{by}`" for metric, by in REFUSED)):
        assert f"| {question} |" in page, question


def test_dbt_reads_every_metric_of_the_catalogue(
    layer: Layer, demo_manifest: Manifest, catalogue: list[Metric], offered: list[str]
) -> None:
    """Semantic YAML in the wrong place is read without a word, and makes nothing."""
    assert {model.name for model in demo_manifest.semantic_models.values()} == {"slices", "cells"}
    names = Counter(metric.name for metric in demo_manifest.metrics.values())
    assert len(offered) == 77 and set(names.values()) == {1}
    assert set(names) == {
        *offered, *(f"largest_{name}" for name in offered), "slices", *(f"{name}_over_time" for name in OVER_TIME),
    }  # fmt: skip
    assert {metric.mart for metric in catalogue if not metric.by_period} == set(WITHOUT_PERIODS)
    assert len(layer.engine.list_metrics(include_dimensions=False)) == len(names) == 168


def test_every_metric_grain_and_dimension_is_what_metric_values_says(
    layer: Layer, offered: list[str]
) -> None:
    """77 metrics x 4 grains x the total, 3 attributes and the plan, but for those that a metric does not have (onboarding
    is by month, CAC by channel only), in one question, compared in the database."""
    keys = [f"slice__{key}" for key in ("period", "basis", "segment_dimension", "segment_value")]
    answers = layer.sql(offered, keys)
    [(cases, values, differing, missing, invented)] = query(
        layer.database,
        f"""
        with answers as (
            select * from ({answers}) unpivot include nulls (value for metric in ({", ".join(offered)}))
        ),
        compared as (
            select truth.*, answers.value as found, answers.metric is not null as is_found, answers.value is not null and truth.metric is null as is_invented
            from answers
            full join marts.metric_values as truth
                on answers.metric = truth.metric
                and answers.slice__period = truth.period_grain || ' from ' || truth.period_start
                and answers.slice__basis = truth.basis
                and answers.slice__segment_dimension = truth.segment_dimension
                and answers.slice__segment_value = truth.segment_value
        )
        select
            count(distinct (metric, period_grain, segment_dimension)) filter (metric is not null),
            count(metric),
            count(*) filter (metric is not null and value is distinct from found),
            count(*) filter (not is_found),
            -- Null where a basis or a segment does not have the metric.
            count(*) filter (is_invented)
        from compared
        """,
    )
    assert (differing, missing, invented) == (0, 0, 0)
    assert cases > 1_200 and values > 500_000


#: The basis to ask with (none: the metrics have one) -> metrics of each mart.
OF_EACH_MART = {
    "orders_window": (
        "customer_churn_rate", "closing_customers", "onboarding_repeat_rate", "period_lifetime_value", "customer_acquisition_cost",
    ),
    None: ("grr", "closing_mrr", "returning_purchaser_rate"),
}  # fmt: skip


@pytest.mark.parametrize("grain", GRAINS)
def test_a_grain_and_an_attribute_are_all_that_a_question_needs(layer: Layer, grain: str) -> None:
    """As people ask: a total, and by one attribute, where the row without a value is the total."""
    for basis, names in OF_EACH_MART.items():
        where = f"{{{{ Dimension('slice__basis') }}}} = '{basis}'" if basis else None
        for dimension in (None, *DIMENSIONS):
            by = [f"slice__{grain}_start", *([f"slice__{dimension}"] if dimension else [])]
            answers = layer.ask(names, by, where)
            rows = query(
                layer.database,
                f"""
                select metric, period_start, segment_dimension, segment_value, value from marts.metric_values
                where period_grain = '{grain}' and segment_dimension in ('all', '{dimension or "all"}')
                    and metric in ({", ".join(f"'{name}'" for name in names)}) {f"and basis = '{basis}'" if basis else ""}
                """,
            )
            for metric, start, segment_dimension, segment, value in rows:
                key = (
                    start,
                    *([None if segment_dimension == "all" else segment] if dimension else []),
                )
                assert answers[key][names.index(metric)] == value, (metric, key)
            # Rows of other grains are many periods, of which nothing is said.
            others = [values for key, values in answers.items() if key[0] is None]
            assert all(value is None for values in others for value in values)


def test_what_adds_up_over_time_is_what_the_coarser_grain_says(layer: Layer) -> None:
    """Semi-additive too: a quarter opens with its first month, and closes with its last."""
    names = [f"{name}_over_time" for name in OVER_TIME]
    [(basis,)] = query(layer.database, "select distinct basis from marts.business_cells")
    compared = 0
    for grain in ("month", "quarter", "year"):
        for dimension in (None, *DIMENSIONS[:3]):
            answers = layer.ask(
                names, [f"metric_time__{grain}", *([f"cell__{dimension}"] if dimension else [])]
            )
            truth = query(
                layer.database,
                f"""
                select metric, period_start, segment_value, value from marts.metric_values
                where period_grain = '{grain}' and segment_dimension = '{dimension or "all"}'
                    and basis in ('{basis}', 'subscriptions', 'orders')
                    and (basis = '{basis}' or metric not in (select metric from marts.metric_definitions where mart = 'retention_by_period'))
                    and metric in ({", ".join(f"'{name}'" for name in OVER_TIME)})
                """,
            )
            answers = {(key[0].date(), *key[1:]): values for key, values in answers.items()}
            for metric, start, segment, value in truth:
                values = answers.get((start, *([segment] if dimension else [])))
                # Cells are sparse: nobody there, and nothing happened.
                found = values[OVER_TIME.index(metric)] if values else 0
                assert abs(Decimal(found or 0) - value) <= Decimal("0.005"), (
                    metric,
                    grain,
                    start,
                    segment,
                )
                compared += 1
            assert len(answers) <= len(truth) / len(OVER_TIME)
    assert compared > 15_000


def test_attributes_can_be_combined(layer: Layer) -> None:
    answers = layer.ask(
        ["closing_customers_over_time", "orders_over_time"],
        ["metric_time__quarter", "cell__country", "cell__acquisition_channel"],
    )
    truth = query(
        layer.database,
        """
        select period_start, country, acquisition_channel, sum(closing_customers), sum(orders)
        from marts.business_cells where period_grain = 'quarter' group by all
        """,
    )
    assert len(truth) > 400
    for start, country, channel, *values in truth:
        found = {key[1:]: row for key, row in answers.items() if key[0].date() == start}
        assert [value or 0 for value in found.get((country, channel), (0, 0))] == values


#: What would be a wrong number: the metric, what it is asked by, and a filter.
UNANSWERED = {
    "a quarter of monthly rows": ("retention_rate", ["metric_time__quarter"], "{{ Dimension('slice__period_grain') }} = 'month' and {{ Dimension('slice__basis') }} = 'subscriptions'"),
    "a quarter of all rows": ("retention_rate", ["metric_time__quarter"], None),
    "no period": ("grr", [], None),
    "no basis": ("customer_churn_rate", ["slice__quarter_start"], None),
    "one grain, many periods": ("churned_customers", ["slice__basis"], "{{ Dimension('slice__period_grain') }} = 'month'"),
    "two of the countries": ("grr", ["slice__quarter_start"], "{{ Dimension('slice__country') }} in ('GB', 'DE')"),
    "a country and a channel": ("grr", ["slice__quarter_start"], "{{ Dimension('slice__country') }} = 'GB' or {{ Dimension('slice__acquisition_channel') }} = 'email'"),
    "complete periods": ("closing_mrr", ["slice__period_status"], None),
}  # fmt: skip


@pytest.mark.parametrize("case", UNANSWERED)
def test_a_question_that_leaves_several_rows_has_no_answer(layer: Layer, case: str) -> None:
    metric, by, where = UNANSWERED[case]
    answers = layer.ask([metric], by, where)
    assert answers and {values for values in answers.values()} == {(None,)}


def test_a_partial_period_has_counts_and_no_rates(layer: Layer) -> None:
    partial = "{{ Dimension('slice__period_status') }} = 'partial' and {{ Dimension('slice__basis') }} = 'subscriptions'"
    for grain in ("month", "quarter", "year"):
        [(rate, count)] = layer.ask(
            ["retention_rate", "churned_customers"],
            [f"slice__{grain}_start"],
            f"{partial} and {{{{ Dimension('slice__{grain}_start') }}}} is not null",
        ).values()
        assert rate is None and count > 0


#: What MetricFlow refuses, because no such grain or attribute is there: the metric, and what it is asked by.
REFUSED = (
    ("closing_customers_over_time", "metric_time__week"),
    ("orders_over_time", "metric_time__day"),
    ("orders_over_time", "cell__plan"),
    ("orders_over_time", "slice__country"),
    ("customer_churn_rate", "slice__quarter_start__year"),
    ("customer_churn_rate", "slice__period_start"),
    ("customer_churn_rate", "cell__country"),
    ("retention_rate_over_time", "metric_time__month"),
    ("churned_customers_over_time", "metric_time__quarter"),
    ("window_repeat_rate", "metric_time"),
)  # fmt: skip


@pytest.mark.parametrize(("metric", "by"), REFUSED)
def test_what_cannot_be_said_cannot_be_asked(layer: Layer, metric: str, by: str) -> None:
    with pytest.raises(InvalidQueryException):
        layer.ask([metric], [by])


def test_the_largest_of_the_rows_is_called_that(layer: Layer) -> None:
    """The metrics that the others are made of can be asked, too, and say what their names say."""
    [((largest, rows),)] = [
        tuple(answers.values())
        for answers in [
            layer.ask(["largest_grr", "slices"], [], "{{ Dimension('slice__country') }} = 'GB'")
        ]
    ]
    assert [(largest, rows)] == query(
        layer.database,
        "select max(grr), count(*) from marts.metrics_by_slice where segment_dimension = 'country' and segment_value = 'GB'",
    )


def test_the_time_spine_ends_with_the_data(layer: Layer, demo_manifest: Manifest) -> None:
    assert query(
        layer.database,
        """
        select min(calendar_day), max(calendar_day), count(*) = max(calendar_day) - min(calendar_day) + 1
        from marts.semantic_days
        """,
    ) == query(
        layer.database,
        "select (select min(period_start) from intermediate.int_periods), as_of_date, true from intermediate.int_as_of_date",
    )
    spines = json.loads(layer.text)["project_configuration"]["time_spines"]
    assert [spine["node_relation"]["alias"] for spine in spines] == ["semantic_days"]


def test_exposures_name_marts_that_are_there(demo_manifest: Manifest) -> None:
    read = {
        exposure.name: [demo_manifest.nodes[name] for name in exposure.depends_on.nodes]
        for exposure in demo_manifest.exposures.values()
    }
    assert set(read) == {"report", "semantic_layer", "metric_pages"}
    assert {node.name for node in read["report"]} == set(MARTS)
    assert all(node.access.value == "public" for nodes in read.values() for node in nodes)
    assert {
        node.name for node in demo_manifest.nodes.values() if "semantic" in node.fqn and node.resource_type.value == "model"
    } <= {node.name for node in read["semantic_layer"]}  # fmt: skip


def test_the_command_answers_the_same(layer: Layer, tmp_path: Path) -> None:
    """`mf query`, in a folder with the project's names and what dbt wrote of the layer. It opens for writing."""
    shutil.copy(ROOT / "dbt_project.yml", tmp_path)
    shutil.copy(ROOT / "profiles" / "profiles.yml", tmp_path)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "semantic_manifest.json").write_text(layer.text)
    environment = {
        **os.environ,
        "RETENTION_LEDGER_DB": shutil.copy(layer.database, tmp_path / layer.database.name),
        "DBT_PROFILES_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("mf")), "query", "--metrics", "retention_rate,grr", "--group-by", "slice__quarter_start",
            "--where", "{{ Dimension('slice__basis') }} = 'subscriptions' and {{ Dimension('slice__quarter_start') }} >= '2025-01-01'",
            "--order", "slice__quarter_start", "--csv", str(tmp_path / "answer.csv"),
        ],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    header, *lines = (tmp_path / "answer.csv").read_text().splitlines()
    assert header == "slice__quarter_start,retention_rate,grr"
    truth = query(
        layer.database,
        """
        select cast(cast(period_start as timestamp) as varchar), any_value(value) filter (metric = 'retention_rate'),
            any_value(value) filter (metric = 'grr')
        from marts.metric_values
        where period_grain = 'quarter' and period_start >= '2025-01-01' and basis = 'subscriptions' and segment_dimension = 'all'
        group by 1 order by 1
        """,
    )
    assert len(truth) == 4
    assert [line.split(",") for line in lines] == [
        ["" if value is None else str(value) for value in row] for row in truth
    ]
