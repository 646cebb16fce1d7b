"""`retention-ledger validate`, and the expectations within a build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from retention_ledger.cli.commands import must_be_file, named_database, say, working
from retention_ledger.cli.dbt import Dbt, shown
from retention_ledger.cli.headline import table
from retention_ledger.cli.project import Project
from retention_ledger.cli.settings import as_vars, read_settings
from retention_ledger.database import find_build, opened
from retention_ledger.errors import Stop
from retention_ledger.expectations.runner import Expectations, sentences

if TYPE_CHECKING:
    from retention_ledger.expectations.report import Result

COLUMNS = ("stage", "table", "met", "warnings", "errors")


def validate(
    out: Console,
    project: Project,
    settings_file: Path | None,
    database: Path | None,
    schema: str | None,
    accept: bool,
    verbose: bool,
) -> None:
    """Both stages on what the warehouse holds; Stop where an error was found and is not accepted."""
    file = named_database(database, project)
    given = as_vars(read_settings(settings_file, project.settings())) if settings_file else None
    if given is None and file is not None:
        with opened(must_be_file(file, "The validation")) as connection:
            given = find_build(connection, file, schema).settings
    dbt = Dbt(project, given or {}, verbose)
    with working(out, "Reading the project ..."):
        dbt.read()
    run = Expectations(dbt, file)
    with working(out, "Looking at the raw tables and the marts ..."):
        landed, published = run.landing(), run.publish()
        page = run.made().write()
    if accept:
        run.remember(was_accepted=True)
    results = [*landed, *published]
    errors, warnings = sentences(results)
    say(out, "", results_table(results), "", run.compared_with())
    say_findings(out, errors, warnings)
    say(out, "", f"The Data Docs of this run: {shown(page)}")
    if accept:
        say(out, "The load is accepted: the next one is compared with it.")
    elif errors:
        raise Stop(
            f"{count(len(errors), 'expectation')} of severity error {'was' if len(errors) == 1 else 'were'} not met."
        )


def check_landing(out: Console, run: Expectations) -> list[str]:
    """Within a build, before the marts are built: Stop at an error; warnings are returned, to be said at its end."""
    with working(out, "Looking at the raw tables as they were delivered ..."):
        results = run.landing()
    return end_of_stage(
        run, results, "The raw data is not what was expected, so nothing was built of it."
    )


def check_publish(out: Console, run: Expectations) -> list[str]:
    """Within a build, after its tests: Stop at an error; else the load is the one that the next is compared with."""
    with working(out, "Looking at the marts as they will be read ..."):
        results = run.publish()
    warnings = end_of_stage(run, results, "The marts are not what was expected.")
    page = run.made().write()
    run.remember()
    say(
        out, f"{sum(result.met for result in run.made().results):,} expectations met: {shown(page)}"
    )
    return warnings


def end_of_stage(run: Expectations, results: list[Result], what: str) -> list[str]:
    """The warnings of a stage; Stop with its errors, when the Data Docs are written."""
    errors, warnings = sentences(results)
    if errors:
        page = run.made().write()
        raise Stop(
            "\n".join(
                [
                    what, *errors, f"The Data Docs of this run: {shown(page)}",
                    "If it is right as it is: `retention-ledger validate --accept`, or the setting `expectations`.",
                ]
            )
        )  # fmt: skip
    return warnings


def results_table(results: list[Result]):
    """A row per table."""
    rows = [
        (
            result.stage,
            result.table,
            str(result.met),
            str(len(result.warnings)),
            str(len(result.errors)),
        )
        for result in results
    ]
    return table(COLUMNS, rows, 2)


def say_findings(out: Console, errors: list[str], warnings: list[str]) -> None:
    """Sentences, errors first."""
    for heading, lines in (("Errors:", errors), ("Warnings:", warnings)):
        if lines:
            say(out, "", heading, *(f"  {line}" for line in lines))


def count(number: int, what: str) -> str:
    """One expectation, 2 expectations."""
    return f"{'One' if number == 1 else number} {what}{'' if number == 1 else 's'}"
