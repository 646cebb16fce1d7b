"""The command `retention-ledger`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from retention_ledger import __version__
from retention_ledger.errors import Stop

app = typer.Typer(
    name="retention-ledger",
    help="Customer retention figures that reconcile, from raw customers, orders and subscriptions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Settings = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="YAML file of settings; paths of raw_files are relative to it.",
    ),
]
Database = Annotated[
    Path | None,
    typer.Option(
        "--database", metavar="FILE",
        help="DuckDB file; else the one of RETENTION_LEDGER_DB, else warehouse.duckdb.",
    ),
]  # fmt: skip
Schema = Annotated[
    str | None,
    typer.Option("--schema", help="Schema of the helpers, where one file holds several builds."),
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Models built at a time.")]
ProjectDir = Annotated[
    Path | None,
    typer.Option(
        "--project-dir", metavar="FOLDER",
        help="dbt project: this one, or one that has it installed. Else the nearest from here up, else the one installed.",
    ),
]  # fmt: skip
ProfilesDir = Annotated[
    Path | None,
    typer.Option("--profiles-dir", metavar="FOLDER", help="Folder of dbt's profiles.yml."),
]


class Kind(StrEnum):
    """The formats of an export."""

    PARQUET = "parquet"
    CSV = "csv"


Target = Annotated[str | None, typer.Option("--target", help="Target of dbt's profile.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show dbt's own log.")]


def say_version(wanted: bool) -> None:
    """Prints the version and ends."""
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=say_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Customer retention figures that reconcile, from raw customers, orders and subscriptions."""


@app.command()
def build(
    settings: Settings = None,
    database: Database = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Build over other data that the database holds.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select", help="Only these models, in dbt's words; may be given several times."
        ),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Make tables anew that are otherwise added to.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Build also what is not as expected: it is right this time."),
    ] = False,
    only_plan: Annotated[
        bool,
        typer.Option("--plan", help="Say what would be built, how many rows, about how long."),
    ] = False,
    threads: Threads = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    verbose: Verbose = False,
) -> None:
    """Build the marts from raw data and test them, predict, and print the headline."""
    from retention_ledger.cli import commands
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project

    chosen = tuple(part for text in select or [] for part in text.split())
    commands.build(
        console(), find_project(project_dir, profiles_dir, target), settings, database,
        commands.BuildOptions(chosen, full_refresh, threads, replace, accept, only_plan), verbose,
    )  # fmt: skip


@app.command()
def predict(
    settings: Settings = None,
    database: Database = None,
    schema: Schema = None,
    threads: Threads = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    verbose: Verbose = False,
) -> None:
    """Fit the lifetime models on a build, with its settings, and build the marts that read them."""
    from retention_ledger.cli import commands
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project

    project = find_project(project_dir, profiles_dir, target)
    commands.predict_again(console(), project, settings, database, schema, threads, verbose)


@app.command()
def show(
    database: Database = None,
    schema: Schema = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Print the headline: the last complete periods of a build."""
    from retention_ledger.cli import commands
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project

    commands.show(console(), find_project(project_dir, profiles_dir, target), database, schema)


@app.command()
def report(
    database: Database = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="The page; else beside the database, NAME_report.html."
        ),
    ] = None,
    customers: Annotated[
        int,
        typer.Option(
            "--customers",
            min=0,
            max=1000,
            help="How many customers are named in each list; 0 for a page without names.",
        ),
    ] = 20,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = False,
    schema: Schema = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Write one HTML page of what a build has published: it opens anywhere and loads nothing."""
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project
    from retention_ledger.cli.readers import report as write

    project = find_project(project_dir, profiles_dir, target)
    write(console(), project, database, output, schema, customers, open_page)


@app.command()
def export(
    database: Database = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FOLDER", help="The folder; else beside the database, NAME_export."
        ),
    ] = None,
    kind: Annotated[
        Kind, typer.Option("--format", help="Parquet, or CSV in UTF-8.")
    ] = Kind.PARQUET,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", help="Only these marts; may be given several times."),
    ] = None,
    schema: Schema = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Write the marts of a build as files, one each, for tools that do not read DuckDB."""
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project
    from retention_ledger.cli.readers import export as write

    project = find_project(project_dir, profiles_dir, target)
    chosen = [part for text in select or [] for part in text.split()]
    write(console(), project, database, output, kind, chosen, schema)


@app.command()
def validate(
    settings: Settings = None,
    database: Database = None,
    schema: Schema = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    verbose: Verbose = False,
) -> None:
    """Look at the raw tables and the marts with Great Expectations, and write its Data Docs."""
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project
    from retention_ledger.cli.validate import validate as look

    project = find_project(project_dir, profiles_dir, target)
    look(console(), project, settings, database, schema, verbose)


@app.command()
def docs(
    database: Database = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="FOLDER", help="Where the pages are written.")
    ] = Path("target/docs"),
    schema: Schema = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    verbose: Verbose = False,
) -> None:
    """Write the pages of the metrics, and dbt's page of models and lineage, to read offline."""
    from retention_ledger.cli.docs import docs as write
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project

    project = find_project(project_dir, profiles_dir, target)
    write(console(), project, database, output, schema, verbose)


@app.command()
def init(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER_OR_SCHEMA",
            help="The folder of an export, one file of it, a DuckDB or SQLite file, or a schema of the DuckDB file that --database names.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Where to write the settings [default: settings.yml in that folder].",
        ),
    ] = None,
    database: Database = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
) -> None:
    """Look at an export, and write the settings with which it is read."""
    from retention_ledger.cli.init import init as look
    from retention_ledger.cli.progress import console
    from retention_ledger.cli.project import find_project

    look(console(), find_project(project_dir, profiles_dir, target), source, output, database)


@app.command()
def diff(
    base: Annotated[
        str,
        typer.Argument(
            help="A revision, the folder of a project, a database that was built, or target:NAME for the build of a target."
        ),
    ],
    head: Annotated[
        str | None, typer.Argument(help="The same; without it, the working folder.")
    ] = None,
    settings: Settings = None,
    database: Annotated[
        Path | None,
        typer.Option(
            "--database",
            metavar="FILE",
            help="Your own published marts: compared with what HEAD makes of the same data, in a copy.",
        ),
    ] = None,
    fixture: Annotated[
        bool,
        typer.Option(
            "--fixture/--no-fixture",
            help="Compare on the data that the project reads; or only on --database.",
        ),
    ] = True,
    merge_base: Annotated[
        bool, typer.Option("--merge-base", help="Compare with where HEAD left BASE.")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="markdown or json.")] = "markdown",
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write there; else to standard output."),
    ] = None,
    threads: Threads = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: Target = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Say where a fault of the command is.")
    ] = False,
) -> None:
    """Say what a change does to the metrics: definitions, policy, figures, and columns that readers use.

    Exit code 1: something changed without saying so (its version, its release, CHANGELOG). 2: nothing could be compared.
    """
    from retention_ledger.cli.diff import TROUBLE, DiffOptions
    from retention_ledger.cli.diff import diff as review
    from retention_ledger.diff.sides import Asked

    try:
        code = review(
            Asked(base, head, settings, merge_base, project_dir, profiles_dir, target),
            DiffOptions(database, fixture, threads, form, output),
        )
    except Stop as stop:
        print(stop, file=sys.stderr)
        code = TROUBLE
    except Exception as error:
        if verbose:
            raise
        print(unexpected(error), file=sys.stderr)
        code = TROUBLE
    raise typer.Exit(code)


def unexpected(error: Exception) -> str:
    """What is said of a fault of the command itself."""
    said = " ".join(str(error).split())
    lines = [
        f"This should not have happened ({type(error).__name__}: {said}). "
        "With `--verbose` the command says where; please report it.",
        *getattr(error, "__notes__", []),
    ]
    return "\n".join(lines)


def main() -> int:
    """Runs the command; what stops it is a sentence on standard error and exit code 1."""
    try:
        app()
    except Stop as stop:
        print(stop, file=sys.stderr)
    except Exception as error:
        if "--verbose" in sys.argv:
            raise
        print(unexpected(error), file=sys.stderr)
    return 1
