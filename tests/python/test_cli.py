"""The command `retention-ledger`: one policy, nobody's data overwritten, and a sentence for every fault."""

import json
import os
import random
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import dbt_project
import duckdb
import in_process
import pytest
import yaml
from dbt_project import ROOT, dbt, query

SETTINGS = {
    "raw_files": "exports/{name}.csv",
    "raw_tables": ["orders"],
    "raw_columns": {"orders": {"updated_at": None}},
    "counted_order_statuses": ["paid"],
    "inactivity_days": 60,
    "as_of_date": date(2024, 12, 31),
    "status_bases": ["orders_window"],
    "period_grains": ["month", "quarter"],
}


def command(
    *arguments: object, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder, as a script would: not on a terminal."""
    return clean(in_process.command(*arguments, folder=folder, **environment))


def process(
    *arguments: object, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, which reads the project itself."""
    done = subprocess.run(
        [sys.executable, "-m", "retention_ledger", *map(str, arguments)],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if name != "RETENTION_LEDGER_DB"},
            "PYTHONPATH": str(ROOT / "src"),
            # One for all, so that what was read with the same settings is not read again.
            "DBT_TARGET_PATH": str(dbt_project.shared_folder.parent / "target_of_the_command"),
            "DBT_LOG_PATH": str(folder / "logs"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return clean(done)


def clean(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """What a command said has neither traces nor colours."""
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    return done


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said that ended with 1."""
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


def write_orders(folder: Path) -> None:
    """Orders of 60 customers in 2024; enough to build on, too few to fit on."""
    folder.mkdir(parents=True)
    numbers = random.Random(1)
    lines = ["order_id,customer_id,ordered_at,status,amount"]
    for customer in range(60):
        day = date(2024, 1, 1) + timedelta(days=numbers.randrange(300))
        while day < date(2025, 1, 1):
            lines.append(
                f"{len(lines)},c{customer},{day},paid,{numbers.randrange(500, 9000) / 100}"
            )
            day += timedelta(days=numbers.randrange(5, 70) if numbers.random() < 0.75 else 400)
    (folder / "orders.csv").write_text("\n".join(lines) + "\n")


def row_counts(database: Path) -> dict[str, int]:
    """The rows of every table."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        return {
            f"{schema}.{table}": connection.execute(
                f'select count(*) from "{schema}"."{table}"'
            ).fetchall()[0][0]
            for schema, table in names
        }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with own orders, settings that name them, and what the command built from both."""
    folder = tmp_path_factory.mktemp("shop")
    write_orders(folder / "exports")
    (folder / "my_shop.yml").write_text(yaml.safe_dump(SETTINGS))
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    done = process(
        "build", "--settings", "../my_shop.yml", "--database", folder / "built.duckdb",
        "--project-dir", ROOT, folder=elsewhere,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


@pytest.fixture
def built(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop's database that a test may change."""
    return Path(shutil.copy(shop / "built.duckdb", tmp_path / "built.duckdb"))


def test_one_command_builds_predicts_and_says_the_headline(shop: Path) -> None:
    said = (shop / "said.txt").read_text()
    rows = [line.split() for line in said.splitlines()]
    assert ["lifetime", "value", "18", "of", "18"] in rows
    assert "Lifetime models of 60 customers" in said
    assert "data tests passed" in said
    [(opening, closing)] = query(
        shop / "built.duckdb",
        "select opening_customers, closing_customers from marts.retention_by_period "
        "where period_grain = 'quarter' and is_latest_complete_period and segment_dimension = 'all'",
    )
    [quarter] = [row for row in rows if row[:2] == ["orders_window", "2024-Q4"]]
    assert (quarter[2], quarter[6]) == (str(opening), str(closing))
    versions = query(
        shop / "built.duckdb",
        "select distinct policy_version from marts.policy_settings union select policy_version "
        "from marts.customer_lifetime_value union select policy_version from marts.lifetime_value_by_period",
    )
    assert len(versions) == 1
    settings = dict(
        query(shop / "built.duckdb", "select setting, value from marts.policy_settings")
    )
    assert (settings["inactivity_days"], settings["as_of_date"]) == ("60", "2024-12-31")
    assert settings["raw_files"] == str(shop / "exports" / "{name}.csv")
    notes = query(
        shop / "built.duckdb",
        "select distinct prediction_note from marts.customer_lifetime_value",
    )
    assert len(notes) == 1 and "At least 50 are needed" in notes[0][0]


def test_the_plan_is_what_is_built(shop: Path, tmp_path: Path) -> None:
    """As many tables, views and tests as the build said; its seconds; and nothing is written."""
    database = shop / "built.duckdb"
    held = database.read_bytes()

    def planned(database: Path, *more: str) -> tuple[list[list[str]], str]:
        done = command(
            "build", "--plan", "--settings", shop / "my_shop.yml", "--database", database, "--project-dir", ROOT, *more,
            folder=tmp_path, DBT_TARGET_PATH=str(dbt_project.shared_folder.parent / "target_of_the_command"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        head, rows = done.stdout.split("\n\n")[0].splitlines(), []
        for line in head[3:]:
            rows.append([part.strip() for part in line.split("  ") if part.strip()])
        return rows, done.stdout

    rows, said = planned(database)
    made, tested = (
        sum(int(row[column].replace("-", "0")) for row in rows for column in columns)
        for columns in ((1, 2), (3,))
    )
    assert (
        f"\n{made:,} tables and views built and {tested:,} data tests passed in"
        in (shop / "said.txt").read_text()
    )
    planned_rows = sum(int(row[4].replace(",", "").replace("-", "0")) for row in rows)
    counts = row_counts(database)
    assert planned_rows == sum(counts.values()) - counts["expectations.landed_loads"]  # no model
    assert "as long as it took the last time here (20" in said and "Nothing was built." in said
    assert [row[0] for row in rows][-2:] == ["data tests", "reading, prediction"]
    assert database.read_bytes() == held

    rows, said = planned(database, "--select", "customers")
    assert len(rows) == 2 and "prediction" not in said

    rows, said = planned(tmp_path / "built.duckdb")
    assert "cannot be said" in said and "built.duckdb has no rows yet." in said
    assert not list(tmp_path.glob("built.duckdb*"))


def test_how_long_is_left_is_what_the_waiting_nodes_took() -> None:
    from types import SimpleNamespace

    from rich.console import Console

    from retention_ledger.cli.plan import Durations, in_words
    from retention_ledger.cli.progress import Stages

    # Two at a time: 30 s of nodes in 15 s; of the others nothing is known.
    took = Durations(whole=20, running=15, nodes={"a": 10.0, "b": 18.0, "c": 2.0})
    assert (took.of("ab"), took.of("x"), took.around()) == (14.0, 0.0, 5)
    nodes = [
        SimpleNamespace(
            unique_id=name, resource_type="model", package_name="retention_ledger", fqn=["p", "marts", "risk", name]
        )
        for name in "ab"
    ]  # fmt: skip
    stages = Stages(Console(), nodes, ["risk"], took.of)
    assert stages.left("risk") == "about 14 s left"
    stages.waiting["risk"].discard("b")
    assert stages.left("risk") == "about 5 s left"
    assert Stages(Console(), nodes, ["risk"]).left("risk") == ""
    assert [in_words(seconds) for seconds in (0.2, 7.6, 99.4, 125)] == [
        "under 1 s", "8 s", "99 s", "2 min 05 s"
    ]  # fmt: skip


def test_the_database_remembers_whose_data_it_holds(shop: Path) -> None:
    [(data, settings, last_build)] = query(
        shop / "built.duckdb", "select data, settings, last_build from intermediate.int_data_held"
    )
    assert json.loads(data) == {"orders": str(shop / "exports" / "orders.csv")}
    assert json.loads(settings)["as_of_date"] == "2024-12-31"
    assert last_build == "passed"
    [(build_id,)] = query(
        shop / "built.duckdb",
        "select build_id from intermediate.int_data_held inner join marts.published_builds using (build_id) "
        "where command = 'build' and as_of_date = date '2024-12-31'",
    )
    assert f"(schema marts), build {build_id}." in (shop / "said.txt").read_text()


def test_later_commands_use_the_settings_of_the_build(built: Path, tmp_path: Path) -> None:
    before = query(built, "select policy_version from marts.customer_lifetime_value limit 1")
    done = command("predict", "--database", built, "--project-dir", ROOT, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert query(built, "select command from marts.published_builds order by published_at") == [
        ("build",), ("predict",)
    ]  # fmt: skip
    assert (
        query(built, "select distinct policy_version from marts.customer_lifetime_value") == before
    )
    done = command("show", "--database", built, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "data through 2024-12-31" in done.stdout and "2024-Q4" in done.stdout


def test_a_prediction_with_other_settings_is_refused(
    built: Path, shop: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.yml"
    other.write_text(
        yaml.safe_dump(
            {**SETTINGS, "raw_files": str(shop / "exports/{name}.csv"), "inactivity_days": 90}
        )
    )
    said = refused(command("predict", "--settings", other, "--database", built, folder=tmp_path))
    assert "`inactivity_days` is 60 there and 90 here" in said


def test_own_data_is_not_overwritten(built: Path, shop: Path, tmp_path: Path) -> None:
    """By other own data; by the demo: see the next test."""
    before = row_counts(built)
    write_orders(tmp_path / "exports")
    (tmp_path / "my_shop.yml").write_text(yaml.safe_dump(SETTINGS))
    said = refused(
        command("build", "--settings", "my_shop.yml", "--database", built, "--project-dir", ROOT, folder=tmp_path)
    )  # fmt: skip
    assert f"holds own data (orders from {shop / 'exports' / 'orders.csv'})" in said
    assert "--replace" in said and "--database FILE" in said and "RETENTION_LEDGER_DB" in said
    assert not (tmp_path / "built.duckdb.candidate").exists()
    assert row_counts(built) == before


def test_bare_dbt_refuses_other_data_before_it_writes(
    demo_database: Path, built: Path, shop: Path, tmp_path: Path
) -> None:
    before = row_counts(built)
    run = dbt("seed", database=built)
    assert not run.ok and "would read the demo and overwrite it" in run.text
    assert row_counts(built) == before
    own = {**SETTINGS, "raw_files": str(shop / "exports/{name}.csv")}
    (tmp_path / "demo").mkdir()
    demo = Path(shutil.copy(demo_database, tmp_path / "demo" / "built.duckdb"))
    run = dbt("run", database=demo, settings=own)
    assert not run.ok and "holds the demo, and this build would read own data" in run.text
    assert row_counts(demo) == row_counts(demo_database)
    # A database of an earlier version says it in policy_settings.
    with duckdb.connect(str(built)) as connection:
        connection.execute("drop table intermediate.int_data_held")
    run = dbt("build", database=built)
    assert not run.ok and "holds own data (orders from" in run.text
    # The same place, written otherwise, under another policy; and other data where it is wanted.
    own["raw_files"] = os.path.relpath(shop / "exports", ROOT) + "/{name}.csv"
    run = dbt(
        "run", "--select", "int_as_of_date", database=built, settings={**own, "inactivity_days": 30}
    )
    assert run.ok, run.text
    run = dbt("seed", database=built, settings={"replace_data": True})
    assert run.ok, run.text
    assert query(built, "select data from intermediate.int_data_held") == [
        ('{"demo": "the demo"}',)
    ]


def test_a_part_built_with_other_settings_is_noticed(
    built: Path, shop: Path, tmp_path: Path
) -> None:
    other = {**SETTINGS, "raw_files": str(shop / "exports/{name}.csv"), "inactivity_days": 30}
    run = dbt(
        "build", "--select", "customer_lifetime_value", "--exclude-resource-type", "unit_test",
        database=built, settings=other,
    )  # fmt: skip
    failed = [name for name, status in run.statuses().items() if status == "fail"]
    assert failed == ["carries_current_policy_version_customer_lifetime_value_policy_version"]
    said = refused(command("predict", "--database", built, folder=tmp_path))
    assert "The last build of the database" in said and "failed" in said


def test_a_build_that_fails_says_what_and_where(built: Path, shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yml"
    other.write_text(
        yaml.safe_dump(
            {
                **SETTINGS,
                "raw_files": str(shop / "exports/{name}.csv"),
                "counted_order_statuses": ["done"],
            }
        )
    )
    said = refused(
        command(
            "build",
            "--settings",
            other,
            "--database",
            built,
            "--project-dir",
            ROOT,
            folder=tmp_path,
        )
    )
    assert "The build stopped." in said and "'paid'" in said
    assert ".yml" in said and "left out" in said and "dbt.log" in said
    assert "Invalid Input Error" not in said and "compiled code" not in said
    assert f"Readers of {built} see the build that was there before" in said
    assert built.read_bytes() == (shop / "built.duckdb").read_bytes()
    kept = tmp_path / "built.duckdb.candidate" / "built.duckdb"
    assert str(kept) in said
    said = refused(command("show", "--database", kept, folder=tmp_path))
    assert "The last build of the database" in said and "failed" in said


def test_orders_cut_to_two_thirds_are_not_built(built: Path, shop: Path, tmp_path: Path) -> None:
    orders = shop / "exports" / "orders.csv"
    before, text = row_counts(built), orders.read_text()
    lines = text.splitlines(keepends=True)
    kept = 1 + len(lines) * 2 // 3
    named = ("--settings", shop / "my_shop.yml", "--database", built, "--project-dir", ROOT)
    try:
        orders.write_text("".join(lines[:kept]))
        said = refused(command("build", *named, folder=tmp_path))
    finally:
        orders.write_text(text)
    assert "so nothing was built of it" in said and "--accept" in said
    assert (
        f"landing: orders: {kept - 1} rows; expected at least {-(-(len(lines) - 1) * 4 // 5)} rows, "
        f"because the last load had {len(lines) - 1}."
    ) in said
    after = row_counts(built)
    marts = [name for name in before if name.startswith("marts.")]
    assert [after[name] for name in marts] == [before[name] for name in marts]
    [docs] = (built.parent / "built_data_docs").glob("*/index.html")
    assert str(docs) in said or docs.parent.name in said


def test_what_is_accepted_is_said_and_stops_nothing() -> None:
    from retention_ledger.cli.validate import end_of_stage
    from retention_ledger.expectations.report import Result
    from retention_ledger.expectations.runner import Expectations
    from retention_ledger.expectations.sheet import Finding

    found = Finding("error", "orders", None, "8 rows", "at least 10 rows")
    said = end_of_stage(
        Expectations(None, None, accepts=True), [Result("landing", "orders", 3, [found])], "no"
    )
    assert said == ["accepted, landing: orders: 8 rows; expected at least 10 rows."]


def test_show_says_why_there_is_nothing_to_show(built: Path, tmp_path: Path) -> None:
    def show(database: Path) -> str:
        return refused(command("show", "--database", database, folder=tmp_path))

    assert "There is no database" in show(tmp_path / "none.duckdb")
    assert "is a folder" in show(tmp_path)
    (tmp_path / "text.duckdb").write_text("no database " * 500)
    assert "no DuckDB database" in show(tmp_path / "text.duckdb")
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert "holds no build of this version" in show(tmp_path / "empty.duckdb")
    with duckdb.connect(str(built)) as connection:
        connection.execute("create temp table held as select 1")
        done = process("show", "--database", built, folder=tmp_path)
        assert "open in another program" in refused(done)
        connection.execute("drop table marts.retention_by_period")
    assert "there is no marts.retention_by_period" in show(built)


def test_schemas_of_ones_own_are_found(built: Path, tmp_path: Path) -> None:
    """As another project's generate_schema_name would have it: the database says where its tables are."""
    with duckdb.connect(str(built)) as connection:
        connection.execute('create schema "my marts"')
        for mart in ("policy_settings", "retention_by_period", "mrr_by_period"):
            connection.execute(f'create table "my marts".{mart} as from marts.{mart}')
            connection.execute(f"drop table marts.{mart}")
        connection.execute(
            "update intermediate.int_data_held set relations = replace(relations, '\"marts\"', '\"my marts\"')"
        )
    done = command("show", "--database", built, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "(schema my marts)" in done.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("inactivty_days: 3", "has a setting `inactivty_days` that does not exist. Did you mean `inactivity_days`?"),
        ("- inactivity_days", "holds a list, not settings"),
        ("", "is empty"),
        ("raw_tables: [orders", "is not valid YAML, line"),
        ("holdout_days: 9\nholdout_days: 8", "`holdout_days` occurs twice"),
        ("replace_data: true", "build with `--replace`"),
        (None, "There is no settings file"),
    ],
)  # fmt: skip
def test_a_settings_file_with_a_fault(text: str | None, sentence: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "my.yml").write_text(text)
    said = refused(
        command(
            "build",
            "--settings",
            "my.yml",
            "--database",
            "x.duckdb",
            "--project-dir",
            ROOT,
            folder=tmp_path,
        )
    )
    assert sentence in said
    assert not (tmp_path / "x.duckdb").exists()


def test_paths_of_raw_files_are_relative_to_the_settings(tmp_path: Path) -> None:
    from retention_ledger.cli.settings import read_settings

    file = tmp_path / "my.yml"
    file.write_text("raw_files: {orders: a.csv, refunds: [b/c.csv, /d.csv, 's3://e/f.csv']}\n")
    assert read_settings(file, {"raw_files"})["raw_files"] == {
        "orders": str(tmp_path / "a.csv"),
        "refunds": [str(tmp_path / "b" / "c.csv"), "/d.csv", "s3://e/f.csv"],
    }


def test_what_dbt_says_is_cleaned() -> None:
    from retention_ledger.cli.dbt import cleaned

    said = """Database Error in test a_rule (tests/singular/a_rule.sql)
  Invalid Input Error: The status 'x' is new.
  compiled code at target/compiled/a_rule.sql"""
    assert cleaned(said) == "The status 'x' is new."
    said = """Compilation Error in operation retention_ledger-on-run-start-1 (./dbt_project.yml)
  The database holds the demo.

  > in macro refuse (macros/raw/data_held.sql)
  > called by macro check (macros/raw/data_held.sql)"""
    assert cleaned(said) == "The database holds the demo."
    assert cleaned("Got 1 result, configured to fail if != 0") == "1 row breaks the rule"
    assert cleaned("Got 2 results, configured to warn if != 0") == "2 rows break the rule"
