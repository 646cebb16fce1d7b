"""Two builds side by side: what differs in their definitions, policy and tables. Facts only; `values` has the figures."""

import contextlib
import dataclasses
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from retention_ledger.database import (
    DATA_HELD,
    Build,
    Connected,
    Place,
    find_build,
    literal,
    opened,
    why_not_opened,
)
from retention_ledger.diff.facts import Comparison, Definition, FieldChange, Schema, Setting, Values
from retention_ledger.diff.values import compare_rows, compare_values
from retention_ledger.errors import Stop
from retention_ledger.reading import attach_new, copy_of
from retention_ledger.server import Connection, Server

#: Of a metric: what makes it this one, and what is only said of it.
MEANING = ("kind", "unit", "mart", "numerator", "denominator", "condition", "is_proportion")
WORDS = ("label", "description", "nulls", "direction", "synonyms", "sources")
#: Shown instead of numerator and denominator where these have not changed.
FORMULA = "formula"
REQUIRED = ("metric_values", "metric_definitions", "policy_settings")


@contextlib.contextmanager
def both(base: Place, head: Place) -> Iterator[tuple[duckdb.DuckDBPyConnection, Build, Build]]:
    """Two databases in one connection, which may only read them. Of a server it has a copy: the tables that are
    compared, and of the other marts their columns."""
    with (
        tempfile.TemporaryDirectory(prefix="retention_ledger_") as folder,
        duckdb.connect() as both_sides,
    ):
        builds = []
        for name, database in (("base_side", base), ("head_side", head)):
            with opened(database) as connection:
                build = to_compare(connection, database)
                if isinstance(connection, Connection):
                    attach_new(both_sides, name, Path(folder))
                    others = {*of_marts(build).values()} - {*REQUIRED}
                    there = [model for model in others if build.has(connection, model)]
                    build = copy_of(connection, build, both_sides, name, REQUIRED, there)
                builds.append(dataclasses.replace(build, catalog=name))
            if isinstance(database, Path):
                try:
                    both_sides.execute(
                        f"attach {literal(database.resolve())} as {name} (read_only)"
                    )
                except duckdb.Error as error:
                    raise Stop(why_not_opened(database, error)) from error
        yield both_sides, *builds


def to_compare(connection: Connected, database: Place) -> Build:
    """The build in a database; Stop where it has not what is compared."""
    build = any_build(connection, database)
    missing = [name for name in REQUIRED if name not in build.relations]
    if missing:
        raise Stop(
            f"The database {database} was built by a version that has no {' and no '.join(missing)}, so there is "
            "nothing to compare."
        )
    build.require(connection, REQUIRED)
    return build


def any_build(connection: Connected, file: Place) -> Build:
    """The build in a database, also one by a version that said less of itself: of that, the marts are found by name."""
    if isinstance(file, Server):
        return find_build(connection, file)
    held = connection.execute(
        "select table_schema from information_schema.tables where table_name = ?", [DATA_HELD]
    ).fetchall()
    if held and {"relations", "build_id"} <= {*names_of(connection, held[0][0], DATA_HELD)}:
        return find_build(connection, file)
    found = connection.execute(
        "select table_schema from information_schema.tables where table_name in ('metric_values', 'metric_definitions') "
        "group by 1 having count(*) = 2"
    ).fetchall()
    if not found:
        return find_build(connection, file)
    [(catalog,)] = connection.execute("select current_database()").fetchall()
    schema = found[0][0]
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = ?", [schema]
    ).fetchall()
    return Build(
        file, catalog, {}, {}, {name: [schema, name] for (name,) in tables}, "passed", None
    )


def names_of(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    """The columns of a table."""
    return [
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ?", [schema, table]
        ).fetchall()
    ]  # fmt: skip


def compare(
    base: Place, head: Place, data: str, same_data: bool = True, other_data: str = ""
) -> Comparison:
    """What differs between two builds. Rows of marts are compared where both are files and read the same data."""
    same_data = same_data and not any(isinstance(each, Server) for each in (base, head))
    with both(base, head) as (connection, before, after):
        settings_before, settings_after = (
            settings_of(connection, before),
            settings_of(connection, after),
        )
        versions = [
            connection.execute(f"select min(policy_version) from {build.table('policy_settings')}").fetchone()[0]
            for build in (before, after)
        ]  # fmt: skip
        columns_before, columns_after = (
            columns_of(connection, before),
            columns_of(connection, after),
        )
        values = Values(
            data=data,
            as_of_before=settings_before.get("as_of_date", {}).get("value", "?"),
            as_of_after=settings_after.get("as_of_date", {}).get("value", "?"),
            calendar=settings_after.get("calendar", {}).get("value", "common"),
            currency=settings_after.get("reporting_currency", {}).get("value", ""),
            **compare_values(connection, before, after),
            rows=compare_rows(connection, before, after, columns_before, columns_after) if same_data else None,
            other_data=other_data,
        )  # fmt: skip
        return Comparison(
            versions[0], versions[1],
            settings_before.get("policy_release", {}).get("value", "?"),
            settings_after.get("policy_release", {}).get("value", "?"),
            compare_definitions(records(connection, before, "metric_definitions"), records(connection, after, "metric_definitions")),
            compare_settings(settings_before, settings_after),
            compare_schemas(columns_before, columns_after),
            values,
        )  # fmt: skip


def records(connection: duckdb.DuckDBPyConnection, build: Build, model: str) -> list[dict]:
    """The rows of a table as column -> value."""
    cursor = connection.execute(f"select * from {build.table(model)}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def settings_of(connection: duckdb.DuckDBPyConnection, build: Build) -> dict[str, dict]:
    """Setting -> its row of policy_settings."""
    return {row["setting"]: row for row in records(connection, build, "policy_settings")}


def compare_definitions(before: list[dict], after: list[dict]) -> tuple[Definition, ...]:
    """Metrics that are new, gone or other, by name."""
    old, new = ({row["metric"]: row for row in rows} for rows in (before, after))
    found = []
    for metric in sorted({*old, *new}):
        was, now = old.get(metric), new.get(metric)
        row = now or was
        versions = (was and was["version"], now and now["version"])
        start = (formula_of(row), *versions, row["mart"])
        if was is None or now is None:
            found.append(Definition(metric, "added" if was is None else "removed", *start))
            continue
        changes = changed_fields(was, now, MEANING)
        words = changed_fields(was, now, (*WORDS, *(() if changes else (FORMULA,))))
        if any(change.name in ("numerator", "denominator") for change in changes):
            changes = changed_fields(was, now, (FORMULA,)) + changes
        if changes or words or versions[0] != versions[1]:
            kind = (
                "changed" if changes else "versioned" if versions[0] != versions[1] else "reworded"
            )
            found.append(Definition(metric, kind, *start, changes, words))
    return tuple(found)


def formula_of(row: dict) -> str:
    """The formula in words; of a version that did not say it, numerator and denominator."""
    sides = [str(row[name]) for name in ("numerator", "denominator") if row[name] is not None]
    return row.get("formula") or " / ".join(sides)


def changed_fields(was: dict, now: dict, names: tuple[str, ...]) -> tuple[FieldChange, ...]:
    """The fields that differ. One that a version does not have yet says nothing."""
    return tuple(
        FieldChange(name, *(None if row[name] is None else str(row[name]) for row in (was, now)))
        for name in names
        if name in was and name in now and was[name] != now[name]
    )


def compare_settings(before: dict[str, dict], after: dict[str, dict]) -> tuple[Setting, ...]:
    """Settings that are new, gone or other: those that are part of the version first. The release is said elsewhere."""
    found = []
    for name in {*before, *after} - {"policy_release"}:
        was, now = before.get(name), after.get(name)
        row = now or was
        # A value that is null is the text null.
        old, new = (
            each and (each["value"] if each["value"] is not None else "null") for each in (was, now)
        )
        if old != new:
            found.append(Setting(name, old, new, row["meaning"], bool(row["is_part_of_version"])))
    return tuple(sorted(found, key=lambda each: (not each.is_part_of_version, each.name)))


def of_marts(build: Build) -> dict[tuple[str, str], str]:
    """Schema and table -> model, of what stands beside the metrics."""
    schema = build.relations["metric_values"][0]
    return {
        (relation[0], relation[1]): model
        for model, relation in build.relations.items()
        if relation[0] == schema
    }


def columns_of(connection: duckdb.DuckDBPyConnection, build: Build) -> dict[str, dict[str, str]]:
    """Mart -> column -> type, of the marts that this version of the project has."""
    schema, names = build.relations["metric_values"][0], of_marts(build)
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name = ? order by table_name, column_index",
        [build.catalog, schema],
    ).fetchall():
        if (schema, table) in names:
            found.setdefault(names[schema, table], {})[column] = kind
    return found


def compare_schemas(
    before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> tuple[Schema, ...]:
    """Marts and columns that are new, gone or of another type: what breaks readers first."""
    found = []
    for mart in sorted({*before, *after}):
        if mart not in before or mart not in after:
            found.append(Schema(mart, None, "added" if mart not in before else "removed"))
            continue
        old, new = before[mart], after[mart]
        for column in dict.fromkeys([*old, *new]):
            if column not in new:
                found.append(Schema(mart, column, "removed", old[column]))
            elif column not in old:
                found.append(Schema(mart, column, "added", None, new[column]))
            elif old[column] != new[column]:
                kind = "wider" if is_wider(old[column], new[column]) else "type"
                found.append(Schema(mart, column, kind, old[column], new[column]))
    return tuple(sorted(found, key=lambda each: not each.breaks_readers))


def is_wider(before: str, after: str) -> bool:
    """Whether a type is of the same kind and holds more: more digits before the same decimals, or larger integers."""
    integers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    if before in integers and after in integers:
        return integers.index(before) < integers.index(after)
    sizes = [re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind) for kind in (before, after)]
    if not all(sizes):
        return False
    [(old, old_scale), (new, new_scale)] = (map(int, size.groups()) for size in sizes if size)
    return old < new and old_scale == new_scale
