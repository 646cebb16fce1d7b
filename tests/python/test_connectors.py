"""The connectors in examples/: each one's settings on its own tiny export give the figures worked out by hand."""

import csv
import json
import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt_project import ROOT, build

from retention_ledger.cli.settings import as_vars, read_settings

EXAMPLES = ROOT / "examples"
FOLDERS = sorted(file.parent for file in EXAMPLES.glob("*/settings.yml"))
#: `united` is no layout: it puts those of others together.
LAYOUTS = [folder for folder in FOLDERS if folder.name != "united"]
PROJECT = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
#: What rejected_rows puts together for these tables; the mart itself would take in ten more models, of tables that no
#: connector has.
REJECTED = {
    "orders": "int_order_rows_rejected",
    "subscriptions": "int_subscription_rows_rejected",
}
each_connector = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def checks(folder: Path) -> list[dict[str, str]]:
    """The rows of expected.csv: mart, filter, column, value."""
    with (folder / "expected.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def settings_of(folder: Path) -> dict[str, Any]:
    """The settings as the command reads them, paths in full."""
    return as_vars(read_settings(folder / "settings.yml", {*PROJECT["vars"]}))


def layout_of(folder: Path) -> dict[str, Any]:
    """What layout.yml says: title, tables, cannot_be_known, decisions."""
    return yaml.safe_load((folder / "layout.yml").read_text())


def is_same(expected: str, found: object) -> bool:
    """Whether a value of the database is the text of expected.csv; numbers by value."""
    if found is None:
        return expected == "NULL"
    try:
        return Decimal(expected) == Decimal(str(found))
    except InvalidOperation:
        return expected == str(found)


@each_connector
def test_the_figures_are_those_worked_out_by_hand(folder: Path, tmp_path: Path) -> None:
    rows = checks(folder)
    figures = [row for row in rows if row["mart"] != "(build)"]
    assert len(figures) >= 5
    settings = settings_of(folder)
    rejected = [table for table in REJECTED if table in settings["raw_tables"]]
    marts = {row["mart"] for row in figures}
    if "rejected_rows" in marts:
        marts = marts - {"rejected_rows"} | {REJECTED[table] for table in rejected}
    built = build(tmp_path, settings, select=tuple(f"+{mart}" for mart in sorted(marts)))
    wrong = []
    with duckdb.connect(str(built.database), read_only=True) as connection:
        rows_of_tables = " union all ".join(
            f"select '{table}' as source_table, reject_reason as reason from intermediate.{REJECTED[table]}"
            for table in rejected
        )
        for row in figures:
            is_rejected = row["mart"] == "rejected_rows"
            relation = f"({rows_of_tables})" if is_rejected else f"marts.{row['mart']}"
            where = f" where {row['filter']}" if row["filter"] else ""
            query = f"select {row['column']} from {relation}{where}"
            found = connection.execute(query).fetchall()
            if len(found) != 1 or not is_same(row["value"], found[0][0]):
                wrong.append(f"{query}: {found}, expected {row['value']}")
    assert not wrong, "\n".join(wrong)


def decided(folder: Path) -> list[str]:
    """The settings that settings.yml leaves to the reader, in order."""
    settings, setting = [], ""
    for line in (folder / "settings.yml").read_text().splitlines():
        setting = match[1] if (match := re.match(r"(\w+):", line)) else setting
        settings += [setting] if "# decide:" in line else []
    return settings


@each_connector
def test_a_connector_is_complete_and_says_what_is_left_to_decide(folder: Path) -> None:
    assert len((folder / "README.md").read_text().splitlines()) <= 60
    assert "as_of_date" in decided(folder)
    if folder in LAYOUTS:
        layout = layout_of(folder)
        assert {*layout} == {"title", "tables", "cannot_be_known", "decisions"}
        assert layout["cannot_be_known"]
        assert {*layout["tables"]} == {*settings_of(folder)["raw_files"]}
        assert decided(folder) == layout["decisions"]


def test_the_package_carries_every_connector() -> None:
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = included["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for folder in FOLDERS:
        assert (
            wheel[f"examples/{folder.name}"] == f"retention_ledger/project/examples/{folder.name}"
        )


def columns_of(file: str, formats: dict[str, Any]) -> set[str]:
    """The column names of a file of an example, in lower case."""
    if file.endswith(".jsonl"):
        return {name for line in Path(file).read_text().splitlines() for name in json.loads(line)}
    encoding = formats.get("encoding", "utf-8-sig")
    with open(file, encoding=encoding, newline="") as text:
        header = text.readline()
        delimiter = max(",;\t", key=header.count)
        return {name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter))}


def test_no_layout_is_taken_for_another() -> None:
    known = {}
    for folder in LAYOUTS:
        settings = settings_of(folder)
        formats = settings.get("raw_file_formats", {})
        known[folder.name] = {
            name: columns_of(file, formats.get(name, {}))
            for name, file in settings["raw_files"].items()
        }
    for folder in LAYOUTS:
        wanted = {
            name: {column.lower() for column in table["columns"]}
            for name, table in layout_of(folder)["tables"].items()
        }
        for name, columns in wanted.items():
            assert columns <= known[folder.name][name], (folder.name, name)
            assert Path(settings_of(folder)["raw_files"][name]).match(
                layout_of(folder)["tables"][name]["file"]
            )
        # A folder of files has a layout if each of its tables is one of the files.
        for other, files in known.items():
            if other != folder.name:
                fits = all(
                    any(columns <= file for file in files.values()) for columns in wanted.values()
                )
                assert not fits, f"{other} has the layout of {folder.name}"
