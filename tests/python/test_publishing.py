"""Readers see one complete build, whatever happens to the next one: killed, failed, refused, no room, two at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dbt_project
import duckdb
import pytest
from dbt_project import ROOT, query
from test_cli import write_orders

from retention_ledger.cli.raw_files import unchanged_files
from retention_ledger.errors import Refused, Stop
from retention_ledger.publishing import beside

VALUE = "select value from build"


def write(database: Path, value: int) -> None:
    """What stands for a build here."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create or replace table build as select {value} as value")


def publish(database: Path, value: int) -> None:
    """Writes a build beside the database and publishes it."""
    with beside(database) as candidate:
        candidate.make()
        write(candidate.file, value)
        candidate.publish()


def python(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Another process, which has this package."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests' / 'python'}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A published build, of the value 1."""
    publish(tmp_path / "shop.duckdb", 1)
    return tmp_path / "shop.duckdb"


def stopped(database: Path) -> str:
    """With what sentence a build of the value 2 stops; the database must stay as it is, byte for byte."""
    before = database.read_bytes()
    with pytest.raises(Stop) as stop:
        publish(database, 2)
    assert database.read_bytes() == before
    return str(stop.value)


def test_killed_builds_leave_nothing_mixed_and_a_rerun_mends(
    tmp_path: Path, session_folder: Path
) -> None:
    """At random moments; `KILLS=100` for more of them."""
    write_orders(tmp_path / "exports")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/python/kill_builds.py"), str(tmp_path), os.environ.get("KILLS", "3"),
         "orders", "policy_settings"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "MANIFESTS": str(dbt_project.shared_folder)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["mixed"] == counted["unequal"] == 0 < counted["reruns"], counted
    assert counted["first"] > 0, counted
    builds = query(tmp_path / "built.duckdb", "select build_id from marts.published_builds")
    [(current,)] = query(
        tmp_path / "built.duckdb", "select build_id from intermediate.int_data_held"
    )
    assert current is None or current == max(builds)[0]


def test_who_has_the_file_open_reads_the_old_build_to_the_end(database: Path) -> None:
    reader = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.execute("select value from build").fetchall(), flush=True)
    sys.stdin.readline()
    print(connection.execute("select value from build").fetchall())
"""
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "[(1,)]\n"
        publish(database, 2)
        assert query(database, VALUE) == [(2,)]
        said, _ = process.communicate("\n")
    assert said == "[(1,)]\n"
    assert [path.name for path in database.parent.iterdir()] == ["shop.duckdb"]


def test_a_build_that_fails_changes_nothing_and_is_kept(database: Path) -> None:
    before = database.read_bytes()
    with pytest.raises(Stop) as stop, beside(database) as candidate:
        candidate.make()
        write(candidate.file, 2)
        raise Stop(f"A test failed in {candidate.file}.")
    kept = database.parent / "shop.duckdb.candidate" / "shop.duckdb"
    assert str(stop.value) == (
        f"A test failed in {database}.\nReaders of {database} see the build that was there before. "
        f"What this one has made is kept in {kept}."
    )
    assert database.read_bytes() == before
    assert query(kept, VALUE) == [(2,)]
    publish(database, 3)
    assert query(database, VALUE) == [(3,)] and not kept.parent.exists()


def test_what_was_refused_before_anything_was_written_leaves_nothing(database: Path) -> None:
    with pytest.raises(Stop, match=r"^Other data\.$"), beside(database) as candidate:
        candidate.make()
        raise Refused("Other data.")
    assert [path.name for path in database.parent.iterdir()] == ["shop.duckdb"]


def test_the_first_build_that_fails_leaves_no_database(tmp_path: Path) -> None:
    database = tmp_path / "new.duckdb"
    with pytest.raises(Stop, match="There is still no database"), beside(database) as candidate:
        candidate.make()
        write(candidate.file, 2)
        raise KeyboardInterrupt
    assert not database.exists()


def test_of_two_builds_at_once_one_is_refused(database: Path) -> None:
    with beside(database) as candidate:
        candidate.make()
        said = stopped(database)
        assert f"Another retention-ledger command is writing to {database} (process " in said
        assert said.endswith("wait until it is done.")
        write(candidate.file, 3)
        candidate.publish()
    publish(database, 4)
    assert query(database, VALUE) == [(4,)]


def test_a_lock_does_not_outlive_its_process(database: Path) -> None:
    script = """
import os, pathlib, sys
from retention_ledger.publishing import beside
with beside(pathlib.Path(sys.argv[1])) as candidate:
    candidate.make()
    os.kill(os.getpid(), 9)
"""
    assert python(script, database).returncode == -9
    assert (database.parent / "shop.duckdb.candidate" / "lock").exists()
    publish(database, 2)
    assert query(database, VALUE) == [(2,)]


def test_a_file_that_cannot_grow(database: Path) -> None:
    """As on a full disk."""
    script = """
import pathlib, resource, sys
from test_publishing import *
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
with beside(pathlib.Path(sys.argv[1])) as candidate:
    candidate.make()
    with duckdb.connect(str(candidate.file)) as connection:
        connection.execute("create table large as select md5(cast(range as varchar)) from range(500_000)")
    candidate.publish()
"""
    before = database.read_bytes()
    done = python(script, database)
    assert done.returncode == 1
    assert "Stop: The build could not be written: " in done.stderr
    assert "File too large" in done.stderr and f"Readers of {database} see" in done.stderr
    assert database.read_bytes() == before


def test_no_room_for_a_copy_is_said_before_it_begins(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    assert "and 0.0 MB are free on that disk" in stopped(database)


@pytest.mark.parametrize("fault", ["read_only", "cut", "overwritten", "text", "empty", "folder"])
def test_a_database_that_cannot_be_built_over(fault: str, database: Path) -> None:
    whole = database.read_bytes()
    if fault == "read_only":
        database.chmod(0o444)
        assert "may only be read" in stopped(database)
    elif fault == "cut":
        database.write_bytes(whole[: len(whole) // 2])
        assert "is damaged (DuckDB says: " in stopped(database)
    elif fault == "overwritten":
        database.write_bytes(whole[:4096] + b"x" * 8192 + whole[12288:])
        assert "is damaged (DuckDB says: " in stopped(database)
    elif fault in ("text", "empty"):
        database.write_text("no database " * 500 if fault == "text" else "")
        assert "is a file, but no DuckDB database" in stopped(database)
    else:
        with pytest.raises(Stop, match="is a folder; name a database file"):
            publish(database.parent, 2)
    assert not (database.parent / "shop.duckdb.candidate").exists()


def test_a_database_that_another_program_writes_to(database: Path) -> None:
    """At the beginning, and meanwhile: what it has written is not lost."""
    script = """
import subprocess, sys, duckdb
with duckdb.connect(sys.argv[1]):
    sys.exit(subprocess.call([sys.executable, "-c", sys.argv[2], sys.argv[1]]))
"""
    inner = (
        "import pathlib, sys; from test_publishing import *; publish(pathlib.Path(sys.argv[1]), 2)"
    )
    assert "is open in another program (PID " in python(script, database, inner).stderr
    with pytest.raises(Stop) as stop, beside(database) as candidate:
        candidate.make()
        write(candidate.file, 2)
        write(database, 7)
        candidate.publish()
    assert f"Another program has written to {database} while this command ran" in str(stop.value)
    assert query(database, VALUE) == [(7,)] and query(candidate.file, VALUE) == [(2,)]


def test_what_a_killed_program_left_beside_the_file_is_not_lost(database: Path) -> None:
    script = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("create table own as select 5 as value")
os._exit(9)
"""
    python(script, database)
    assert database.with_name("shop.duckdb.wal").exists()
    publish(database, 2)
    assert query(database, "select value from own") == [(5,)] and query(database, VALUE) == [(2,)]


def test_a_link_stays_a_link_and_a_mode_stays_a_mode(database: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.duckdb"
    link.symlink_to(database)
    database.chmod(0o640)
    publish(link, 2)
    assert link.is_symlink() and query(database, VALUE) == query(link, VALUE) == [(2,)]
    assert database.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("happens", "words"), [("truncated", "was written to"), ("vanished", "vanished"), (None, None)]
)
def test_a_raw_file_that_changes_while_it_is_read(
    happens: str | None, words: str | None, tmp_path: Path
) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("order_id\n1\n2\n")
    (tmp_path / "others.csv").write_text("id\n")
    project = SimpleNamespace(folder=ROOT, ours=ROOT)
    settings = {"raw_files": str(tmp_path / "{name}.csv"), "raw_tables": ["orders"]}

    def read() -> None:
        with unchanged_files(settings, project):
            (tmp_path / "others.csv").unlink(missing_ok=True)  # nobody's
            if happens == "truncated":
                orders.write_text("order_id\n1\n")
            if happens == "vanished":
                orders.unlink()
                raise Stop("The build stopped.")

    if happens is None:
        read()
        return
    with pytest.raises(Stop) as stop:
        read()
    said = f"The raw file {orders} {words} while the build read it: build again when the files are complete."
    assert str(stop.value).splitlines()[0] == said
    assert (happens == "vanished") == ("The build stopped." in str(stop.value))
