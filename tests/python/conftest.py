"""What several test modules share: one build of the demo."""

from pathlib import Path

import pytest
from dbt_project import dbt


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, built once with every data test; unit tests are run by `make unit-tests`."""
    database = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    run = dbt("build", "--exclude-resource-type", "unit_test", database=database)
    assert run.ok, run.text
    return database
