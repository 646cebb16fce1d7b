"""The tree shows the architecture: rooms in the order in which data flows, and helpers beside their readers."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import ROOT, dbt

#: From where the raw rows come in to where readers look a metric up.
ROOMS = [
    "base", "staging", "accepted", "ledger", "retention", "revenue", "purchases", "lifetime_value", "risk",
    "acquisition", "metrics", "seasonality", "profiles", "semantic",
]  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A model, the room that its folder stands for, and the models that it reads."""

    name: str
    room: str
    is_helper: bool
    reads: tuple[str, ...]


def models_of(nodes: dict) -> dict[str, Model]:
    """The models of a manifest, by name."""
    found = {}
    for node in nodes.values():
        if node.resource_type.value == "model":
            folders = node.fqn[1:-1]
            found[node.name] = Model(
                name=node.name,
                room=next(folder for folder in reversed(folders) if folder != "helpers"),
                is_helper="helpers" in folders or folders[0] == "staging",
                reads=tuple(
                    name.split(".")[-1]
                    for name in node.depends_on.nodes
                    if name.startswith("model.")
                ),
            )
    return found


def uphill_edges(models: dict[str, Model]) -> list[str]:
    """What reads against the flow: a later room, or, from a helper, a mart of its own room."""
    found = []
    for model in models.values():
        for read in (models[name] for name in model.reads):
            if ROOMS.index(read.room) > ROOMS.index(model.room):
                found.append(f"{model.name} ({model.room}) reads {read.name} ({read.room})")
            elif read.room == model.room and model.is_helper and not read.is_helper:
                found.append(f"the helper {model.name} reads {read.name}, a mart of its own room")
    return found


@pytest.fixture(scope="module")
def models(demo_manifest: Manifest) -> dict[str, Model]:
    """All models as dbt parsed them."""
    return models_of(demo_manifest.nodes)


def test_no_edge_runs_uphill(models: dict[str, Model]) -> None:
    assert {model.room for model in models.values()} == set(ROOMS)
    assert sum(len(model.reads) for model in models.values()) > 120
    assert uphill_edges(models) == []


def test_an_edge_that_runs_uphill_is_found() -> None:
    models = {
        model.name: model
        for model in [
            Model("orders", "accepted", False, ("int_orders_resolved",)),
            Model("int_orders_resolved", "accepted", True, ("retention_by_period",)),
            Model("retention_by_period", "retention", False, ("int_balances",)),
            Model("int_balances", "retention", True, ("orders", "retention_by_period")),
        ]
    }
    assert uphill_edges(models) == [
        "int_orders_resolved (accepted) reads retention_by_period (retention)",
        "the helper int_balances reads retention_by_period, a mart of its own room",
    ]


def test_a_helper_stands_beside_its_only_reader(models: dict[str, Model]) -> None:
    readers = {
        helper.name: [model for model in models.values() if helper.name in model.reads]
        for helper in models.values()
        if helper.is_helper and helper.room not in ROOMS[:2]
    }
    assert len(readers) > 30
    # Read by hooks and by the command.
    kept = {"int_data_held", "int_published_policy", "int_published_rows", "int_published_values"}
    assert {name for name, found in readers.items() if not found} == kept
    assert [
        name
        for name, found in readers.items()
        if len(found) == 1 and found[0].room != models[name].room
    ] == []


def test_every_model_has_a_file_of_its_own_for_its_words(models: dict[str, Model]) -> None:
    folder = ROOT / "models"
    files = {path.stem: path for path in folder.rglob("*.sql")}
    assert set(files) == set(models)
    assert [name for name, path in files.items() if not path.with_suffix(".yml").exists()] == []
    others = {path.stem for path in folder.rglob("*.yml")} - set(files)
    # What no model is: the semantic layer, which is written from the catalogue, and who reads the marts.
    semantic = {path.stem for path in (folder / "marts" / "semantic").glob("*.yml")} - set(files)
    assert semantic == {"exposures", "semantic_models"} | {
        f"metrics_{name}" for name in ("of_purchases", "of_retention", "of_revenue", "over_time")
    }
    assert others == {"groups", "sources"} | semantic
    assert [
        path.name for path in folder.rglob("*.yml") if len(path.read_text().splitlines()) > 600
    ] == []


def test_the_name_of_a_unit_test_is_short_enough_for_postgresql(demo_manifest: Manifest) -> None:
    names = [test.name for test in demo_manifest.unit_tests.values()]
    assert len(names) > 200 and [name for name in names if len(name) > 63] == []


def test_macros_stand_in_rooms_of_the_same_names() -> None:
    rooms = {path.name for path in (ROOT / "macros").iterdir() if path.is_dir()}
    assert rooms <= {*ROOMS, "policy", "raw", "calendar", "cross_db", "expectations"}
    assert [path for path in (ROOT / "macros").glob("*.sql")] == []


def test_a_rate_of_the_catalogue_is_a_line_of_its_mart() -> None:
    """Whoever reads a mart's SQL sees its columns; the formula is one hop away, in the catalogue."""
    written = {
        path.stem: path.read_text()
        for path in (ROOT / "models" / "marts").rglob("*.sql")
        if "rates_of(" in path.read_text()
    }
    assert len(written) >= 6
    catalogue = "\n".join(
        path.read_text() for path in Path(ROOT / "macros" / "metrics").glob("*.sql")
    )
    for mart, sql in written.items():
        assert f"rates_of('{mart}')" in sql
        names = [
            line.split(" as ")[1].strip(" ,") for line in sql.splitlines() if "{{ rates." in line
        ]
        assert names and all(f"{{{{ rates.{name} }}}} as {name}" in sql for name in names)
        assert all(catalogue.count(f"name='{name}'") == 1 for name in names)


def test_what_is_divided_twice_is_refused(demo_manifest: Manifest, tmp_path: Path) -> None:
    """A quotient inside a quotient is rounded twice; safe_divide looks at what it is given."""
    for numerator, denominator in (("orders", "(days / 365.0)"), ("1 / revenue", "orders")):
        run = dbt(
            "compile", "--inline", f"select {{{{ safe_divide('{numerator}', '{denominator}') }}}}",
            database=tmp_path / "none.duckdb", manifest=demo_manifest.deepcopy(),
        )  # fmt: skip
        assert not run.ok and "divides a quotient, which is rounded twice" in run.text
