"""What was read once may be used again: no setting of RENDERED_LATE changes what dbt reads.

Every other test relies on it, because dbt_project.py gives dbt a manifest that was read with other
values of these settings.
"""

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dbt_project
import pytest
import yaml
from dbt.contracts.graph.manifest import Manifest
from dbt_project import RENDERED_LATE, ROOT, dbt, manifest_of, shape

#: Another value for each of them, as far from the default as it goes.
OTHER_VALUES: dict[str, Any] = {
    "policy_release": "another",
    "inactivity_days": 1,
    "subscription_grace_days": 366,
    "counted_order_statuses": ["paid", "pending"],
    "uncounted_order_statuses": [],
    "reject_negative_amounts": False,
    "test_account_emails": [],
    "cancel_reasons": {"gone": []},
    "involuntary_cancel_reasons": [],
    "complaint_topics": ["late delivery"],
    "reporting_currency": "USD",
    "repeat_purchase_unit": "purchase_day",
    "gross_margin_rate": 0,
    "max_lifespan_years": 1,
    "discount_rate": 1,
    "prediction_horizon_days": 365,
    "holdout_days": 7,
    "business_timezone": "Asia/Tokyo",
    "as_of_date": "2024-02-29",
    "earliest_valid_date": "2001-01-01",
    "latest_valid_date": "2024-02-29",
    "timestamp_formats": [],
    "decimal_separator": ",",
    "missing_texts": ["-"],
    "max_rejected_share": 1,
    "max_days_without_orders": 1,
    "expectations": {"rows_lost": {"warn": 0.5}},
    "raw_files": "elsewhere/{name}.parquet",
    "raw_columns": {
        "orders": {"status": None, "currency": "ccy", "order_id": '"No."'},
        "subscriptions": {"updated_at": None, "plan": "null"},
    },
    "raw_line_level": ["orders"],
    "raw_rejects": {"orders": {"a gift": "amount = 0"}},
    "raw_deleted": {"orders": "amount = 1"},
    "raw_file_formats": {"orders": {"delimiter": ";"}},
    "raw_timezones": {"orders": "Asia/Tokyo"},
    "raw_time_units": {"orders": {"ordered_at": "epoch_seconds"}},
    "timezone_abbreviations": {"XYZ": "Asia/Tokyo"},
    "id_cleaning": {"all": ["lower"]},
    "negative_orders": "refund",
    "refund_order_statuses": ["credited"],
    "customer_identity": "email",
    "unknown_customers": "keep",
    "placeholder_customer_ids": ["0"],
    "placeholder_customers": "split_by_email",
    "subscription_versions": "changes",
    "status_bases": ["orders_window"],
    "period_grains": ["month"],
    "segment_dimensions": [],
    "raw_tables": ["orders"],
    "calendar": "table",
    "week_starts_on": "sunday",
    "fiscal_year_starts_in": 2,
    "cohort_grain": "quarter",
    "headline_basis": "orders_window",
    "replace_data": True,
    "risk_horizon_days": 30,
    "risk_history_months": 4,
    "risk_recent_days": 7,
    "risk_overdue_factor": 1,
    "risk_decline_share": 1,
    "risk_slow_ticket_days": 0,
    "negative_words": [],
    "subscription_ends": "inclusive",
    "seasonal_cycles": 3,
    "attached_databases": {"old": {"path": "elsewhere/old.duckdb"}},
}


def contents(manifest: Manifest) -> dict[str, Any]:
    """All that stands in a manifest but when it was read."""
    kinds = (
        "nodes", "sources", "macros", "docs", "exposures", "functions", "metrics", "groups",
        "selectors", "semantic_models", "unit_tests", "saved_queries",
    )  # fmt: skip
    found: dict[str, Any] = {"disabled": sorted(manifest.disabled)}
    for kind in kinds:
        for name, node in getattr(manifest, kind).items():
            found[name] = node.to_dict() if hasattr(node, "to_dict") else node
            if isinstance(found[name], dict):
                found[name].pop("created_at", None)
                # A node that another refers to twice is one edge.
                edges = found[name].get("depends_on", {})
                edges["nodes"] = sorted(set(edges.get("nodes", [])))
                found[name]["refs"] = sorted({str(each) for each in found[name].get("refs") or []})
            if name.startswith("model."):
                # A model sees every macro, called when it was read or not; only a test sees just those.
                found[name]["depends_on"].pop("macros")
    return found


def differing(first: Manifest, second: Manifest) -> list[str]:
    """The names of what stands in one manifest only, or otherwise in the other."""
    one, other = contents(first), contents(second)
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


@pytest.mark.parametrize("data", ["demo", "own files"])
def test_settings_that_are_rendered_late_do_not_change_what_is_read(
    tmp_path: Path, data: str
) -> None:
    database = tmp_path / "built.duckdb"
    others = OTHER_VALUES
    if data == "demo":  # its tables are seeds, and so nodes
        others = OTHER_VALUES | {"raw_files": None, "raw_tables": None}
    settings = {} if data == "demo" else {"raw_files": str(tmp_path / "{name}.csv")}
    if data == "own files":
        settings["raw_tables"] = ["customers", "orders", "subscriptions"]
        others = OTHER_VALUES | {"raw_queries": {"orders": "select * from {orders}"}}
    assert shape(settings | others, database) == shape(settings, database)
    run = dbt("parse", database=database, settings=settings | others)
    assert run.ok, run.text
    kept = manifest_of(settings, database)
    assert isinstance(kept, Manifest), kept
    assert len(contents(kept)) > 1000
    assert differing(kept, run.outcome.result) == []


def test_every_setting_rendered_late_has_another_value_here() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(OTHER_VALUES) == RENDERED_LATE <= set(project["vars"])
    assert [name for name in RENDERED_LATE if OTHER_VALUES[name] == project["vars"][name]] == []


def test_a_manifest_that_differs_is_noticed(demo_manifest: Manifest) -> None:
    other = copy.deepcopy(demo_manifest.nodes["model.retention_ledger.orders"])
    other.depends_on.nodes.pop()
    changed = demo_manifest.deepcopy()
    changed.nodes["model.retention_ledger.orders"] = other
    assert differing(demo_manifest, changed) == ["model.retention_ledger.orders"]


def test_all_other_settings_and_the_name_of_the_database_are_part_of_the_shape() -> None:
    here = Path("built.duckdb")
    shapes = [
        shape({}, here),
        shape({}, Path("other.duckdb")),
        shape({"raw_files": "{name}.csv"}, here),
        shape({"raw_files": "{name}.xlsx"}, here),  # refused when the project is read
        shape({"raw_files": "orders.csv"}, here),  # as are two tables from one file
        shape({"raw_files": {"refunds": "orders.csv"}, "raw_tables": ["orders"]}, here),
        shape({"raw_tables": ["orders"]}, here),  # without files its tables are seeds, and nodes
        *(shape({name: "x"}, here) for name in ("raw_schema", "raw_database", "a_new_setting")),
    ]
    assert len(set(shapes)) == len(shapes)


def test_a_manifest_is_a_copy_that_a_run_may_write_to(tmp_path: Path) -> None:
    database = tmp_path / "built.duckdb"
    first, second = manifest_of({}, database), manifest_of({}, database)
    assert isinstance(first, Manifest) and isinstance(second, Manifest)
    assert (
        first.nodes["model.retention_ledger.orders"]
        is not (second.nodes["model.retention_ledger.orders"])
    )


def test_the_faster_dbt_compiles_the_same_sql(tmp_path: Path) -> None:
    """All models and data tests of the demo, by the faster dbt of the command and the tests (`faster_dbt.py`), and by dbt as it is."""
    folders = {}
    for name, environment in {"faster": {}, "plain": {"PLAIN_DBT": "1"}}.items():
        folders[name] = tmp_path / name
        folders[name].mkdir()
        compiling = (
            "import sys; from pathlib import Path; import dbt_project;"
            f"dbt_project.shared_folder = Path({str(dbt_project.shared_folder)!r});"
            f"folder = Path({str(folders[name])!r});"
            "run = dbt_project.dbt('compile', database=folder / 'built.duckdb', target_path=folder / 'target');"
            "print(run.text); sys.exit(not run.ok); "
        )
        run = subprocess.run(
            [sys.executable, "-c", compiling], cwd=ROOT, capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr

    faster, plain = (
        {path.relative_to(folder): path.read_text() for path in folder.rglob("*.sql")}
        for folder in folders.values()
    )
    assert len(plain) > 400, len(plain)
    assert faster.keys() == plain.keys()
    assert [path for path, sql in faster.items() if sql != plain[path]] == []
