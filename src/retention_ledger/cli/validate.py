"""`retention-ledger validate`, and the expectations within a build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from retention_ledger.cli.commands import named_database, say, working
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
    verbose: bool,
) -> None:
    """Both stages on what the warehouse holds; Stop where an expectation of severity error is not met."""
    file = named_database(database, project)
    given = as_vars(read_settings(settings_file, project.settings())) if settings_file else None
    if file is not None:
        with opened(file) as connection:
            held = find_build(connection, file, schema).settings
        given = held if given is None else given
    dbt = Dbt(project, given or {}, verbose)
    with working(out, "Reading the project ..."):
        dbt.read()
    run = Expectations(dbt, file)
    with working(out, "Looking at the raw tables and the marts ..."):
        results = [*run.landing(), *run.publish()]
        page = run.made().write()
    errors, warnings = sentences(results)
    say(out, "", results_table(results), "", run.compared_with())
    for heading, lines in (("Errors:", errors), ("Warnings:", warnings)):
        if lines:
            say(out, "", heading, *(f"  {line}" for line in lines))
    say(out, "", f"The Data Docs of this run: {shown(page)}")
    if errors:
        raise Stop(
            "One expectation of severity error is not met."
            if len(errors) == 1
            else f"{len(errors)} expectations of severity error are not met."
        )


def check_landing(out: Console, run: Expectations) -> list[str]:
    """Within a build, before the marts are built: Stop at an error; the warnings are returned, to be said at its end."""
    with working(out, "Looking at the raw tables as they were delivered ..."):
        results = run.landing()
    return end_of_stage(
        run, results, "The raw data is not what was expected, so nothing was built of it."
    )


def check_publish(out: Console, run: Expectations) -> list[str]:
    """Within a build, after its tests: Stop at an error; else the next load is compared with this one."""
    with working(out, "Looking at the marts as they will be read ..."):
        results = run.publish()
        warnings = end_of_stage(run, results, "The marts are not what was expected.")
        page = run.made().write()
        run.remember()
    met = sum(result.met for result in run.made().results)
    say(out, f"{met:,} expectations met. {run.compared_with()} Data Docs: {shown(page)}")
    return warnings


def end_of_stage(run: Expectations, results: list[Result], what: str) -> list[str]:
    """The warnings of a stage; where there are errors, which nobody has accepted, Stop with Data Docs to look at."""
    errors, warnings = sentences(results)
    if errors and not run.accepts:
        page = run.made().write()
        raise Stop(
            "\n".join(
                [
                    what, *(f"  {line}" for line in errors), *(f"  warning, {line}" for line in warnings), f"{run.compared_with()} Data Docs: {shown(page)}",
                    "If it is right as it is, build with `--accept`; the setting `expectations` moves a limit for good.",
                ]
            )
        )  # fmt: skip
    return [*(f"accepted, {line}" for line in errors), *warnings]


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
