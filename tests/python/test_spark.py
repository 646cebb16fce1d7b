"""The project on Spark: a session of pyspark in this process, and the same rows as on DuckDB.

pyspark and dbt-spark are in an environment of their own: `make spark` makes it and runs this file. SPARK_ONE_IN=1 is the whole
demo, otherwise it is each eighth customer.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from dbt_project import ROOT
from engines import GOLDEN, SETTINGS, TABLES_OF_DEMO, differing_relations, golden_sql, write_sample

from retention_ledger.cli import main

if not (importlib.util.find_spec("pyspark") and importlib.util.find_spec("dbt.adapters.spark")):
    pytest.skip(
        "The extra `spark` is not installed here: `make spark` runs these tests in an environment of their own.",
        allow_module_level=True,
    )
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("There is no Java, which Spark needs: install Java 17.", allow_module_level=True)

ONE_IN = int(os.environ.get("SPARK_ONE_IN", "8"))
SMALL = {
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    # To compile each query costs ten times as much as to run it on a few thousand rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The session that dbt finds: its catalog is in memory, so that nothing is left behind but files in a temporary folder."""
    from pyspark.sql import SparkSession

    warehouse = tmp_path_factory.mktemp("warehouse")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_LEDGER_SPARK_WAREHOUSE", str(warehouse))
        patch.setenv("RETENTION_LEDGER_SPARK_CATALOG", "in-memory")
        patch.setenv("RETENTION_LEDGER_SPARK_PARTITIONS", "1")
        patch.setenv("DBT_TARGET_PATH", str(warehouse / "target"))
        patch.setenv("DBT_LOG_PATH", str(warehouse / "logs"))
        builder = SparkSession.builder
        for name, value in {
            "spark.master": "local[2]", "spark.driver.memory": "3g", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "FATAL",
            "spark.sql.warehouse.dir": str(warehouse), "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "1",
            **(SMALL if ONE_IN > 1 else {}),
        }.items():  # fmt: skip
            builder = builder.config(name, value)
        made = builder.getOrCreate()
        made.warehouse = warehouse
        yield made
        made.stop()


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """`retention-ledger WORDS --target spark`; its exit code."""
    monkeypatch.setattr(
        "sys.argv",
        ["retention-ledger", *words, "--project-dir", str(ROOT), "--target", "spark"],
    )
    try:
        return main() or 0
    except SystemExit as ended:
        return int(ended.code or 0)


def build_on_duckdb(database: Path, settings: Path, *words: str) -> None:
    """The same by the command on DuckDB, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "retention_ledger", "build", "--project-dir", str(ROOT), "--database", str(database), "--settings", str(settings), *words],
        env=os.environ | {"DBT_TARGET_PATH": str(database.parent / "target"), "DBT_LOG_PATH": str(database.parent / "logs")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def write_parquet(folder: Path) -> None:
    """The CSV files beside themselves as Parquet; every column is text, empty is null."""
    with duckdb.connect() as connection:
        for name in TABLES_OF_DEMO:
            connection.execute(
                f"copy (from read_csv('{folder}/{name}.csv', all_varchar = true, header = true, nullstr = '')) to '{folder}/{name}.parquet'"
            )


@pytest.fixture(scope="module")
def both(session: Any, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The sample, from the same Parquet files by the same settings: by the command on Spark with its data tests, and on DuckDB."""
    folder = tmp_path_factory.mktemp("both")
    write_sample(folder, ONE_IN)
    write_parquet(folder)
    settings = SETTINGS | {"raw_files": str(folder / "{name}.parquet")}
    (folder / "shop.yml").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        assert command(patch, "build", "--settings", str(folder / "shop.yml"), "--accept") == 0
    database = folder / "built.duckdb"
    build_on_duckdb(database, folder / "shop.yml", "--accept")
    return SimpleNamespace(folder=folder, database=database, settings=settings, session=session)


def theirs_as_parquet(both: SimpleNamespace, schema: str, name: str) -> list[str]:
    """The files of a relation on Spark: those of a table are there, a view is written."""
    place = both.session.warehouse / f"ledger_{schema}.db" / name
    if not place.is_dir():
        place = both.folder / "views" / schema / name
        both.session.table(f"ledger_{schema}.{name}").coalesce(1).write.parquet(str(place))
    return [str(file) for file in sorted(place.glob("*.parquet"))]


def differences(both: SimpleNamespace) -> tuple[int, list[str]]:
    """How many relations were compared, and those whose rows differ, with the columns that do."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach '{both.database}' as built (read_only)")

        def fetch(schema: str, name: str, types: dict[str, str]) -> None:
            casts = ", ".join(f'cast("{column}" as {kind}) as "{column}"' for column, kind in types.items())  # fmt: skip
            names = ", ".join(f'"{column}"' for column in types)
            files = theirs_as_parquet(both, schema, name)
            connection.execute(
                f"create or replace temp table theirs as select {casts} from read_parquet({files})"
                if files
                else f"create or replace temp table theirs as select {names} from built.{schema}.{name} limit 0"
            )

        # A text of the whole raw row is a value in a base view of DuckDB.
        return differing_relations(
            connection, fetch, lambda name, kind: name.startswith("base_") or kind != "VARCHAR"
        )


def test_every_relation_has_the_rows_of_duckdb(both: SimpleNamespace) -> None:
    compared, differing = differences(both)
    print(f"{compared - len(differing)} of {compared} relations equal")
    assert not differing, "\n".join(differing)
    assert compared > 155


def of_project(settings: dict[str, Any]) -> list[str]:
    """The words by which dbt finds this project, with these settings."""
    return [
        "--project-dir", str(ROOT), "--profiles-dir", str(ROOT / "profiles"), "--vars", json.dumps(settings),
    ]  # fmt: skip


def compiled(sql: str, settings: dict[str, Any]) -> str:
    """A text of SQL and macros as Spark gets it."""
    done = dbtRunner().invoke(
        ["--quiet", "compile", "--inline", sql, "--target", "spark", *of_project(settings)]
    )
    assert done.success, done.exception
    return done.result.results[0].node.compiled_code


def test_each_macro_gives_what_the_list_says(both: SimpleNamespace) -> None:
    expected = {name: wanted for name, (_, _, wanted) in GOLDEN.items()}
    # One by one: all in a single query are planned for minutes.
    found = {}
    for sql in compiled(golden_sql(), both.settings).split("\nunion all\n"):
        [(name, value)] = both.session.sql(sql).collect()
        found[name] = value
    assert found == expected


def test_typed_columns_are_read_as_on_duckdb(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            f"""
            copy (select range as customer_id, 'a' || range || '@shop.test' as email, date '2024-01-01' + cast(range as integer) as signed_up_at,
                'GB' as country, 'ads' as acquisition_channel, null as customer_segment from range(1, 60)) to '{tmp_path}/customers.parquet';
            copy (select cast(range as decimal(9, 1)) as order_id, cast(range % 59 + 1 as double) as customer_id,
                timestamptz '2024-03-30 22:00:00+00' + to_minutes(13 * range) as ordered_at, 'completed' as status,
                cast(range * 1.005 as double) as amount, timestamp '2024-06-01 10:00:00.123456' as updated_at from range(1, 400)) to '{tmp_path}/orders.parquet';
            copy (select 'r' || range as refund_id, cast(range as decimal(9, 1)) as order_id, timestamp '2024-07-01 00:30:00' as refunded_at,
                cast(range * 0.335 as decimal(12, 3)) as amount from range(1, 30)) to '{tmp_path}/refunds.parquet'
            """
        )
    settings = {
        "raw_tables": ["customers", "orders", "refunds"], "raw_files": str(tmp_path / "{name}.parquet"), "max_rejected_share": 1.0,
        "as_of_date": "2025-12-14", "raw_timezones": "America/New_York", "unknown_customers": "keep",
    }  # fmt: skip
    words = [
        "--quiet",
        "run",
        "--select",
        "+stg_orders",
        "+stg_customers",
        "+stg_refunds",
        *of_project(settings),
    ]
    monkeypatch.setenv("RETENTION_LEDGER_SPARK_SCHEMA", "typed")
    monkeypatch.setenv("RETENTION_LEDGER_DB", str(tmp_path / "built.duckdb"))
    done = dbtRunner().invoke([*words, "--target", "spark"])
    assert done.success, done.exception or [result.message for result in done.result.results]
    dbt = Path(sys.executable).with_name("dbt")
    assert subprocess.run([dbt, *words, "--target-path", tmp_path], check=False).returncode == 0
    with duckdb.connect(str(tmp_path / "built.duckdb"), read_only=True) as connection:
        for name in ("stg_orders", "stg_customers", "stg_refunds"):
            columns = [
                column[0] for column in connection.execute(f"describe staging.{name}").fetchall()
                if column[0] != "raw_record"
            ]  # fmt: skip
            asked = ", ".join(columns)
            ours = connection.execute(f"select {asked} from staging.{name} order by all").fetchall()
            theirs = [tuple(row) for row in session.sql(f"select {asked} from typed_staging.{name}").collect()]  # fmt: skip
            assert sorted(map(repr, theirs)) == sorted(map(repr, ours)), name


def test_what_spark_cannot_read_is_said(
    both: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RETENTION_LEDGER_SPARK_SCHEMA", "refused")
    settings = both.settings | {"raw_files": str(both.folder / "{name}.csv")}
    (tmp_path / "shop.yml").write_text(json.dumps(settings))
    assert command(monkeypatch, "build", "--settings", str(tmp_path / "shop.yml")) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "is no Parquet, and on Spark the var raw_files reads Parquet only." in said


def test_other_data_over_a_build_is_refused(
    both: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in TABLES_OF_DEMO:
        shutil.copy(both.folder / f"{name}.parquet", tmp_path)
    settings = both.settings | {"raw_files": str(tmp_path / "{name}.parquet")}
    (tmp_path / "shop.yml").write_text(json.dumps(settings))
    assert command(monkeypatch, "build", "--settings", str(tmp_path / "shop.yml")) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "The database ledger holds own data" in said and "replace_data" in said
