"""`retention-ledger report` and `retention-ledger export`: what a build has published, for its readers."""

import webbrowser
from pathlib import Path

from rich.console import Console

from retention_ledger.cli.commands import must_be_known, named_database, say, working
from retention_ledger.cli.dbt import shown
from retention_ledger.cli.project import Project
from retention_ledger.export import export_marts
from retention_ledger.publishing import megabytes
from retention_ledger.report import write_report


def of_build(build_id: str | None) -> str:
    """Which build was read."""
    return (
        f"build {build_id}" if build_id else "tables that dbt wrote in place, of no published build"
    )


def report(
    out: Console,
    project: Project,
    database: Path | None,
    output: Path | None,
    schema: str | None,
    customers: int,
    open_page: bool,
) -> None:
    """Writes the page, and says where it is and how big."""
    file = must_be_known(named_database(database, project), "The report")
    with working(out, "Reading the marts ..."):
        written = write_report(file, output, schema, customers)
    names = (
        f"at most {customers} customers are named in a list"
        if customers
        else "no customer is named"
    )
    say(
        out,
        f"The report is in {shown(written.file)} ({megabytes(written.size)}, {of_build(written.build_id)}): "
        f"one file that loads nothing from elsewhere; {names} (`--customers`).",
    )
    if open_page:
        webbrowser.open(written.file.absolute().as_uri())


def export(
    out: Console,
    project: Project,
    database: Path | None,
    output: Path | None,
    kind: str,
    marts: list[str],
    schema: str | None,
) -> None:
    """Writes the files, and says where they are and how many."""
    file = must_be_known(named_database(database, project), "The export")
    with working(out, "Writing the marts ..."):
        written = export_marts(file, output, str(kind), marts, schema)
    say(
        out,
        f"{written.files:,} marts with {written.rows:,} rows are in {shown(written.folder)} "
        f"({megabytes(written.size)}, {of_build(written.build_id)}); export.json there lists them.",
    )
