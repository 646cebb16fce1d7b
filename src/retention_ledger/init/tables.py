"""What is there: the files of a folder, the tables of a schema or of a database file, their columns, and values as they are read."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from retention_ledger.cli.dbt import Dbt, cleaned
from retention_ledger.cli.project import Project, database_of
from retention_ledger.database import Place, literal, quoted, why_not_attached
from retention_ledger.errors import Stop
from retention_ledger.server import Server

KINDS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
#: Files that are databases, and the name under which the settings attach one.
DATABASES = (".duckdb", ".db", ".sqlite", ".sqlite3")
ATTACHED = "source"
ENDINGS = (*KINDS, *(f"{kind}.gz" for kind in KINDS), ".parquet")


@dataclass
class Column:
    """A column of a raw table, its values as text.

    `values` are up to three different ones in the order of the rows; `filled`, `different` are counts of rows.
    """

    name: str
    values: list[str]
    filled: int
    different: int


@dataclass
class Table:
    """A file, several files with the same columns, or a table of a schema or of a database file.

    `source` is what the settings call it: a path or a list of paths relative to the folder, or the name of a table.
    """

    name: str
    source: Any
    relation: str
    rows: int = 0
    columns: dict[str, Column] = field(default_factory=dict)
    format: dict[str, Any] = field(default_factory=dict)


@dataclass
class Found:
    """All tables, what could not be read as sentences, and the open database in which they can be queried.

    `kind` is the type of the database file that they are in: duckdb or sqlite; None where they are in no such file.
    """

    tables: list[Table]
    unread: list[str]
    connection: duckdb.DuckDBPyConnection
    kind: str | None = None


def name_of(text: str) -> str:
    """A name that a query of the settings may put in braces."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower() or "file"
    return name if name[0].isalpha() else f"file_{name}"


def without_number(stem: str) -> str:
    """The stem of a file without what numbers its parts: orders_2024-01 and orders_2024-02 are of one kind."""
    return re.sub(r"[\W_]*\d[\d\W_]*$", "", stem) or stem


def files_of(folder: Path) -> list[Path]:
    """The data files of a folder, or the one that is named; Stop where there is none."""
    files = [folder] if folder.is_file() else sorted(folder.iterdir())
    found = [path for path in files if path.is_file() and path.name.lower().endswith(ENDINGS)]
    if not found:
        there = ", ".join(path.name for path in files[:10]) or "nothing"
        raise Stop(
            f"There is no data file in {folder}: files end in {', '.join(KINDS)}, each also with .gz, or in .parquet. "
            f"It holds: {there}."
        )
    return found


def look(dbt: Dbt, files: dict[str, Any], formats: dict[str, Any]) -> list[str]:
    """Has the project read the files as a build does; returns what is wrong with them, a sentence each."""
    dbt.settings = {
        "raw_tables": ["orders"],
        "raw_files": files,
        "raw_file_formats": formats,
        "raw_queries": {"orders": "select * from " + ", ".join(f"{{{name}}}" for name in files)},
    }
    if dbt.manifest is None:
        dbt.read()
    outcome = dbt.run("run-operation", "retention_ledger.look_at_files")
    if not outcome.passed:
        said = [cleaned(result.message) for result in outcome.results()] or [str(outcome.exception)]
        raise Stop("\n".join(said))
    with duckdb.connect(str(dbt.candidate), read_only=True) as connection:
        return [
            row[0]
            for row in connection.execute("select problem from ledger_files._problems").fetchall()
        ]


def read_files(folder: Path, project: Project, database: Path) -> tuple[list[Table], list[str]]:
    """The files of a folder as tables of `database`, and what is wrong with those that are not.

    A file in another encoding than UTF-8 is read in the one that it looks like.
    """
    root = folder.parent if folder.is_file() else folder
    paths = {}
    for path in files_of(folder):
        name = name_of(path.name[: path.name.index(".", 1)])
        while name in paths:
            name += "_"
        paths[name] = path
    files = {name: str(path.absolute()) for name, path in paths.items()}
    dbt = Dbt(project, {}, candidate=database)
    formats: dict[str, Any] = {}
    problems = look(dbt, files, formats)
    for problem in problems:
        if said := re.search(r"raw_file_formats: \{(\w+): \{encoding: ([\w-]+)\}\}", problem):
            formats[said[1]] = {"encoding": said[2]}
    if formats:
        problems = look(dbt, files, formats)
    tables = [
        Table(
            name,
            str(path.relative_to(root)),
            f"ledger_files.{quoted(name)}",
            format=formats.get(name, {}),
        )
        for name, path in paths.items()
    ]
    return tables, problems


def tables_of(schema: str, database: Path) -> list[Table]:
    """The tables of a schema of a DuckDB file; Stop where there are none."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "select table_name from information_schema.tables where table_schema = ? order by 1",
                [schema],
            ).fetchall()
        ]
        schemas = [
            row[0]
            for row in connection.execute(
                "select distinct table_schema from information_schema.tables order by 1"
            ).fetchall()
        ]
    if not names:
        raise Stop(
            f"There is no folder or file {schema}, and {database} has no schema of that name with tables. "
            f"Its schemas with tables: {', '.join(schemas) or 'none'}."
        )
    return [
        Table(name_of(name), f"{schema}.{name}", f"{quoted(schema)}.{quoted(name)}")
        for name in names
    ]


def is_database(path: Path) -> bool:
    """Whether a path is that of a database file."""
    return path.is_file() and path.name.lower().endswith(DATABASES)


def kind_of_database(file: Path) -> str:
    """sqlite or duckdb, by how the file begins."""
    with file.open("rb") as stream:
        return "sqlite" if stream.read(16) == b"SQLite format 3\x00" else "duckdb"


def attach(file: Path, kind: str, connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Attaches a database file, for reading only; its tables. Stop where it cannot be read."""
    needs = (
        "select 1 from duckdb_extensions() where installed and extension_name = 'sqlite_scanner'"
    )
    if kind == "sqlite" and not connection.execute(needs).fetchall():
        raise Stop(
            f"{file} is a database of SQLite, which DuckDB reads with an extension that is a download of its own and is not "
            "installed here. Where there is a network, fetch it once: "
            "python -c \"import duckdb; duckdb.sql('install sqlite')\". Or export the tables to CSV, and name their folder."
        )
    try:
        if kind == "sqlite":
            connection.execute("load sqlite_scanner")
            connection.execute("set global sqlite_all_varchar = true")
        connection.execute(
            f"attach {literal(file.absolute())} as {ATTACHED} (type {kind}, read_only)"
        )
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog = ? order by all", [ATTACHED]
        ).fetchall()  # fmt: skip
    except duckdb.Error as error:
        said = " ".join(str(error).split())
        raise Stop(
            why_not_attached(said) or f"The database {file} cannot be read: {said}"
        ) from error
    if not names:
        raise Stop(f"The database {file} has no tables.")
    return [
        Table(
            name_of(name),
            f"{ATTACHED}.{name}" if schema == "main" else f"{ATTACHED}.{schema}.{name}",
            f"{ATTACHED}.{quoted(schema)}.{quoted(name)}",
        )
        for schema, name in names
    ]


def fill(table: Table, connection: duckdb.DuckDBPyConnection) -> bool:
    """Looks at the columns of a table; False where it cannot be read or is empty."""
    try:
        described = connection.execute(f"describe select * from {table.relation}").fetchall()
    except duckdb.CatalogException:
        return False
    names = [row[0] for row in described if row[0] != "malformed_line"]
    whole = "where malformed_line is null" if len(names) < len(described) else ""
    texts = [text_of(name) for name in names]
    # Each query reads the whole file: one for all counts, and one that stops early.
    counts = ", ".join(f"count({text}), count(distinct {text})" for text in texts)
    table.rows, *counted = connection.execute(
        f"select count(*), {counts} from {table.relation} {whole}"
    ).fetchone()
    first_rows = connection.execute(
        f"select {', '.join(texts)} from {table.relation} {whole} limit 200"
    ).fetchall()
    for place, name in enumerate(names):
        values = dict.fromkeys(row[place] for row in first_rows if row[place] is not None)
        filled, different = counted[2 * place : 2 * place + 2]
        table.columns[name] = Column(name, list(values)[:3], filled, different)
    return table.rows > 0


def text_of(column: str) -> str:
    """SQL of a column's values as they are looked at: trimmed text, null where nothing is left."""
    return f"nullif(trim(cast({quoted(column)} as varchar)), '')"


def joined(tables: list[Table]) -> list[Table]:
    """Files that are parts of one table: the same columns, and the same name but for a number."""
    groups: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        stem = without_number(table.name)
        key = (stem, repr(table.format), *table.columns)
        groups.setdefault(key, []).append(table)
    result = []
    for (stem, *_), parts in groups.items():
        first = parts[0]
        if len(parts) > 1:
            union = " union all by name ".join(f"from {part.relation}" for part in parts)
            first = Table(
                name_of(stem), [part.source for part in parts], f"({union})", format=first.format
            )
        result.append(first)
    return result


def refuse_server(named: Place | None) -> None:
    """Stop where the profile names a server, which reads no files, and which this does not look at."""
    if isinstance(named, Server):
        raise Stop(
            "`init` looks at files and at DuckDB, and a build on a server reads tables of its database: load them into a schema, and "
            f"write the settings yourself (`raw_schema`, `raw_relations`, `raw_columns`), or leave out the target that names {named}."
        )


@contextmanager
def found(source: str, project: Project, database: Path | None) -> Iterator[Found]:
    """What is in a folder, in a file (also one that is a database), or in a schema of `database`."""
    folder = Path(source).expanduser()
    if is_database(folder):
        kind = kind_of_database(folder)
        with duckdb.connect() as connection:
            tables = attach(folder, kind, connection)
            yield Found(
                [table for table in tables if fill(table, connection)], [], connection, kind
            )
        return
    with tempfile.TemporaryDirectory() as temporary:
        unread: list[str] = []
        if folder.exists():
            # dbt opens a file by the name that the profile says.
            named = database_of(project)
            refuse_server(named)
            file = Path(temporary) / (named.name if isinstance(named, Path) else "init.duckdb")
            tables, unread = read_files(folder, project, file)
        elif database is not None and database.is_file():
            file, tables = database, tables_of(source, database)
        else:
            refuse_server(database_of(project))
            raise Stop(
                f"There is no folder or file {folder.absolute()}. For a schema name the DuckDB file, too: "
                "`retention-ledger init SCHEMA --database FILE`."
            )
        with duckdb.connect(str(file), read_only=True) as connection:
            read = [table for table in tables if fill(table, connection)]
            whole = joined(read) if folder.exists() else read
            for table in whole:
                if not table.columns:
                    fill(table, connection)
            yield Found(whole, unread, connection)
