"""The command `retention-ledger`."""

import sys
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
        commands.BuildOptions(chosen, full_refresh, threads, replace, accept), verbose,
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
def init(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER_OR_SCHEMA",
            help="The folder of an export, one file of it, or a schema of the DuckDB file that --database names.",
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


def main() -> int:
    """Runs the command; what stops it is a sentence on standard error and exit code 1."""
    try:
        app()
    except Stop as stop:
        print(stop, file=sys.stderr)
    except Exception as error:
        if "--verbose" in sys.argv:
            raise
        said = " ".join(str(error).split())
        print(
            f"This should not have happened ({type(error).__name__}: {said}). "
            "With `--verbose` the command says where; please report it.",
            *getattr(error, "__notes__", []),
            sep="\n",
            file=sys.stderr,
        )
    return 1
