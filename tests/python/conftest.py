"""What several test modules share: one build of the demo, and what dbt read for it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dbt_project
import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import BUILD, dbt, locked, manifest_of, predict_and_build

#: The files that take longest go first, so that no process is left with one of them at the end.
LONGEST = (
    "test_own_subscriptions.py", "test_postgres.py", "test_calendars.py", "test_cli.py", "test_own_data.py", "test_bad_input.py",
    "test_init.py", "test_connectors.py", "test_subscriptions_against_oracle.py", "test_hostile_tables.py", "test_files.py",
    "test_diff.py", "test_host_project.py", "test_report.py", "test_manifest.py", "test_own_attributes.py",
    "test_publishing.py", "test_attached.py", "test_unit_tests.py", "test_ledger_against_oracle.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of the longest files first; the order is otherwise as it was."""
    items.sort(key=lambda item: (*LONGEST, item.path.name).index(item.path.name))


@pytest.fixture(scope="session", autouse=True)
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all test processes of this session: what one has made the others use."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    dbt_project.shared_folder = folder / "manifests"
    return folder


@pytest.fixture(scope="session")
def demo_database(session_folder: Path) -> Iterator[Path]:
    """The demo, built once with every data test and the prediction. Not to be written to: copy it.

    It is held open for reading, so that who opens it for writing fails, and not who reads it meanwhile.

    `make test` builds it by the command, as a user does, and names the file in DEMO_DATABASE.
    """
    folder = session_folder / "demo"
    with locked(session_folder / "demo.lock"):
        if not (folder / "built").exists() and os.environ.get("DEMO_DATABASE"):
            folder.mkdir(exist_ok=True)
            shutil.copy(os.environ["DEMO_DATABASE"], folder / "built.duckdb")
            (folder / "built").touch()
        if not (folder / "built").exists():
            run = dbt(*BUILD, database=folder / "built.duckdb")
            assert run.ok, run.text
            predict_and_build(folder / "built.duckdb")
            (folder / "built").touch()
    with duckdb.connect(str(folder / "built.duckdb"), read_only=True):
        yield folder / "built.duckdb"


@pytest.fixture(scope="session")
def demo_manifest(session_folder: Path) -> Manifest:
    """All nodes as dbt reads them with the settings of the demo. Not to be written to."""
    manifest = manifest_of({}, session_folder / "demo" / "built.duckdb")
    assert isinstance(manifest, Manifest), manifest.text
    return manifest
