"""Definitions are written down once, and everything that repeats them agrees."""

import csv
import os
import re
from pathlib import Path

import pytest
import yaml
from dbt_project import ROOT, DbtRun, dbt, query, records

GOLDEN = ROOT / "tests" / "fixtures" / "metric_definitions.csv"


@pytest.fixture(scope="module")
def manifest_nodes(tmp_path_factory: pytest.TempPathFactory) -> list:
    """All models of the project as dbt parsed them."""
    run: DbtRun = dbt("parse", database=tmp_path_factory.mktemp("parse") / "none.duckdb")
    assert run.ok, run.text
    return [
        node for node in run.outcome.result.nodes.values() if node.resource_type.value == "model"
    ]


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


def test_every_mart_has_a_contract_and_a_policy_version(manifest_nodes: list) -> None:
    marts = [
        node for node in manifest_nodes if node.fqn[1] == "marts" and "helpers" not in node.fqn
    ]
    assert len(marts) >= 26
    for node in manifest_nodes:
        is_mart = node in marts
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
        for model in yaml.safe_load(path.read_text())["models"]:
            if model["name"] in {mart for mart, _ in in_catalogue}:
                in_yaml += [
                    (model["name"], column["name"])
                    for column in model["columns"]
                    if column["data_type"] == "decimal(18,6)"
                ]
    assert sorted(in_yaml) == sorted(in_catalogue)


def test_the_golden_copy_of_the_definitions_is_current(demo_database: Path) -> None:
    """Run with UPDATE_GOLDEN=1 to write it again; the diff then shows in the pull request."""
    rows = records(
        demo_database,
        "select * exclude (policy_version) from marts.metric_definitions order by mart, metric",
    )
    if os.environ.get("UPDATE_GOLDEN"):
        with GOLDEN.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with GOLDEN.open(newline="") as file:
        golden = list(csv.DictReader(file))
    assert golden == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]


def test_the_policy_version_follows_definitions_and_nothing_else(tmp_path: Path) -> None:
    def version(**settings: object) -> str:
        run = dbt(
            "compile", "--inline", "{{ retention_ledger.policy_version() }}",
            database=tmp_path / "none.duckdb", settings=settings,
        )  # fmt: skip
        assert run.ok, run.text
        return run.outcome.result.results[0].node.compiled_code

    now = version()
    assert now == version(as_of_date="2024-01-31", max_rejected_share=0.2)
    assert now != version(inactivity_days=91)
    assert version(policy_release="2027.1").startswith("2027.1+")


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
