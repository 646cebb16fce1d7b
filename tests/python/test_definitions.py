"""Definitions are written down once, and everything that repeats them agrees."""

import csv
import json
import os
import re
from pathlib import Path

import pytest
import yaml
from dbt.contracts.graph.manifest import Manifest
from dbt_project import ROOT, dbt, query, records

GOLDEN = ROOT / "tests" / "fixtures" / "metric_definitions.csv"
METRIC_DOCS = ROOT / "models" / "marts" / "metrics" / "metrics.md"
METRIC_DOCS_HEADER = """\
{# Written from the catalogue (macros/metrics) by `UPDATE_GOLDEN=1 pytest -k golden_copy`: change the
   words there. dbt needs the block of a new metric before it reads the project: add an empty one first. #}
"""
NUMBERS = ("int", "bigint", "decimal")


@pytest.fixture(scope="module")
def definitions(demo_database: Path) -> list[dict[str, str]]:
    """The catalogue in words, as the mart has it; with UPDATE_GOLDEN=1 its copies are written again."""
    rows = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in records(
            demo_database,
            "select * exclude (policy_version) from marts.metric_definitions order by mart, metric",
        )
    ]
    if os.environ.get("UPDATE_GOLDEN"):
        with GOLDEN.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        METRIC_DOCS.write_text(metric_docs(rows))
    return rows


def metric_doc(metric: dict[str, str]) -> str:
    """What a reader of the docs site finds beside a column that is a metric."""
    lines = [
        f"Formula, over `{metric['mart']}`: `{metric['formula']}`",
        f"Unit: {metric['unit']}",
        f"Good when it goes: {metric['direction']}",
        metric["nulls"],
        f"Also called: {metric['synonyms']}" if metric["synonyms"] else "",
    ]
    return "\n".join([metric["description"], "", *[f"- {line}" for line in lines if line]])


def metric_docs(metrics: list[dict[str, str]]) -> str:
    """The file of doc blocks, one per metric."""
    blocks = [
        f"{{% docs metric_{metric['metric']} %}}\n{metric_doc(metric)}\n{{% enddocs %}}\n"
        for metric in metrics
    ]
    return "\n".join([METRIC_DOCS_HEADER, *blocks])


@pytest.fixture(scope="module")
def manifest_nodes(
    definitions: list, demo_manifest: Manifest, tmp_path_factory: pytest.TempPathFactory
) -> list:
    """All models of the project as dbt parsed them, after the metrics' words were written."""
    if os.environ.get("UPDATE_GOLDEN"):
        run = dbt("parse", database=tmp_path_factory.mktemp("parse") / "none.duckdb")
        assert run.ok, run.text
        demo_manifest = run.outcome.result
    return [node for node in demo_manifest.nodes.values() if node.resource_type.value == "model"]


@pytest.fixture(scope="module")
def marts(manifest_nodes: list) -> dict:
    """The marts among them, by name."""
    return {
        node.name: node
        for node in manifest_nodes
        if node.fqn[1] == "marts" and "helpers" not in node.fqn
    }


def test_every_model_and_column_is_described(demo_database: Path, manifest_nodes: list) -> None:
    built = query(
        demo_database,
        "select table_name, column_name from information_schema.columns where table_schema in ('staging', 'intermediate', 'marts')",
    )
    described = {node.name: node for node in manifest_nodes}
    missing = [
        f"{table}.{column}"
        for table, column in built
        if not described[table].columns.get(column)
        or not described[table].columns[column].description.strip()
    ]
    missing += [node.name for node in manifest_nodes if not node.description.strip()]
    assert not missing
    extra = [
        f"{node.name}.{column}"
        for node in manifest_nodes
        for column in node.columns
        if (node.name, column) not in set(built)
    ]
    assert not extra


def test_every_mart_has_a_contract_and_a_policy_version(manifest_nodes: list, marts: dict) -> None:
    assert len(marts) >= 26
    for node in manifest_nodes:
        is_mart = node.name in marts
        assert node.contract.enforced or not is_mart, node.name
        # What Python reads and writes is promised too.
        if "lifetime" in node.name or node.config.materialized == "kept":
            assert node.contract.enforced or node.name == "int_lifespans", node.name
        assert node.access.value == ("public" if is_mart else "protected"), node.name
        assert node.group == "ledger", node.name
        assert "policy_version" in node.columns or not is_mart, node.name


def test_rate_columns_of_the_yaml_are_those_of_the_catalogue(demo_database: Path) -> None:
    in_catalogue = query(
        demo_database, "select mart, metric from marts.metric_definitions where is_column"
    )
    in_yaml = []
    for path in (ROOT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            if model["name"] in {mart for mart, _ in in_catalogue}:
                in_yaml += [
                    (model["name"], column["name"])
                    for column in model["columns"]
                    if column["data_type"] == "decimal(28,6)"
                ]
    assert sorted(in_yaml) == sorted(in_catalogue)


def test_the_golden_copy_of_the_definitions_is_current(definitions: list) -> None:
    """Run with UPDATE_GOLDEN=1 to write them again; the diff then shows in the pull request."""
    with GOLDEN.open(newline="") as file:
        assert list(csv.DictReader(file)) == definitions
    assert METRIC_DOCS.read_text() == metric_docs(definitions)


def test_a_metric_says_all_that_a_reader_needs(definitions: list) -> None:
    for metric in definitions:
        for field in ("label", "description", "formula", "unit", "direction", "nulls"):
            assert metric[field].strip(), (metric["metric"], field)
        assert re.search(r"\bnull\b", metric["nulls"], re.I), metric["metric"]
        # Counts are never null, nor is money, but that of orders, which need not have an amount.
        may_be_null = metric["kind"] == "ratio" or (
            metric["kind"] == "money" and metric["mart"] == "repeat_purchase_by_period"
        )
        assert may_be_null == (metric["nulls"] != "Never null."), metric["metric"]
        assert (metric["kind"] != "money") or "currency" in metric["unit"], metric["metric"]
    assert len({metric["description"] for metric in definitions}) == len(definitions)


def test_a_metric_is_described_in_the_words_of_the_catalogue(
    definitions: list, marts: dict, manifest_nodes: list
) -> None:
    """No column that is a metric is worded again, wherever it stands."""
    words = {metric["metric"]: metric_doc(metric) for metric in definitions}
    columns = {
        (metric["mart"], metric["metric"])
        for metric in definitions
        if metric["metric"] in marts[metric["mart"]].columns
    }
    assert len(columns) > 50
    assert {
        (mart, name): marts[mart].columns[name].description.strip() for mart, name in columns
    } == {(mart, name): words[name] for mart, name in columns}
    described = "\n".join(
        column.description for node in manifest_nodes for column in node.columns.values()
    )
    again = re.findall(r"^- Formula, over `.*$", described, re.M)
    assert len(again) >= len(columns)
    for node in manifest_nodes:
        for column in node.columns.values():
            text = column.description.strip()
            if "- Formula, over `" in text:
                assert text in words.values(), (node.name, column.name)


def test_a_column_that_can_be_null_says_when(demo_database: Path, marts: dict) -> None:
    silent, with_nulls = [], 0
    for mart, node in marts.items():
        nulls = ", ".join(f"count(*) - count({name}) as {name}" for name in node.columns)
        [counts] = records(demo_database, f"select {nulls} from marts.{mart}")
        for name, count in counts.items():
            with_nulls += count > 0
            if count and not re.search(r"\bnull\b", node.columns[name].description, re.I):
                silent.append(f"{mart}.{name}")
    assert with_nulls > 80
    assert silent == []


def test_ids_keys_and_period_stand_before_the_first_number(
    demo_database: Path, marts: dict
) -> None:
    period = ["basis", "period_grain", "period_start", "period_end", "period_status"]
    cohort = ["basis", "cohort_month", "months_since", "activity_month", "period_status"]
    for mart, node in marts.items():
        columns = list(node.columns)
        built = query(
            demo_database,
            "select column_name from information_schema.columns"
            f" where table_schema = 'marts' and table_name = '{mart}' order by ordinal_position",
        )
        assert [name for (name,) in built] == columns, mart
        ids = [name for name in columns if name.endswith("_id")]
        assert columns[: len(ids)] == ids, mart
        [keys] = re.findall(r"Primary key: (.*)\.", node.description) or [""]
        first = {*ids, *(keys.split(", ") if keys else [])}
        if "period_start" in columns or "cohort_month" in columns:
            first |= {*period, *cohort, "is_latest_complete_period"} & set(columns)
            first |= {"segment_dimension", "segment_value"} & set(columns)
        if mart == "metric_values":
            # Columns that came later stand behind those that dashboards may read by their place.
            first -= {"is_latest_complete_period"}
        numbers = [
            place
            for place, name in enumerate(columns)
            if name not in first and str(node.columns[name].data_type).startswith(NUMBERS)
        ]
        late = [name for name in first if numbers and columns.index(name) > numbers[0]]
        assert late == [], mart
        if "period_start" in columns:
            in_order = [name for name in columns if name in period]
            assert in_order == [name for name in period if name in columns], mart
        elif "cohort_month" in columns:
            in_order = [name for name in columns if name in cohort]
            assert in_order == [name for name in cohort if name in columns], mart
        assert columns[-1] == "policy_version", mart


WITHOUT_A_FIELD = """
    {%- set metric = retention_ledger.metric_catalogue()[-1] -%}
    {%- set now = retention_ledger.definitions_hash({}, [metric]) -%}
    {%- set differing = [] -%}
    {%- for field in metric -%}
        {%- set other = dict(metric) -%}
        {%- do other.update({field: 'something else'}) -%}
        {%- if retention_ledger.definitions_hash({}, [other]) != now -%}{%- do differing.append(field) -%}{%- endif -%}
    {%- endfor -%}
    {{ tojson({'fields': metric | list, 'differing': differing}) }}
"""


def compiled(inline: str, folder: Path, **settings: object) -> str:
    """What a template comes to in this project."""
    run = dbt("compile", "--inline", inline, database=folder / "built.duckdb", settings=settings)
    assert run.ok, run.text
    return run.outcome.result.results[0].node.compiled_code


def test_the_policy_version_follows_definitions_and_nothing_else(tmp_path: Path) -> None:
    version = "{{ retention_ledger.policy_version() }}"
    now, _, metric = compiled(version + "\n" + WITHOUT_A_FIELD, tmp_path).partition("{")
    now = now.strip()
    assert now == compiled(version, tmp_path, as_of_date="2024-01-31", max_rejected_share=0.2)
    assert now != compiled(version, tmp_path, inactivity_days=91)
    assert compiled(version, tmp_path, policy_release="2027.1").startswith("2027.1+")
    # What makes a metric is in it, its words are not.
    found = json.loads("{" + metric)
    makes = {
        "name", "mart", "kind", "numerator", "denominator", "condition", "can_be_partial", "basis",
        "version", "unit", "is_proportion",
    }  # fmt: skip
    assert set(found["differing"]) == makes
    assert set(found["fields"]) - makes == {
        "label", "description", "nulls", "formula", "synonyms", "sources", "direction",
        "is_column", "is_by_period",
    }  # fmt: skip


def test_every_metric_has_values_for_every_grain_and_segment(demo_database: Path) -> None:
    missing = query(
        demo_database,
        """
        select definitions.metric, balances.period_grain, balances.segment_dimension
        from marts.metric_definitions as definitions
        cross join (select distinct period_grain, segment_dimension from marts.retention_by_period) as balances
        where definitions.mart = 'retention_by_period'
        except
        select metric, period_grain, segment_dimension from marts.metric_values where value is not null
        """,
    )
    assert missing == []


def test_changes_are_those_of_the_dates_they_name(demo_database: Path) -> None:
    """The marts look a number of rows back; here the earlier period is looked up by its date."""
    back = {
        "week": ("7 days", "364 days"),
        "month": ("1 month", "1 year"),
        "quarter": ("3 months", "1 year"),
        "year": ("1 year", "1 year"),
    }
    for grain, (period, year) in back.items():
        key = "metric, basis, period_grain, segment_dimension, segment_value"
        wrong = query(
            demo_database,
            f"""
            with metric_values as (select * from marts.metric_values where period_grain = '{grain}')
            select count(*), count(now.previous_value), count(now.previous_year_value), count(*) filter (
                where now.previous_value is distinct from before.value
                    or now.previous_year_value is distinct from year_before.value
                    or (now.period_status = 'complete' and now.change is distinct from now.value - before.value)
                    or (now.period_status = 'partial' and now.change is not null)
            )
            from metric_values as now
            left join metric_values as before
                on {" and ".join(f"now.{name} = before.{name}" for name in key.split(", "))}
                and before.period_start = now.period_start - interval {period}
            left join metric_values as year_before
                on {" and ".join(f"now.{name} = year_before.{name}" for name in key.split(", "))}
                and year_before.period_start = now.period_start - interval {year}
            """,
        )
        [(rows, compared, compared_with_year, differing)] = wrong
        assert rows > 1000 and compared > 0 and compared_with_year > 0, grain
        assert differing == 0, grain


def interval(part: int, whole: int) -> tuple[float, float]:
    """Wilson's interval by what it means, and not by his formula: the shares p from which part / whole is at most
    1.959964 standard errors away, with the error that p itself gives. Found by halving."""

    def distance(share: float) -> float:
        return (part / whole - share) ** 2 - 1.959964**2 * share * (1 - share) / whole

    ends = []
    for inside, outside in ((part / whole, 0.0), (part / whole, 1.0)):
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if distance(middle) <= 0 else (inside, middle)
        ends.append(outside if distance(outside) <= 0 else inside)
    return ends[0], ends[1]


def test_shares_of_customers_have_the_interval_in_which_the_share_may_lie(
    demo_database: Path,
) -> None:
    found = query(
        demo_database,
        """
        select distinct numerator, denominator, lower_95, upper_95 from marts.metric_values
        where value is not null and metric in (select metric from marts.metric_definitions where is_proportion)
        """,
    )
    assert len(found) > 3000
    assert interval(0, 10) == pytest.approx((0, 0.277533), abs=1e-6)
    assert interval(1, 1) == pytest.approx((0.206549, 1), abs=1e-6)
    for part, whole, *ends in found:
        assert [float(end) for end in ends] == pytest.approx(
            interval(int(part), int(whole)), abs=1e-6
        ), (part, whole)
    assert query(
        demo_database,
        """
        select count(*) from marts.metric_values where lower_95 is not null
            and metric not in (select metric from marts.metric_definitions where is_proportion)
        """,
    ) == [(0,)]


def test_a_value_carries_the_words_of_its_metric(demo_database: Path) -> None:
    words = "metric, label, unit, direction"
    assert (
        query(
            demo_database,
            f"""
        (select distinct {words} from marts.metric_values)
        except (select {words} from marts.metric_definitions)
        """,
        )
        == []
    )


def test_every_test_that_a_decision_names_exists() -> None:
    chapters = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    text = "\n\n".join(path.read_text() for path in chapters)
    sources = [*(ROOT / "models").rglob("*.yml"), *(ROOT / "tests").rglob("*.sql")]
    sources += [path for path in (ROOT / "tests").rglob("*.py") if path.name != Path(__file__).name]
    written = "\n".join(path.read_text() + path.stem for path in sources)
    missing = []
    for part in re.findall(r"\*\*Tests\.\*\*(.*?)\n\n", text + "\n\n", re.S):
        for name in re.findall(r"`([a-z0-9_:]+)`", part):
            file, _, function = name.partition("::")
            if function:
                path = ROOT / "tests" / "python" / f"{file}.py"
                found = path.exists() and f"def {function}(" in path.read_text()
            else:
                # dbt makes names of unnamed tests out of the test, the model and the column.
                found = name in written or any(
                    name.startswith(path.stem)
                    for path in (ROOT / "tests" / "generic").glob("*.sql")
                )
            if not found:
                missing.append(name)
    assert text.count("**Tests.**") > 40
    assert missing == []


def test_a_vendors_rate_of_subscribers_is_of_subscriptions_only(demo_database: Path) -> None:
    values = dict(
        query(
            demo_database,
            "select basis, count(value) from marts.metric_values"
            " where metric = 'stripe_subscriber_churn_rate' group by basis",
        )
    )
    assert values["subscriptions"] > 0
    assert values["orders_window"] == values["orders_calendar"] == 0
