"""The marts of a build as files, for tools that do not read DuckDB."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retention_ledger.cli.project import carried
from retention_ledger.database import Build, Place, literal, named_after
from retention_ledger.errors import Stop
from retention_ledger.reading import reading

#: How DuckDB writes each format. CSV: a null is an empty field, an empty text is "".
OPTIONS = {"parquet": "format parquet", "csv": "format csv, header, delimiter ','"}
#: What an export says of itself, written last.
CONTENTS = "export.json"


@dataclass(frozen=True)
class Exported:
    """Files that were written into a folder: their number, the rows and bytes of all, and the build (None where dbt wrote in place)."""

    folder: Path
    files: int
    rows: int
    size: int
    build_id: str | None


def marts_of(build: Build) -> list[str]:
    """The marts, by name, without their helpers."""
    names = {file.stem for file in (carried() / "models" / "marts").glob("*/*.sql")}
    return sorted(names & set(build.relations))


def default_folder(database: Place) -> Path:
    """The folder beside the database: my_shop.duckdb has my_shop_export."""
    return named_after(database, "_export")


def export_marts(
    database: Place,
    folder: Path | None = None,
    kind: str = "parquet",
    marts: Sequence[str] = (),
    schema: str | None = None,
) -> Exported:
    """Writes marts (all, or those named) into a folder, a file each (`kind`: parquet or csv); Stop where there is no whole build.

    The files are written beside and renamed into the folder when all are there; what an export before wrote and this one does
    not is removed. Files of other people stay.
    """
    folder = folder or default_folder(database)
    if folder.exists() and not folder.is_dir():
        raise Stop(f"{folder} is a file; name a folder for the export with `--output FOLDER`.")
    if not folder.absolute().parent.is_dir():
        raise Stop(
            f"There is no folder {folder.absolute().parent} to put the export {folder.name} into."
        )
    with reading(
        database, schema, lambda build: chosen(build, marts), if_there=("policy_settings",)
    ) as (connection, build):
        try:
            with tempfile.TemporaryDirectory(
                dir=folder.absolute().parent, prefix=f".{folder.name}-"
            ) as beside:
                rows = write_files(connection, build, chosen(build, marts), Path(beside), kind)
                written = move_in(Path(beside), folder, contents(build, connection, rows, kind))
        except (OSError, duckdb.IOException) as error:
            raise Stop(f"The export {folder} cannot be written: {error}") from error
    return Exported(folder, len(rows), sum(rows.values()), written, build.build_id)


def chosen(build: Build, marts: Sequence[str]) -> list[str]:
    """The marts of these names, or all; Stop where there is none of a name."""
    there = marts_of(build)
    unknown = sorted(set(marts) - set(there))
    if unknown:
        raise Stop(f"There is no mart {', '.join(unknown)}. There are: {', '.join(there)}.")
    return [mart for mart in there if not marts or mart in marts]


def write_files(
    connection: duckdb.DuckDBPyConnection,
    build: Build,
    marts: Sequence[str],
    folder: Path,
    kind: str,
) -> dict[str, int]:
    """One file per mart, its rows in the order of its columns; returns file -> rows."""
    rows = {}
    for mart in marts:
        file = folder / f"{mart}.{kind}"
        [(number,)] = connection.execute(
            f"copy (select * from {build.table(mart)} order by all) to {literal(file)} ({OPTIONS[kind]})"
        ).fetchall()
        rows[file.name] = number
    return rows


def contents(
    build: Build, connection: duckdb.DuckDBPyConnection, rows: dict[str, int], kind: str
) -> dict:
    """Which build the files are of, and how many rows each has."""
    settings = {}
    if build.has(connection, "policy_settings"):
        settings = dict(
            connection.execute(
                f"select setting, value from {build.table('policy_settings')} where setting = 'as_of_date'"
            ).fetchall()
        )
        [(settings["policy_version"],)] = connection.execute(
            f"select distinct policy_version from {build.table('policy_settings')}"
        ).fetchall()
    return {"build_id": build.build_id, **settings, "format": kind, "rows": rows}


def move_in(beside: Path, folder: Path, said: dict) -> int:
    """Renames the files into the folder, then says what is there; returns their bytes."""
    folder.mkdir(exist_ok=True)
    before = folder / CONTENTS
    old: list[str] = []
    if before.exists():
        try:
            old = list(json.loads(before.read_text(encoding="utf-8"))["rows"])
        except (ValueError, KeyError, TypeError) as error:
            raise Stop(
                f"The file {before} is not one of an export: name another `--output FOLDER`."
            ) from error
        before.unlink()
    size = 0
    for name in said["rows"]:
        size += (beside / name).stat().st_size
        (beside / name).replace(folder / name)
    for name in set(old) - set(said["rows"]):
        # Only a name that an export gives: never one that leads out of the folder.
        if Path(name).name == name and Path(name).suffix in (".parquet", ".csv"):
            (folder / name).unlink(missing_ok=True)
    before.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return size
