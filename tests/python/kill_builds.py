"""Kills builds at random moments and looks at what a reader sees after each.

    python tests/python/kill_builds.py FOLDER KILLS [MODEL ...]

Builds everything, or MODEL and what it reads. FOLDER has a file `exports/orders.csv`. The database is built with one policy, then again and again with
another, and each of these builds is killed (SIGKILL). Prints one JSON object: how many kills left the
first build, how many the second, how many anything else (`mixed`), how many a database that the next build
could not make the same as one that was never killed (`unequal`), and the seconds of a build that is left alone.
"""

import io
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import dbt_project
import duckdb
from rich.console import Console

from retention_ledger.cli import commands
from retention_ledger.cli.dbt import Dbt
from retention_ledger.cli.project import Project
from retention_ledger.errors import Stop

#: What every build writes anew: its id, and when.
NAMES_A_BUILD = ("published_builds", "int_data_held")


class AllTables(commands.BuildOptions):
    """Every table, and no data test: these take most of the time and write nothing."""

    def for_selection(self) -> list[str]:
        return [*super().for_selection(), "--exclude-resource-type", "test"]


def settings(folder: Path, inactivity_days: int) -> dict:
    """The settings of a shop that has orders only."""
    return {
        "raw_files": str(folder / "exports" / "{name}.csv"),
        "raw_tables": ["orders"],
        "raw_columns": {"orders": {"updated_at": None}},
        "counted_order_statuses": ["paid"],
        "inactivity_days": inactivity_days,
        "as_of_date": "2024-12-31",
        "status_bases": ["orders_window"],
        "period_grains": ["month", "quarter"],
    }


def read_once(dbt: Dbt) -> None:
    """The project as another process has read it (`dbt_project.manifest_of`)."""
    dbt.manifest = dbt_project.manifest_of(dbt.settings, Path("built.duckdb"))


def build(folder: Path, database: Path, inactivity_days: int) -> None:
    """`retention-ledger build` of what the command line names; says nothing."""
    os.environ["RETENTION_LEDGER_DB"] = str(database)
    file = folder / f"inactive_{inactivity_days}.yml"
    file.write_text(json.dumps(settings(folder, inactivity_days)))
    project = Project(dbt_project.ROOT, dbt_project.ROOT, dbt_project.ROOT / "profiles", None)
    options = AllTables(tuple(f"+{name}" for name in sys.argv[3:]))
    commands.build(Console(file=io.StringIO()), project, file, database, options, False)


def contents(database: Path) -> dict[str, str]:
    """Table -> a hash of its rows, read as a reader would: by one connection, read-only."""
    found = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall():
            if table not in NAMES_A_BUILD:
                [found[f"{schema}.{table}"]] = connection.execute(
                    f'select cast(sum(hash(rows)) as varchar) from "{schema}"."{table}" as rows'
                ).fetchone()
    return found


def killed(folder: Path, database: Path, seconds: float) -> None:
    """A build of the second policy that is killed after a while, unless it is done before."""
    child = os.fork()
    if child == 0:
        try:
            build(folder, database, 30)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def run(folder: Path, kills: int, numbers: random.Random) -> dict[str, float]:
    """Kills builds; the outcomes counted."""
    Dbt.read = read_once
    database, before = folder / "built.duckdb", folder / "before.duckdb"
    build(folder, database, 60)
    first = contents(database)
    shutil.copy(database, before)
    started = time.perf_counter()
    build(folder, database, 30)
    seconds = time.perf_counter() - started
    second = contents(database)
    assert first != second and first.keys() == second.keys()
    counts = {"first": 0, "second": 0, "mixed": 0, "unequal": 0, "reruns": 0}
    for number in range(kills):
        shutil.copy(before, database)
        killed(folder, database, numbers.uniform(0, seconds * 1.05))
        found = contents(database)
        seen = "first" if found == first else "second" if found == second else "mixed"
        counts[seen] += 1
        if number % 10 == 0:
            build(folder, database, 30)
            counts["reruns"] += 1
            counts["unequal"] += contents(database) != second
    return counts | {"seconds_of_a_build": round(seconds, 1)}


if __name__ == "__main__":
    try:
        dbt_project.shared_folder = Path(os.environ.get("MANIFESTS", dbt_project.shared_folder))
        print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), random.Random(1))))
    except Stop as stop:
        sys.exit(str(stop))
