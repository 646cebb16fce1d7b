"""The command `init`: from an export to settings."""

from pathlib import Path

from rich.console import Console
from rich.table import Table as Lines

from retention_ledger.cli.commands import say, working
from retention_ledger.cli.project import Project
from retention_ledger.errors import Stop
from retention_ledger.init import guesses, layouts, settings_file
from retention_ledger.init.tables import Table, found


def init(
    out: Console, project: Project, source: str, output: Path | None, database: Path | None
) -> None:
    """Looks at a folder, a file, or a schema of `database`, and writes a settings file that is not there yet."""
    folder = Path(source).expanduser()
    root = (folder.parent if folder.is_file() else folder) if folder.exists() else None
    file = output or (root or Path()) / "settings.yml"
    if file.exists():
        raise Stop(
            f"There is a file {file} already, and nothing is overwritten: name another with `--output`, or move it away."
        )
    if not file.absolute().parent.is_dir():
        raise Stop(f"There is no folder {file.absolute().parent} to write {file.name} into.")
    with working(out, "Looking at what is there ..."), found(source, project, database) as seen:
        if not seen.tables:
            raise Stop("\n\n".join([f"Nothing in {source} can be read.", *seen.unread]))
        layout = layouts.recognised(seen.tables)
        to = file.absolute().parent
        if layout is not None and root is not None and seen.kind is None:
            proposal = settings_file.known_system(layout, seen, root.absolute(), to)
            used = list(layout.tables.values())
        else:
            mappings = guesses.mappings_of(seen.tables)
            if not {"orders", "subscriptions"} & {each.raw_table for each in mappings}:
                raise Stop(nothing_recognised(source, seen.tables))
            place = folder if seen.kind is not None else root
            proposal = settings_file.any_system(mappings, seen, place and place.absolute(), to)
            used = [each.table for each in mappings]
        unused = [table for table in seen.tables if table not in used]
    file.write_text(proposal.text, encoding="utf-8")
    report(
        out,
        file,
        proposal,
        unused,
        seen.unread,
        name_of_build(file, folder, database if root is None else None),
    )


def name_of_build(file: Path, source: Path, database: Path | None) -> Path:
    """The database to build: the one that was named, or one called after the folder, but never the source itself."""
    name = file.absolute().parent.name
    built = database or Path(name).with_suffix(".duckdb")
    return Path(f"{name}_ledger.duckdb") if built.name == source.name else built


def nothing_recognised(source: str, tables: list[Table]) -> str:
    """What was there, and what would have been recognised."""
    listed = "\n".join(f"  {table.source}: {', '.join(table.columns)}" for table in tables[:10])
    return (
        f"Neither orders nor subscriptions were recognised in {source}. Orders need a customer and a time of the order; "
        "subscriptions an id, a customer, a start, an end and a price. A file whose name says that it holds something else "
        f"is not taken for them. Columns found:\n{listed}\n"
        "Write the settings yourself: the vars raw_columns and raw_queries name columns of any name."
    )


def report(
    out: Console,
    file: Path,
    proposal: settings_file.Proposal,
    unused: list,
    unread: list[str],
    database: Path,
) -> None:
    """What was read as what, what is left to decide, and the next command."""
    lines = Lines(show_header=False, box=None, pad_edge=False)
    for name, read_as in proposal.read_as:
        lines.add_row(name, f"is read as {read_as}")
    for table in unused:
        lines.add_row(str(table.source), "is not used")
    say(out, "", lines, *unread)
    decisions = proposal.decisions
    say(
        out,
        "",
        f"Settings written to {file}"
        + (f", with {len(decisions)} to decide:" if decisions else ". Nothing is left to decide."),
    )
    say(out, *(f"  {decision}" for decision in decisions))
    build = f"retention-ledger build --settings {file} --database {database}"
    say(out, "", f"Look at it, then: {build}")
