"""Runs this dbt project inside the test process, each time into a database of its own.

Reading the project takes longer than building small data with it, so what was read once is used
again: see `shape`. tests/README.md says which function a new test should call.
"""

import fcntl
import gc
import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ParsedNode
from dbt_common.tests import enable_test_caching

from retention_ledger.cli.faster_dbt import DEBUGGING, make_faster, without

ROOT = Path(__file__).resolve().parents[2]
#: Where the UCI Online Retail export may lie; tests that need it are skipped where it does not.
ONLINE_RETAIL = next(
    (
        path
        for path in (
            ROOT.parent / "shared" / "data" / "online_retail.parquet",
            ROOT / "examples" / "online_retail" / "data" / "online_retail.parquet",
        )
        if path.exists()
    ),
    ROOT / "examples" / "online_retail" / "data" / "online_retail.parquet",
)


# dbt as it is, for the test that compares. For tests it remembers what it has parsed of a macro.
if not os.environ.get("PLAIN_DBT"):
    make_faster()
    enable_test_caching()

# dbt makes millions of objects when it reads a project, and nearly all of them stay until it is done.
gc.set_threshold(200_000)


#: The tests keep no log at the level of debugging, and look at no node while it runs.
NOBODY_LISTENS = DEBUGGING | {"JinjaLogDebug", "NodeFinished", "NodeStart"}


@contextmanager
def _without_files(nobody_reads_them: bool) -> Iterator[None]:
    """dbt writes no file for each SQL text that it compiles and runs: a tenth of the time of a build."""
    if nobody_reads_them:
        with mock.patch.object(ParsedNode, "write_node", lambda *_: None):
            yield
    else:
        yield


@dataclass
class DbtRun:
    """What one dbt command did: its outcome per node, and everything it said."""

    outcome: dbtRunnerResult
    messages: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the command would have exited with 0."""
        return self.outcome.success

    @property
    def text(self) -> str:
        """All messages, and the exception if there was one, as one text."""
        return "\n".join([*self.messages, str(self.outcome.exception or "")])

    def statuses(self) -> dict[str, str]:
        """Node name -> 'success', 'pass', 'fail', 'error' or 'skipped'."""
        return {result.node.name: str(result.status) for result in self.outcome.result or []}


# What dbt reads in the project (the manifest), kept for the runs that would read the same

#: Settings that change only the SQL that a run renders, and nothing of the manifest. Any other setting is part of
#: `shape`, so a new one costs a parse and never a wrong manifest. test_manifest.py holds that the list is right.
RENDERED_LATE = {
    "policy_release", "status_bases", "inactivity_days", "subscription_grace_days", "period_grains",
    "segment_dimensions", "counted_order_statuses", "uncounted_order_statuses", "reject_negative_amounts",
    "negative_orders", "refund_order_statuses", "customer_identity", "unknown_customers",
    "placeholder_customer_ids", "placeholder_customers", "test_account_emails", "cancel_reasons",
    "involuntary_cancel_reasons", "complaint_topics", "reporting_currency", "repeat_purchase_unit", "gross_margin_rate",
    "max_lifespan_years", "discount_rate", "prediction_horizon_days", "holdout_days", "business_timezone",
    "as_of_date", "earliest_valid_date", "latest_valid_date", "timestamp_formats", "raw_timezones",
    "raw_time_units", "timezone_abbreviations", "decimal_separator", "missing_texts", "id_cleaning",
    "max_rejected_share", "max_days_without_orders", "expectations", "subscription_ends", "raw_tables", "raw_files", "raw_file_formats",
    "raw_columns", "raw_line_level", "raw_rejects", "raw_deleted", "subscription_versions",
    "calendar", "week_starts_on", "fiscal_year_starts_in", "cohort_grain", "headline_basis", "replace_data",
    "risk_horizon_days", "risk_history_months", "risk_recent_days", "risk_overdue_factor", "risk_decline_share",
    "risk_slow_ticket_days", "negative_words", "seasonal_cycles", "attached_databases",
}  # fmt: skip

_KINDS_OF_FILE = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".ndjson")

#: The commands that take a manifest as it is. `parse` is about reading, and reads.
_TAKE_A_MANIFEST = {"build", "run", "test", "seed", "compile"}

#: Where the processes of one test session share what they have read (conftest.py names it).
shared_folder = Path(tempfile.gettempdir()) / f"retention_ledger_manifests_{os.getpid()}"


def _can_be_read(files: Any) -> bool:
    return all(
        isinstance(path, str) and path.lower().endswith(_KINDS_OF_FILE)
        for path in (files if isinstance(files, list) else [files])
    )


def _all_from_files(settings: dict[str, Any]) -> bool:
    """Whether every raw table is read from files, itself or by a query, and of a kind that can be read."""
    files, queries = settings.get("raw_files"), settings.get("raw_queries") or {}
    tables = [table for table in settings.get("raw_tables") or [] if table not in queries]
    if isinstance(files, dict):
        return {*tables} <= {*files} and all(_can_be_read(path) for path in files.values())
    return _can_be_read(files) and ("{name}" in files or len(tables) == 1)


def shape(settings: dict[str, Any], database: Path) -> str:
    """What a manifest depends on: the settings that matter when the project is read, and the
    database's name, which is part of every relation's."""
    early = {name: value for name, value in settings.items() if name not in RENDERED_LATE}
    if early.get("raw_relations") or early.get("raw_schema"):
        # Where they are does not matter; which of the names in these settings are databases does.
        attached = settings.get("attached_databases") or {}
        early["attached_databases"] = {name: entry.get("type") for name, entry in attached.items()}
    # Files are no nodes, so neither which files nor which tables matters; tables and seeds are.
    if _all_from_files(settings):
        early["raw_files"] = "any"
        early.pop("raw_queries", None)
    else:
        early |= {name: settings.get(name) for name in ("raw_files", "raw_tables")}
    return json.dumps([database.stem, early], sort_keys=True, default=repr)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `path`, so that of the test processes one works and the others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def pickled(manifest: Manifest) -> bytes:
    """A manifest as bytes, field by field: dbt's own pickling mixes up the order of the fields.

    Without the files, which only reading the project again would need.
    """
    names = [
        each.name
        for each in fields(Manifest)
        if not each.name.startswith("_") and each.name != "files"
    ]
    return pickle.dumps({name: getattr(manifest, name) for name in names})


def unpickled(manifest: bytes) -> Manifest:
    """A manifest that a run may write into."""
    return Manifest(**pickle.loads(manifest))


def manifest_of(settings: dict[str, Any], database: Path) -> Manifest | DbtRun:
    """What dbt reads with these settings, a copy of its own; where it refuses to, what it said.

    A copy, because a run writes into the manifest it is given.
    """
    key = hashlib.sha256(shape(settings, database).encode()).hexdigest()[:16]
    path = shared_folder / f"{key}.pickle"
    with locked(shared_folder / f"{key}.lock"):
        if not path.exists():
            run = dbt("parse", database=database, settings=settings)
            if not run.ok:
                return run
            path.write_bytes(pickled(run.outcome.result))
    return unpickled(path.read_bytes())


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def dbt(
    *arguments: str,
    database: Path,
    settings: dict[str, Any] | None = None,
    project: Path = ROOT,
    target_path: Path | None = None,
    manifest: Manifest | None = None,
) -> DbtRun:
    """Runs `dbt ARGUMENTS` with the vars `settings`, writing to the DuckDB file `database`.

    What dbt keeps goes beside the database, so that runs do not disturb each other or the developer's own
    target folder; the SQL is written only where a `target_path` is named. The project is read if no run before
    has read it in this `shape`; where it cannot be read, that is what the run says.
    """
    if manifest is None and arguments[0] in _TAKE_A_MANIFEST and project == ROOT:
        found = manifest_of(settings or {}, database)
        if isinstance(found, DbtRun):
            return found
        manifest = found
    messages: list[str] = []
    command = [
        *arguments,
        "--quiet",
        "--no-write-json",  # a manifest that no test reads, at a quarter of the time
        *([] if "--threads" in arguments or arguments[0] == "parse" else ["--threads", "1"]),
        "--project-dir", str(project),
        "--profiles-dir", str(ROOT / "profiles"),
        "--target-path", str(target_path or database.parent / "target"),
        "--log-path", str(database.parent / "logs"),
        # Lines of a log for every step, at a tenth of the time: messages come by callback.
        "--log-level", "none",
        "--log-level-file", "none",
        "--vars", yaml.safe_dump(settings or {}, sort_keys=False),
    ]  # fmt: skip

    def listen(event: Any) -> None:
        if event.info.level != "debug":
            messages.append(event.info.msg)

    runner = dbtRunner(manifest=manifest, callbacks=[listen])
    # dbt leaves the interpreter's working directory alone, but relative paths in vars are read
    # from it, as they are for a person who types `dbt build` at the root.
    here = Path.cwd()
    os.chdir(project)
    try:
        with (
            without(NOBODY_LISTENS),
            _without_files(target_path is None),
            _environment(RETENTION_LEDGER_DB=str(database), DBT_SEND_ANONYMOUS_USAGE_STATS="false"),
        ):
            outcome = runner.invoke(command)
    finally:
        os.chdir(here)
        DuckDBConnectionManager.close_all_connections()
    return DbtRun(outcome, messages)


#: Unit tests bring their own rows and do not look at the data: they run once, with the demo.
BUILD = ("build", "--exclude-resource-type", "unit_test")

#: All tables and no data test: where a test looks at figures that another build of the same kind has tested.
TABLES = (*BUILD, "--exclude-resource-type", "test")


def predict_and_build(
    database: Path, *, command: tuple[str, ...] = BUILD, **settings: object
) -> str:
    """Fits the lifetime models and builds what reads them, with its tests or by TABLES; returns what the fit says."""
    from retention_ledger.prediction import predict

    summary = predict(database)
    run = dbt(
        *command, "--select", "config.materialized:kept+", database=database, settings=settings
    )
    assert run.ok, run.text
    return summary


@dataclass(frozen=True)
class Built:
    """A database that dbt built, and what dbt said."""

    database: Path
    run: DbtRun

    def query(self, sql: str) -> list[tuple]:
        """All rows of an SQL query."""
        return query(self.database, sql)

    def records(self, sql: str) -> list[dict[str, Any]]:
        """All rows of an SQL query, each as column name -> value."""
        return records(self.database, sql)


def build(
    folder: Path,
    settings: dict[str, Any] | None = None,
    files: dict[str, str] | None = None,
    *,
    select: tuple[str, ...] = (),
    fails: bool = False,
) -> Built:
    """Builds own files, given as name -> text, in `folder`; asserts that it goes through, or not.

    Everything with its data tests, or, with `select`, only these models and no tests. Without
    files and settings that name some, the demo is built.

        shop = build(tmp_path, {"raw_tables": ["orders"]}, {"orders.csv": "order_id,...\n"})
        assert shop.query("select count(*) from marts.orders") == [(1,)]
    """
    settings = dict(settings or {})
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
        settings.setdefault("raw_files", str(folder / f"{{name}}{''.join(Path(name).suffixes)}"))
    command = ("run", "--select", *select) if select else BUILD
    run = dbt(*command, database=folder / "built.duckdb", settings=settings)
    assert run.ok is not fails, run.text
    return Built(folder / "built.duckdb", run)


def refusal(settings: dict[str, Any], folder: Path, *, opens_database: bool = False) -> str:
    """The sentence with which dbt refuses wrong settings, without reading the project again.

    The models policy_settings and int_as_of_date look at every setting, which is why dbt refuses a
    wrong one when it reads the project. Here it reads these two alone; test_bad_input.py has the
    same for the whole project.
    """
    database = folder / "built.duckdb"
    manifest = manifest_of({}, database)
    assert isinstance(manifest, Manifest), manifest
    accepted = ROOT / "models" / "marts" / "accepted"
    models = [accepted / "policy_settings.sql", accepted / "helpers" / "int_as_of_date.sql"]
    run = dbt(
        "compile", "--inline", "\n".join(path.read_text(encoding="utf-8") for path in models),
        database=database, settings=settings, target_path=folder / "target", manifest=manifest,
    )  # fmt: skip
    assert not run.ok, f"nobody refused {settings}"
    assert database.exists() is opens_database, "a database was opened first, or none was"
    assert not opens_database or query(database, "select count(*) from duckdb_tables()") == [(0,)]
    [sentence] = [message for message in run.messages if "policy var" in message]
    return sentence


def query(database: Path, sql: str) -> list[tuple]:
    """All rows of an SQL query against a built database."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def records(database: Path, sql: str) -> list[dict[str, Any]]:
    """All rows of an SQL query, each as column name -> value."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def both_attached(one: Path, other: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads two databases, called `one` and `other`."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        yield connection


def rows_that_differ(one: Path, other: Path, sql: str) -> tuple[int, int]:
    """How many rows a query on `{db}.marts...` has in the first of two databases, and how many only one of them has."""
    rows = [sql.replace("{db}", place) for place in ("one", "other")]
    with both_attached(one, other) as connection:
        [(here, differing)] = connection.execute(f"""
            select
                (select count(*) from ({rows[0]})),
                (select count(*) from ({rows[0]} except all {rows[1]}))
                + (select count(*) from ({rows[1]} except all {rows[0]}))
            """).fetchall()
    return here, differing


#: Of builds that the command has published; another build has others, or none.
PUBLISHED = {"published_builds", "metric_restatements"}


def differing_marts(
    one: Path, other: Path, but: str = "", leave_out: set[str] = PUBLISHED
) -> list[str]:
    """The marts whose rows differ between two databases, whatever their order; `but` names a column not looked at."""
    columns = f"* exclude ({but})" if but else "*"
    differing = []
    with both_attached(one, other) as connection:
        marts = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'one' and schema_name = 'marts'"
            ).fetchall()
        }
        assert len(marts) > 30
        for mart in sorted(marts - leave_out):
            rows = [f"select {columns} from {place}.marts.{mart}" for place in ("one", "other")]
            for these, those in (rows, rows[::-1]):
                [(missing,)] = connection.execute(
                    f"select count(*) from ({these} except all {those})"
                ).fetchall()
                if missing:
                    differing.append(mart)
                    break
    return differing
