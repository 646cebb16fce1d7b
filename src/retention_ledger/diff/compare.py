"""Two builds side by side: what differs in their definitions, policy, values and tables. Facts only."""

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from retention_ledger.closed_values import HAS_MOVED, closed_values, side_by_side
from retention_ledger.database import DATA_HELD, Build, find_build, opened, quoted, why_not_opened
from retention_ledger.errors import Stop

#: Of a metric: what makes it this one, and what is only said of it.
MEANING = ("kind", "unit", "mart", "numerator", "denominator", "condition", "is_proportion")
WORDS = ("label", "description", "nulls", "direction", "synonyms", "sources")
#: Shown instead of numerator and denominator where these have not changed.
FORMULA = "formula"
REQUIRED = ("metric_values", "metric_definitions", "policy_settings")
#: Marts that are about builds and not about customers, or looked at in another way.
NOT_COMPARED = {"published_builds", "metric_restatements", "metric_definitions", "policy_settings"}
#: What a report shows first, in this order; metrics that a build does not have are left out.
HEADLINE = (
    "closing_customers", "customer_churn_rate", "retention_rate", "net_churn_rate",
    "closing_mrr", "grr", "nrr", "orders", "net_revenue", "repeat_purchase_rate",
)  # fmt: skip
GRAINS = ("week", "month", "quarter", "year")


@dataclass(frozen=True)
class FieldChange:
    """One field of a definition, before and after."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Definition:
    """A metric that is new, gone or said otherwise. `changes` are of its meaning, `words` of what is said of it."""

    metric: str
    change: str  # added, removed, changed, reworded or versioned (its version alone is higher)
    formula: str
    version_before: int | None
    version_after: int | None
    mart: str
    changes: tuple[FieldChange, ...] = ()
    words: tuple[FieldChange, ...] = ()

    @property
    def is_versioned(self) -> bool:
        """Whether the version is another than before."""
        return self.version_before != self.version_after


@dataclass(frozen=True)
class Setting:
    """A setting whose value differs; null values are those of a setting that is not there."""

    name: str
    before: str | None
    after: str | None
    meaning: str
    is_part_of_version: bool

    @property
    def change(self) -> str:
        """added, removed or changed."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Schema:
    """A mart or column that is new, gone, or of another type."""

    mart: str
    column: str | None
    change: str  # added, removed or type
    before: str | None = None
    after: str | None = None

    @property
    def breaks_readers(self) -> bool:
        """Whether a query that worked may not work any more."""
        return self.change != "added"


@dataclass(frozen=True)
class Moved:
    """What became of the values of a metric in closed periods.

    ``compared`` values are in both builds, ``moved`` of them (or from or to nothing, in a segment that is new or
    gone) are others. ``gone`` and ``new`` are values of a basis, grain, period or dimension that only one build has.
    The largest move is one of the total where that has moved, else of a segment; null where values only came or went.
    """

    metric: str
    unit: str
    compared: int
    moved: int
    gone: int
    new: int
    first_period: date | None = None
    grain: str | None = None
    period: date | None = None
    basis: str | None = None
    dimension: str | None = None
    segment: str | None = None
    before: Decimal | None = None
    after: Decimal | None = None


@dataclass(frozen=True)
class Figure:
    """A headline figure of the latest period that is closed in BASE."""

    metric: str
    basis: str
    grain: str
    period: date
    unit: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class Rows:
    """A mart of which some rows differ, whatever their order; of the columns that both builds have."""

    mart: str
    only_before: int
    only_after: int


@dataclass(frozen=True)
class Values:
    """The values of two builds. `rows` is null where nobody knows whether the data is the same."""

    data: str
    as_of_before: str
    as_of_after: str
    compared: int
    calendar: str
    currency: str
    headline: tuple[Figure, ...]
    moved: tuple[Moved, ...]
    rows: tuple[Rows, ...] | None
    #: What of the data is not the same on both sides, as a sentence: what moved may be due to that, and is not judged.
    other_data: str = ""


@dataclass(frozen=True)
class Comparison:
    """All that differs between two builds."""

    version_before: str
    version_after: str
    release_before: str
    release_after: str
    definitions: tuple[Definition, ...]
    settings: tuple[Setting, ...]
    schema: tuple[Schema, ...]
    values: Values


@contextlib.contextmanager
def both(base: Path, head: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Build, Build]]:
    """Two databases in one connection, which may only read them."""
    builds = []
    for file in (base, head):
        with opened(file) as connection:
            build = any_build(connection, file)
            missing = [name for name in REQUIRED if name not in build.relations]
            if missing:
                raise Stop(
                    f"The database {file} was built by a version that has no {' and no '.join(missing)}, so there is "
                    "nothing to compare."
                )
            build.require(connection, REQUIRED)
            builds.append(build)
    with duckdb.connect() as connection:
        for name, file in (("base_side", base), ("head_side", head)):
            path = str(file.resolve()).replace("'", "''")
            try:
                connection.execute(f"attach '{path}' as {name} (read_only)")
            except duckdb.Error as error:
                raise Stop(why_not_opened(file, error)) from error
        before, after = (
            dataclasses.replace(build, catalog=name)
            for build, name in zip(builds, ("base_side", "head_side"), strict=True)
        )
        yield connection, before, after


def any_build(connection: duckdb.DuckDBPyConnection, file: Path) -> Build:
    """The build in a database, also one by a version that said less of itself: of that, the marts are found by name."""
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
    base: Path, head: Path, data: str, same_data: bool = True, other_data: str = ""
) -> Comparison:
    """What differs between two builds. Rows of marts are compared where both read the same data."""
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
        start = (row["formula"] or "", *versions, row["mart"])
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


def columns_of(connection: duckdb.DuckDBPyConnection, build: Build) -> dict[str, dict[str, str]]:
    """Mart -> column -> type, of the marts that this version of the project has."""
    schema = build.relations["metric_values"][0]
    names = {
        tuple(relation): model
        for model, relation in build.relations.items()
        if relation[0] == schema
    }
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
                found.append(Schema(mart, column, "type", old[column], new[column]))
    return tuple(sorted(found, key=lambda each: not each.breaks_readers))


def compare_values(connection: duckdb.DuckDBPyConnection, before: Build, after: Build) -> dict:
    """Closed periods of all metrics: how many values were compared, what moved per metric, and the headline."""
    for name, build in (("values_before", before), ("values_after", after)):
        connection.execute(
            f"create or replace temp table {name} as {closed_values(build.table('metric_values'))}"
        )
    connection.execute(
        f"""create or replace temp table compared as
        with {side_by_side("values_before", "values_after")}
        select both_builds.*, shared.metric is not null as is_shared,
            shared.metric is not null and {HAS_MOVED} as has_moved
        from both_builds
        left join shared using (metric, basis, period_grain, period_start, segment_dimension)"""
    )
    units = dict(
        connection.execute(
            " union all ".join(f"select metric, unit from {each.table('metric_definitions')}" for each in (before, after))
        ).fetchall()
    )  # fmt: skip
    rows = connection.execute(
        """select metric, count(*) filter (was_there and is_there) as compared,
            count(*) filter (has_moved) as moved,
            count(*) filter (not is_shared and was_there) as gone,
            count(*) filter (not is_shared and is_there) as new,
            min(period_start) filter (has_moved) as first_period,
            arg_max(
                struct_pack(period_grain, period_start, basis, segment_dimension, segment_value, old_value, new_value),
                (segment_dimension = 'all', coalesce(abs(new_value - old_value), -1), period_start)
            ) filter (has_moved) as largest
        from compared
        group by metric
        having moved + gone + new > 0
        order by moved desc, gone desc, metric"""
    ).fetchall()
    moved = tuple(
        Moved(metric, units[metric], compared, changed, gone, new, first, *(largest or {}).values())
        for metric, compared, changed, gone, new, first, largest in rows
    )
    [(compared,)] = connection.execute(
        "select count(*) from compared where was_there and is_there"
    ).fetchall()
    return {
        "compared": compared,
        "moved": moved,
        "headline": headline_of(connection, before, units),
    }


def headline_of(
    connection: duckdb.DuckDBPyConnection, before: Build, units: dict[str, str]
) -> tuple[Figure, ...]:
    """The headline metrics in the latest period that BASE has closed, of every basis and grain."""
    names = ", ".join(f"'{name}'" for name in HEADLINE)
    rows = connection.execute(
        f"""select metric, basis, period_grain, period_start, old_value, new_value
        from compared
        where metric in ({names}) and segment_dimension = 'all' and was_there
        qualify period_start = max(period_start) over (partition by metric, basis, period_grain)"""
    ).fetchall()
    figures = [
        Figure(metric, basis, grain, start, units[metric], old, new)
        for metric, basis, grain, start, old, new in rows
    ]
    return tuple(
        sorted(
            figures,
            key=lambda each: (each.basis, HEADLINE.index(each.metric), GRAINS.index(each.grain)),
        )
    )


def compare_rows(
    connection: duckdb.DuckDBPyConnection, before: Build, after: Build,
    columns_before: dict[str, dict[str, str]], columns_after: dict[str, dict[str, str]],
) -> tuple[Rows, ...]:  # fmt: skip
    """Marts of which rows differ, over the columns that both have. Only tables: a view may name another catalog."""
    tables = {
        build.catalog: {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = ? and schema_name = ?",
                [build.catalog, build.relations["metric_values"][0]],
            ).fetchall()
        }
        for build in (before, after)
    }
    found = []
    for mart in sorted({*columns_before} & {*columns_after} - NOT_COMPARED):
        if any(build.relations[mart][1] not in tables[build.catalog] for build in (before, after)):
            continue
        shared = [
            name
            for name, kind in columns_before[mart].items()
            if name != "policy_version" and columns_after[mart].get(name) == kind
        ]
        names = ", ".join(map(quoted, shared))
        if not names:
            continue
        # A metric that only one of both has is no row that differs.
        shared_metrics = "where metric in (select metric from compared group by metric having bool_or(was_there) and bool_or(is_there))"
        only = shared_metrics if mart == "metric_values" else ""
        rows = [f"select {names} from {build.table(mart)} {only}" for build in (before, after)]
        sums = [
            connection.execute(f"select count(*), sum(hash({names})) from ({each})").fetchone()
            for each in rows
        ]
        if sums[0] == sums[1]:
            continue
        counts = [
            connection.execute(f"select count(*) from ({these} except all {those})").fetchone()[0]
            for these, those in (rows, rows[::-1])
        ]
        if any(counts):
            found.append(Rows(mart, *counts))
    return tuple(found)
