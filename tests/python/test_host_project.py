"""As a dbt package: a host project installs it, feeds it its own models, and builds everything in order.

The host has models called stg_orders, stg_customers, orders and customers, as every project has, a source called
raw, and a rule of its own for schemas.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_project import ROOT, DbtRun, query

# Per month: opening, new, reactivated, churned, closing of orders_window, and of the purchases: purchasers,
# returning ones, customers to date and repeat customers to date. Worked out with the data.
FIGURES = {
    "2024-09-01": (77, 18, 2, 11, 86, 49, 31, 150, 77),
    "2025-02-01": (92, 14, 0, 15, 91, 39, 25, 213, 111),
    "2025-05-01": (70, 0, 4, 13, 61, 28, 28, 214, 128),
}


def make_host(folder: Path, package: Path = ROOT) -> Path:
    """A copy of the host project that has this repository as a package."""
    shutil.copytree(ROOT / "tests" / "fixtures" / "host_project", folder)
    packages = folder / "packages.yml"
    packages.write_text(packages.read_text().replace("RETENTION_LEDGER", str(package)))
    return folder


def host_dbt(folder: Path, *arguments: str) -> DbtRun:
    """Runs `dbt ARGUMENTS` in the host project, as a person would there."""
    messages: list[str] = []

    def listen(event: Any) -> None:
        if event.info.level != "debug":
            messages.append(f"{event.info.level} {event.info.msg}")

    here = Path.cwd()
    os.chdir(folder)
    try:
        outcome = dbtRunner(callbacks=[listen]).invoke(
            [*arguments, "--quiet", "--profiles-dir", ".", "--project-dir", "."]
        )
    finally:
        os.chdir(here)
        DuckDBConnectionManager.close_all_connections()
    return DbtRun(outcome, messages)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DbtRun]:
    """The host, built from nothing."""
    folder = make_host(tmp_path_factory.mktemp("host") / "my_shop")
    installed = host_dbt(folder, "deps")
    assert installed.ok, installed.text
    return folder, host_dbt(folder, "build")


def test_one_build_from_nothing_makes_the_figures(host: tuple[Path, DbtRun]) -> None:
    folder, run = host
    assert run.ok, run.text
    found = query(
        folder / "my_shop.duckdb",
        """
        select cast(period_start as varchar), opening_customers, new_customers, reactivated_customers,
            churned_customers, closing_customers, purchasers, returning_purchasers, customers_to_date,
            repeat_customers_to_date
        from analytics__marts.retention_by_period
        inner join analytics__marts.repeat_purchase_by_period using (period_grain, period_start, segment_dimension)
        where basis = 'orders_window' and period_grain = 'month' and segment_dimension = 'all'
        order by 1
        """,
    )
    assert {month: tuple(row) for month, *row in found if month in FIGURES} == FIGURES


def test_nobody_is_warned_and_no_demo_is_built(host: tuple[Path, DbtRun]) -> None:
    folder, run = host
    assert [message for message in run.messages if message.startswith(("warn", "error"))] == []
    tables = {
        f"{schema}.{table}"
        for schema, table in query(
            folder / "my_shop.duckdb",
            "select table_schema, table_name from information_schema.tables",
        )
    }
    assert not [table for table in tables if table.split(".")[1].startswith("raw_")]
    latest = query(
        folder / "my_shop.duckdb",
        "select value from analytics__marts.policy_settings where setting = 'latest_valid_date'",
    )
    assert latest == [(None,)] or latest == [("null",)]


def test_the_hosts_own_models_stay_its_own(host: tuple[Path, DbtRun]) -> None:
    folder, _ = host
    database = folder / "my_shop.duckdb"
    (orders,) = query(database, "select count(*) from analytics.app_orders")[0]
    assert query(database, "select count(order_total) from analytics.orders") == [(orders,)]
    assert query(database, "select distinct whose from analytics.customers") == [("host",)]
    assert query(
        database,
        "select closing_customers from analytics.churn_for_the_board where period_start = date '2024-09-01'",
    ) == [(86,)]


def test_only_base_models_depend_on_the_host(host: tuple[Path, DbtRun]) -> None:
    folder, _ = host
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    edges = {
        (node["name"], parent)
        for node in manifest["nodes"].values()
        if node["package_name"] == "retention_ledger"
        for parent in node["depends_on"]["nodes"]
        if parent.split(".")[1] == "my_shop"
    }
    assert edges == {
        ("base_customers", "model.my_shop.stg_customers"),
        ("base_orders", "model.my_shop.stg_orders"),
    }


def up_to_accepted(folder: Path) -> Path:
    """A copy of this project as far as the accepted rows, because a host reads all of a package."""
    for part in ("macros", "seeds", "models", "tests/generic"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "dbt_project.yml", folder)
    for file in (folder / "models" / "marts").rglob("*.*"):
        if file.suffix in (".sql", ".yml") and "accepted" not in file.parts:
            file.unlink()
    return folder


def test_what_a_model_of_the_host_lacks_is_said_before_it_is_read(tmp_path: Path) -> None:
    folder = make_host(tmp_path / "my_shop", package=up_to_accepted(tmp_path / "package"))
    (folder / "models" / "marts" / "churn_for_the_board.sql").unlink()
    staging = folder / "models" / "staging"
    text = (staging / "stg_orders.sql").read_text()
    (staging / "stg_orders.sql").write_text(text.replace("as amount", "as price"))
    text = (staging / "stg_customers.sql").read_text()
    (staging / "stg_customers.sql").write_text(text + "where 1 = 0\n")
    assert host_dbt(folder, "deps").ok
    run = host_dbt(folder, "build", "--select", "+base_orders", "+base_customers")
    assert not run.ok
    said = "\n".join(str(result.message) for result in run.outcome.result.results)
    assert "There is no column `amount` in the model " in said
    assert "It has: order_id, customer_id, ordered_at, status, price, updated_at" in said
    assert "There are no rows in the model " in said
    # A model that does not exist, and tables of the host under their own names.
    project = yaml.safe_load((folder / "dbt_project.yml").read_text())
    settings = project["vars"]["retention_ledger"]
    settings["raw_models"] = {"orders": "stg_sales"}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
    run = host_dbt(folder, "parse")
    assert "depends on a node named 'stg_sales' in package or project 'my_shop'" in run.text
    del settings["raw_models"]
    settings |= {
        "replace_data": True,  # the same rows in other tables are other data
        "raw_relations": {"orders": "analytics.sales", "customers": "analytics.stg_customers"},
        "raw_columns": {"orders": {"order_id": "id", "customer_id": "user_id", "ordered_at": "placed_at", "status": "state", "amount": "total", "updated_at": None}},
    }  # fmt: skip
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
    run = host_dbt(folder, "run", "--select", "base_orders")
    assert 'There is no table "my_shop"."analytics"."sales" for the raw orders' in run.text
    assert "There are no rows in the table" in run.text
    settings["raw_relations"] = {"orders": "my_shop.analytics.app_orders"}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
    run = host_dbt(folder, "run", "--select", "base_orders")
    assert run.ok, run.text
    assert query(
        folder / "my_shop.duckdb",
        "select (select count(*) from analytics__staging.base_orders) - (select count(*) from analytics.app_orders)",
    ) == [(0,)]


def test_the_command_predicts_and_shows_in_the_host(host: tuple[Path, DbtRun]) -> None:
    """The relations are those that the host's rule for schemas has made."""
    folder, _ = host

    def command(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "retention_ledger", *arguments, "--project-dir", ".", "--profiles-dir", "."],
            cwd=folder, capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip

    predicted = command("predict")
    assert predicted.returncode == 0, predicted.stdout + predicted.stderr
    assert "Lifetime models of 214 customers" in predicted.stdout
    assert query(
        folder / "my_shop.duckdb",
        "select count(distinct policy_version) from (select policy_version from analytics__marts.policy_settings "
        "union all select policy_version from analytics__marts.prediction_check)",
    ) == [(1,)]
    shown = command("show")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "analytics__marts" in shown.stdout
    # May 2025: opening 70, nobody new, 4 reactivated, 13 churned, closing 61.
    assert "2025-05 70 0 4 13 61" in " ".join(shown.stdout.split())
