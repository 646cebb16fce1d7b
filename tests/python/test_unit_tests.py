"""All unit tests of the models, under the settings of the demo. Under others: test_own_subscriptions.py."""

import shutil
from pathlib import Path

from dbt_project import dbt


def test_all_unit_tests_pass(demo_database: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    run = dbt("test", "--select", "test_type:unit", database=database)
    assert run.ok, run.text
    assert len(run.outcome.result) >= 150
