"""A built database, a DuckDB file or one of a server: how it is opened, and what it says of itself in the table int_data_held."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retention_ledger.errors import Stop
from retention_ledger.server import Connection, Server, connected

#: Where a build is, and a connection to it.
Place = Path | Server
Connected = duckdb.DuckDBPyConnection | Connection

#: Written by the hooks of macros/raw/data_held.sql.
DATA_HELD = "int_data_held"
#: Where it is, unless a project says otherwise.
SCHEMA_OF_HELPERS = "intermediate"


#: On a server a build is written into schemas of these names, and what it replaces goes into the others.
CANDIDATE, FORMER = "__candidate", "__former"

#: What DuckDB says of a file that was cut or overwritten.
DAMAGED = ("Corrupt", "Could not read enough bytes", "replaying WAL", "Serialization Error")


def quoted(name: str) -> str:
    """An identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or the path of a file, as SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def named_after(database: Place, ending: str) -> Path:
    """A path beside the database: my_shop.duckdb has my_shop_export; for a server in the folder one is in."""
    if isinstance(database, Server):
        return Path(f"{database.name}{ending}")
    return database.with_name(f"{database.stem}{ending}")


@dataclass(frozen=True)
class Build:
    """What a database holds: whose data, the settings it was built with, and where its tables are."""

    database: Place
    catalog: str
    data: dict[str, str]
    settings: dict[str, Any]
    relations: dict[str, list[str]]
    last_build: str
    build_id: str | None

    def table(self, model: str) -> str:
        """The table or view of a model, as SQL; Stop where this version knows no such model."""
        if model not in self.relations:
            raise Stop(
                f"The database {self.database} was built by another version, which has no {model}: "
                "run `retention-ledger build` again."
            )
        return ".".join(map(quoted, [self.catalog, *self.relations[model]]))

    def name(self, model: str) -> str:
        """The table of a model as a person writes it."""
        return ".".join(self.relations[model])

    def has(self, connection: Connected, model: str) -> bool:
        """Whether the table of a model is there."""
        return not self.missing(connection, [model])

    def require(self, connection: Connected, models: Iterable[str]) -> None:
        """Stop where one of the tables is missing: half a build."""
        missing = self.missing(connection, models)
        if missing:
            raise Stop(
                f"The build in {self.database} is not complete, there is no {' and no '.join(missing)}: "
                "run `retention-ledger build` again and look at what it says."
            )

    def missing(self, connection: Connected, models: Iterable[str]) -> list[str]:
        """The tables that are not there, as a person writes them."""
        there = set(
            connection.execute(
                "select table_schema, table_name from information_schema.tables where table_catalog = ?",
                [self.catalog],
            ).fetchall()
        )
        return [
            self.name(model)
            for model in models
            if self.table(model) and tuple(self.relations[model]) not in there
        ]


def candidate_folder(database: Path) -> Path:
    """Where commands write before they replace a database: beside it, also where its name is a link."""
    target = database.resolve()
    return target.with_name(target.name + ".candidate")


def check_file(path: Path, must_exist: bool) -> None:
    """Stop where no database can be at a path."""
    if path.is_dir():
        raise Stop(f"{path} is a folder; name a database file, such as {path / 'my_shop.duckdb'}.")
    if not path.exists() and must_exist:
        candidate = candidate_folder(path) / path.name
        kept = (
            f" What a build that failed has made is kept in {candidate}."
            if candidate.exists()
            else ""
        )
        raise Stop(
            f"There is no database {path} yet: run `retention-ledger build` first, "
            f"or name the database with `--database FILE`.{kept}"
        )
    if not path.exists() and not path.absolute().parent.is_dir():
        raise Stop(
            f"There is no folder {path.absolute().parent} to put the database {path.name} into."
        )


def why_not_opened(path: Path, error: Exception) -> str:
    """A sentence for what DuckDB says of a file that it cannot open."""
    said = " ".join(str(error).split())
    if "set lock" in said.lower():
        holder = said[said.find("(PID") :].split(")")[0].lstrip("(") if "(PID" in said else ""
        return (
            f"The database {path} is open in another program{f' ({holder})' if holder else ''}, and DuckDB allows "
            "one writer or many readers: close it there, or build into another file with `--database FILE`."
        )
    if "not a valid DuckDB database" in said:
        return f"{path} is a file, but no DuckDB database: name another one with `--database FILE`."
    if any(words in said for words in DAMAGED):
        return (
            f"The database {path} is damaged (DuckDB says: {said}): put a copy of it back, "
            "or move it away and build again."
        )
    return f"The database {path} cannot be opened: {said}"


def why_not_attached(said: str) -> str | None:
    """A sentence for what DuckDB says of a file of `attached_databases` that it cannot open; None for other faults."""
    named = re.search(r'file "([^"]+)"', said)
    path = (
        named[1] if named else "that attached_databases names"
    )  # of a newer one DuckDB does not say the path
    if "Could not set lock on" in said:
        holder = re.search(r"PID \d+", said)
        return (
            f"The database {path} is open for writing in another program{f' ({holder[0]})' if holder else ''}, and DuckDB "
            "allows one writer or many readers: close it there, or name a copy in attached_databases."
        )
    if "not a valid DuckDB database" in said:
        return (
            f"{path} is a file, but no DuckDB database: if it is one of SQLite, say `type: sqlite` in attached_databases, "
            "else name another file."
        )
    if "database file with storage version number" in said:
        when = "a newer" if "a newer version" in said else "another"
        return (
            f"The database {path} was written by {when} version of DuckDB than {duckdb.__version__}, which cannot read it: install that "
            "version, or have the program that wrote it export the tables to Parquet, and name these in raw_files."
        )
    if "database is locked" in said:
        return "The database of SQLite that attached_databases names is locked by a program that writes to it: build again when that is done, or name a copy."
    if "file is not a database" in said:
        return "The file that attached_databases names as one of SQLite is none: name another file, or another type."
    if named and any(words in said for words in DAMAGED):
        return f"The database {path} is damaged (DuckDB says: {said}): name a copy in attached_databases."
    return None


@contextmanager
def opened(path: Place, read_only: bool = True) -> Iterator[Connected]:
    """A connection to a database that must be there."""
    if isinstance(path, Server):
        with connected(path) as connection:
            yield connection
        return
    check_file(path, must_exist=True)
    if not read_only and not os.access(path, os.W_OK):
        raise Stop(f"The database {path} may only be read, and this command writes to it.")
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except (duckdb.Error, OSError) as error:
        raise Stop(why_not_opened(path, error)) from error
    with connection:
        yield connection


def columns_of(connection: Connected, table: str) -> list[str]:
    """The names of a table's columns."""
    return [
        column[0] for column in connection.execute(f"select * from {table} limit 0").description
    ]


def own_schemas(schemas: list[str], server: Server) -> list[str]:
    """Of the schemas that builds are in, those that the profile names, as dbt calls them; none where a project calls its own otherwise."""
    name = server.schema
    return [found for found in schemas if found in (name, f"{name}_{SCHEMA_OF_HELPERS}")] or [
        found for found in schemas if found.startswith(f"{name}_")
    ]


def schemas_with_builds(connection: Connected, schema: str | None = None) -> list[str]:
    """The schemas of the helpers of each published build; or `schema`, if there is a build, published or not."""
    found = connection.execute(
        "select table_schema from information_schema.tables where table_catalog = current_database() and table_name = ? order by 1",
        [DATA_HELD],
    ).fetchall()
    return [
        each
        for (each,) in found
        if each == schema or (schema is None and not each.endswith((CANDIDATE, FORMER)))
    ]


def find_build(connection: Connected, database: Place, schema: str | None = None) -> Build:
    """The build in the database, which must have passed. Of several in one file, `schema` names one."""
    [(catalog,)] = connection.execute("select current_database()").fetchall()
    schemas = schemas_with_builds(connection, schema)
    if schema is None and isinstance(database, Server):
        schemas = own_schemas(schemas, database) or schemas
    if len(schemas) > 1:
        raise Stop(
            f"The database {database} holds several builds, whose helpers are in the schemas {', '.join(schemas)}: "
            f"name one of these, as in `--schema {schemas[0]}`."
        )
    rows = []
    if schemas:
        held = ".".join(map(quoted, [catalog, schemas[0], DATA_HELD]))
        # A version that wrote other columns has no build for this one.
        if {"data", "settings", "relations", "last_build", "build_id"} <= {
            *columns_of(connection, held)
        }:
            rows = connection.execute(
                f"select data, settings, relations, last_build, build_id from {held}"
            ).fetchall()
    if not rows:
        where = f" in the schema {schema}" if schema else ""
        another = (
            "schema with RETENTION_LEDGER_PGSCHEMA or in the profile"
            if isinstance(database, Server)
            else "database with `--database FILE`"
        )
        raise Stop(
            f"The database {database} holds no build of this version{where}: run `retention-ledger build` first, "
            f"or name another {another}."
        )
    *texts, last_build, build_id = rows[0]
    build = Build(database, catalog, *map(json.loads, texts), last_build, build_id)
    if last_build != "passed":
        said = "failed" if last_build == "failed" else "did not come to its end"
        raise Stop(
            f"The last build of the database {database} {said}, so its tables may be of two builds: "
            "run `retention-ledger build` again and look at what it says."
        )
    return build
