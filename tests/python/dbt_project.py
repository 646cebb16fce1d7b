"""Runs this dbt project inside the test process, each time into a database of its own."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult

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


# dbt makes millions of objects when it reads a project, and nearly all of them stay until it is done.
gc.set_threshold(200_000)


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
) -> DbtRun:
    """Runs `dbt ARGUMENTS` with the vars `settings`, writing to the DuckDB file `database`.

    The compiled project goes to `target_path` (default: beside the database), so that runs do not
    disturb each other or the developer's own target folder.
    """
    messages: list[str] = []
    command = [
        *arguments,
        "--quiet",
        "--no-write-json",  # a manifest that no test reads, at a quarter of the time
        "--project-dir", str(project),
        "--profiles-dir", str(ROOT / "profiles"),
        "--target-path", str(target_path or database.parent / "target"),
        "--log-path", str(database.parent / "logs"),
        "--vars", yaml.safe_dump(settings or {}, sort_keys=False),
    ]  # fmt: skip

    def listen(event: Any) -> None:
        if event.info.level != "debug":
            messages.append(event.info.msg)

    runner = dbtRunner(callbacks=[listen])
    # dbt leaves the interpreter's working directory alone, but relative paths in vars are read
    # from it, as they are for a person who types `dbt build` at the root.
    here = Path.cwd()
    os.chdir(project)
    try:
        with _environment(
            RETENTION_LEDGER_DB=str(database), DBT_SEND_ANONYMOUS_USAGE_STATS="false"
        ):
            outcome = runner.invoke(command)
    finally:
        os.chdir(here)
        DuckDBConnectionManager.close_all_connections()
    return DbtRun(outcome, messages)


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
