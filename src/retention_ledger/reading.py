"""A published build for those who read it in the SQL of DuckDB: as it is in a DuckDB file, copied from a server.

The copy has the types that the server names, and is of one build: who holds a table of a build holds up the publication
of the next one.
"""

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import duckdb

from retention_ledger.database import Build, Place, find_build, literal, opened, quoted
from retention_ledger.errors import Stop
from retention_ledger.server import Connection

#: What PostgreSQL calls a type -> the same of DuckDB. Numbers with their digits are called alike; what is not listed is text.
TYPES = {
    "bigint": "BIGINT", "boolean": "BOOLEAN", "date": "DATE", "double precision": "DOUBLE", "integer": "INTEGER",
    "real": "FLOAT", "smallint": "SMALLINT", "timestamp without time zone": "TIMESTAMP",
}  # fmt: skip

COLUMNS = """
select attname, format_type(atttypid, atttypmod)
from pg_attribute
where attrelid = ?::regclass and attnum > 0 and not attisdropped
order by attnum
"""


@contextlib.contextmanager
def reading(
    database: Place,
    schema: str | None,
    choose: Callable[[Build], Collection[str]],
    if_there: Collection[str] = (),
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Build]]:
    """A build, and a connection of DuckDB in which its tables can be asked for: those that `choose` names, which must be there,
    and others that may be missing.

    Of several builds in one database, `schema` names one.
    """
    with opened(database) as connection:
        build = find_build(connection, database, schema)
        models = choose(build)
        build.require(connection, models)
        if not isinstance(connection, Connection):
            yield connection, build
            return
        with in_a_file_of_its_own("copy") as copy:
            others = {name for name in if_there if name in build.relations and build.has(connection, name)}  # fmt: skip
            copied = copy_of(connection, build, copy, "copy", {*models, *others})
            connection.rollback()
            yield copy, copied


@contextlib.contextmanager
def in_a_file_of_its_own(catalog: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of DuckDB to a new database `catalog`, which is gone afterwards. On the disk, as marts may be large."""
    with (
        tempfile.TemporaryDirectory(prefix="retention_ledger_") as folder,
        duckdb.connect() as connection,
    ):
        attach_new(connection, catalog, Path(folder))
        yield connection


def attach_new(connection: duckdb.DuckDBPyConnection, catalog: str, folder: Path) -> None:
    """Attaches a new database, a file of a folder."""
    file = folder / f"{catalog}.duckdb"
    connection.execute(f"attach {literal(file)} as {quoted(catalog)}")
    connection.execute(f"set temp_directory = {literal(f'{file}.tmp')}")


def copy_of(
    server: Connection,
    build: Build,
    copy: duckdb.DuckDBPyConnection,
    catalog: str,
    models: Collection[str],
    columns_only: Collection[str] = (),
) -> Build:
    """Copies the tables of models, and of others the columns without rows, into a database that is attached; the build as it is there."""
    copied = dataclasses.replace(build, catalog=catalog)
    server.execute("set local datestyle = 'ISO'")
    with tempfile.TemporaryDirectory(prefix="retention_ledger_") as folder:
        for model in dict.fromkeys([*models, *columns_only]):
            schema = build.relations[model][0]
            copy.execute(f"create schema if not exists {quoted(catalog)}.{quoted(schema)}")
            types = types_of(server, build, model)
            columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
            copy.execute(f"create table {copied.table(model)} ({columns})")
            if model in models:
                copy_rows(server, build.table(model), copy, copied.table(model), types, Path(folder) / "rows.csv")  # fmt: skip
    return copied


def types_of(server: Connection, build: Build, model: str) -> dict[str, str]:
    """Column -> its type in DuckDB. Of a number of any length it is one with as many decimals as there are."""
    table = ".".join(map(quoted, build.relations[model]))
    kinds = dict(server.execute(COLUMNS, [table]).fetchall())
    endless = [name for name, kind in kinds.items() if kind == "numeric"]
    if endless:
        scales = ", ".join(f"coalesce(max(scale({quoted(name)})), 0)" for name in endless)
        found = server.execute(f"select {scales} from {table}").fetchone()
        kinds |= {name: f"numeric(38,{min(scale, 18)})" for name, scale in zip(endless, found, strict=True)}  # fmt: skip
    return {
        name: kind if kind.startswith("numeric(") else TYPES.get(kind, "VARCHAR")
        for name, kind in kinds.items()
    }


def copy_rows(
    server: Connection,
    source: str,
    copy: duckdb.DuckDBPyConnection,
    target: str,
    types: dict[str, str],
    file: Path,
) -> None:
    """Copies rows by way of a file, in which a null is an empty field and a text stands in quotes."""
    names = ", ".join(map(quoted, types))
    with file.open("wb") as rows:
        server.cursor.copy_expert(
            f"copy (select {names} from {source}) to stdout (format csv, null '', force_quote *, encoding 'UTF8')", rows
        )  # fmt: skip
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    try:
        copy.execute(
            f"insert into {target} select * from read_csv({literal(file)}, header = false, delim = ',', quote = '\"', "
            f"escape = '\"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, auto_detect = false, parallel = false, "
            f"max_line_size = 100000000, columns = {{{columns}}})"
        )  # fmt: skip
    except duckdb.Error as error:
        raise Stop(
            f"The table {source} of the server cannot be copied to be read here: {' '.join(str(error).split())}"
        ) from error
