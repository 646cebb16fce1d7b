"""The report: one HTML page of what a build has published, which opens anywhere and loads nothing."""

from dataclasses import dataclass
from pathlib import Path

from retention_ledger.database import Place, named_after
from retention_ledger.errors import Stop
from retention_ledger.reading import reading
from retention_ledger.report.data import MARTS, Reader
from retention_ledger.report.page import render


@dataclass(frozen=True)
class Written:
    """A report that was written: where, how big it is, and of which build (None where dbt wrote in place)."""

    file: Path
    size: int
    build_id: str | None


def default_output(database: Place) -> Path:
    """The page beside the database: my_shop.duckdb has my_shop_report.html."""
    return named_after(database, "_report.html")


def write_report(
    database: Place, output: Path | None = None, schema: str | None = None, customers: int = 20
) -> Written:
    """Writes the report of a build, with the names of so many customers per list; Stop where there is no whole build."""
    output = output or default_output(database)
    if output.is_dir():
        raise Stop(f"{output} is a folder; name a file, such as {output / 'report.html'}.")
    if not output.absolute().parent.is_dir():
        raise Stop(
            f"There is no folder {output.absolute().parent} to put the report {output.name} into."
        )
    if isinstance(database, Path) and output.resolve() == database.resolve():
        raise Stop(
            f"The report would overwrite the database {database}: name another `--output FILE`."
        )
    with reading(database, schema, lambda build: MARTS) as (connection, build):
        report = Reader(connection, build, customers).read()
    text = render(report, customers).encode()
    # Who has the page open, or looks in the meantime, sees the old one or the new one.
    beside = output.with_name(f".{output.name}.tmp")
    try:
        beside.write_bytes(text)
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Stop(f"The report {output} cannot be written: {error.strerror}.") from error
    return Written(output, len(text), build.build_id)
