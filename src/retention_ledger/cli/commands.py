"""What the commands do."""

import contextlib
import io
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from retention_ledger.cli.dbt import NOTE, Dbt, failure, warnings_of
from retention_ledger.cli.headline import headline
from retention_ledger.cli.plan import (
    NOTHING_SELECTED,
    Durations,
    last_durations,
    plan,
    remember_durations,
)
from retention_ledger.cli.progress import Stages
from retention_ledger.cli.project import Project, database_of, is_spark_session
from retention_ledger.cli.raw_files import unchanged_files
from retention_ledger.cli.settings import as_vars, read_settings
from retention_ledger.database import Place, find_build, opened
from retention_ledger.errors import Refused, Stop
from retention_ledger.expectations.runner import Expectations
from retention_ledger.publishing import LOG, InPlace, Publication, beside, has_log, name_build
from retention_ledger.restatements import restate
from retention_ledger.schema_switch import beside_schemas
from retention_ledger.server import Server
from retention_ledger.spark_session import SparkBuild

#: The tables that the prediction writes, and all that reads them.
PREDICTED = "config.materialized:kept+"
#: What raw data is looked at in, and all that it is made of; `+retention_ledger.staging` has its tests, and what these look at.
STAGED = "+retention_ledger.staging.stg_*"
#: Of the tests only those that look at nothing else.
WITHIN = ("--indirect-selection", "cautious")


@dataclass(frozen=True)
class BuildOptions:
    """The options of `retention-ledger build` that dbt is told."""

    select: tuple[str, ...] = ()
    full_refresh: bool = False
    threads: int | None = None
    replace: bool = False
    accept: bool = False
    only_plan: bool = False

    def for_selection(self) -> list[str]:
        """Which nodes; unit tests say nothing about the user's data and belong to the contributor."""
        chosen = ["--select", *self.select] if self.select else []
        return ["--exclude-resource-type", "unit_test", *chosen]

    def for_build(self) -> list[str]:
        """The selection, and how to build it."""
        threads = ["--threads", str(self.threads)] if self.threads else []
        return [*self.for_selection(), *threads, *(["--full-refresh"] if self.full_refresh else [])]

    def before_landing(self) -> list[str]:
        """How to build what the expectations about raw tables look at: staging, and all it is made of."""
        return [*self.for_build(), "--select", STAGED, *WITHIN]

    def after_landing(self) -> list[str]:
        """How to build the rest."""
        return [*self.for_build(), "--exclude", STAGED, *WITHIN]


@contextlib.contextmanager
def working(out: Console, what: str) -> Iterator[None]:
    """Says what is going on; on a terminal until it is done."""
    if out.is_terminal:
        with out.status(what):
            yield
    else:
        out.print(what, soft_wrap=True, markup=False)
        yield


def say(out: Console, *parts: str | Table) -> None:
    """Prints lines and tables in full: on a narrow terminal they are folded, never cut."""
    wide = Console(
        file=io.StringIO(), force_terminal=out.is_terminal, no_color=out.no_color, width=10_000,
        highlight=False,
    )  # fmt: skip
    for part in parts:
        wide.print(part, markup=False, soft_wrap=isinstance(part, str))
    for line in wide.file.getvalue().splitlines():
        out.file.write(line.rstrip() + "\n")
    out.file.flush()


def named_database(database: Path | None, project: Project) -> Place | None:
    """What the commands work on: the file of `--database`, for this run, or what the profile names."""
    if database is not None:
        os.environ["RETENTION_LEDGER_DB"] = str(database)
    found = database_of(project)
    if database is not None and (
        not isinstance(found, Path) or found.absolute() != database.absolute()
    ):
        raise Stop(
            f"The profile in {project.profiles or 'your dbt profiles'} names "
            f"{found or 'another kind of warehouse'} and does not look at RETENTION_LEDGER_DB, which `--database` sets: "
            "write path: \"{{ env_var('RETENTION_LEDGER_DB') }}\" there, or leave `--database` out."
        )
    return found


def must_be_known(database: Place | None, what: str) -> Place:
    """The DuckDB file or the server; Stop on other warehouses."""
    if database is None:
        raise Stop(
            f"{what} reads DuckDB files and PostgreSQL, and the profile of this project names another database."
        )
    return database


@contextlib.contextmanager
def publication(database: Place | None, dbt: Dbt, is_whole: bool = False) -> Iterator[Publication]:
    """How what dbt builds comes to its readers: from beside a DuckDB file, by one rename, or from other schemas of a
    server, by one transaction.

    For other warehouses nothing is done yet: dbt writes where they read.
    """
    if database is None:
        yield InPlace()
        return
    if isinstance(database, Server):
        with beside_schemas(database, dbt, is_whole) as candidate:
            yield candidate
        return
    with beside(database) as candidate:
        dbt.candidate = candidate.file
        try:
            yield candidate
        finally:
            dbt.candidate = None


def restated(
    publication: Publication, dbt: Dbt, is_whole: bool, is_other_data: bool = False
) -> list[str]:
    """What closed figures moved, in lines; Stop where nothing explains it."""
    if publication.place is None:
        return []
    return restate(publication.place, dbt.schema(), is_whole, is_other_data)


def publish(publication: Publication, dbt: Dbt, command: str) -> None:
    """Names the build that was made, and publishes it."""
    if publication.place is not None:
        # After `--select` into a new file there may be nothing but what was selected.
        if not has_log(publication.place, dbt.schema()):
            dbt.run("run", "--select", LOG)
        name_build(publication.place, dbt.schema(), command)
    publication.publish()


def build(
    out: Console,
    project: Project,
    settings_file: Path | None,
    database: Path | None,
    options: BuildOptions,
    verbose: bool,
) -> None:
    """Builds everything: dbt, the prediction, the marts that read it; then says the headline."""
    from retention_ledger.cli.validate import check_publish

    started = time.perf_counter()
    settings = as_vars(read_settings(settings_file, project.settings())) if settings_file else {}
    if options.replace and options.select:
        raise Stop(
            "`--replace` builds everything: other data beside a part of the old would mix both. "
            "Leave `--select` out."
        )
    file = named_database(database, project)
    dbt = Dbt(project, {**settings, **({"replace_data": True} if options.replace else {})}, verbose)
    if options.only_plan:
        nodes = read_nodes(out, dbt, options)
        say(out, *plan(project, file, nodes, is_whole=not options.select))
        return
    with publication(file, dbt, is_whole=not options.select) as candidate:
        nodes = read_nodes(out, dbt, options)
        candidate.make()
        checks = None if options.select else Expectations(dbt, file, options.accept)
        before = last_durations(project, file)
        with unchanged_files(dbt.settings, project):
            running = time.perf_counter()
            results, said = run_stages(out, dbt, nodes, options, checks, before)
            running = time.perf_counter() - running
            fills = [node for node in nodes if node.unique_id.endswith(".lifetime_parameters")]
            spark = file is None and is_spark_session(project)
            place = SparkBuild(dbt.schema()) if spark else candidate.place
            if place is not None and fills:
                out.print()
                said += predict_and_build(out, dbt, place, options.threads)
            if checks is not None:
                said += check_publish(out, checks)
            moved = restated(candidate, dbt, not options.select, options.replace)
        publish(candidate, dbt, "build")
    seconds = time.perf_counter() - started
    if not options.select:
        remember_durations(project, file, seconds, running, results)
    report_end(out, [result.node.unique_id for result in results], seconds, said)
    say(out, *moved)
    if spark:
        if not options.select:
            say(out, "", *headline_of_spark(place))
    elif file is None:
        say(
            out,
            "The prediction and the headline read DuckDB files and PostgreSQL; this build is in another warehouse.",
        )
    elif not options.select:
        say(out, "", *headline(file, dbt.schema()))


def read_nodes(out: Console, dbt: Dbt, options: BuildOptions) -> list[Any]:
    """Reads the project; the nodes that these options build."""
    with working(out, "Reading the project ..."):
        dbt.read()
        return dbt.nodes(options.for_selection())


def run_stages(
    out: Console,
    dbt: Dbt,
    nodes: list[Any],
    options: BuildOptions,
    checks: Expectations | None,
    before: Durations,
) -> tuple[list[Any], list[str]]:
    """One `dbt build`, or, where expectations are looked at, one up to staging and one of the rest; returns the results
    of the nodes, and the warnings."""
    from retention_ledger.cli.validate import check_landing

    if checks is None:
        outcomes, said = [run_build(out, dbt, nodes, options.for_build(), before)], []
    else:
        staged = {node.unique_id for node in dbt.nodes(options.before_landing())}
        first = [node for node in nodes if node.unique_id in staged]
        rest = [node for node in nodes if node.unique_id not in staged]
        outcomes = [run_build(out, dbt, first, options.before_landing(), before, len(rest))]
        said = check_landing(out, checks)
        outcomes.append(run_build(out, dbt, rest, options.after_landing(), before, began=True))
    results = [result for outcome in outcomes for result in outcome.results()]
    return results, [
        *said,
        *(line for outcome in outcomes for line in warnings_of(outcome, dbt.project)),
    ]


def run_build(
    out: Console,
    dbt: Dbt,
    nodes: list[Any],
    options: list[str],
    before: Durations,
    after: int = 0,
    began: bool = False,
) -> Any:
    """One `dbt build` with its progress, of which something `began` before; Stop with what failed, which leaves out so
    many nodes `after` it; Refused where nothing was built."""
    if not nodes:
        raise Stop(NOTHING_SELECTED)
    if dbt.verbose:
        outcome = dbt.run("build", *options)
    else:
        with Stages(out, nodes, dbt.project.rooms(), before.of) as stages:
            outcome = dbt.run("build", *options, listen=stages)
    if not outcome.passed:
        # What was suspicious in the data may be the reason.
        say_warnings(out, outcome.said)
        began = began or any(
            str(result.node.resource_type) != "operation" for result in outcome.results()
        )
        why = Stop if began else Refused
        raise why("The build stopped.\n" + failure(outcome, dbt.project, after))
    return outcome


def report_end(out: Console, built: list[str], seconds: float, said: list[str]) -> None:
    """What was built, and what it warns of."""
    tests = sum(name.startswith("test.") for name in built)
    others = sum(name.startswith(("model.", "seed.", "snapshot.")) for name in built)
    say(
        out,
        "",
        f"{others:,} tables and views built and {tests:,} data tests passed in {seconds:.0f} s.",
    )
    say_warnings(out, said)


def say_warnings(out: Console, said: list[str]) -> None:
    """Warnings, then notes: findings that are only worth a look."""
    notes = [line for line in said if line.startswith(NOTE)]
    warnings = [line for line in said if line not in notes]
    for heading, lines in (("Warnings:", warnings), ("Notes:", notes)):
        if lines:
            say(out, "", heading, *(f"  {line.removeprefix(NOTE)}" for line in lines))


def headline_of_spark(build: SparkBuild) -> list[str | Table]:
    """The headline of a build that is in a session of Spark."""
    with build.copied(("policy_settings", "retention_by_period", "mrr_by_period")) as copy:
        lines = headline(copy.file, build.schema)
    return [
        line.replace(str(copy.file), "Spark") if isinstance(line, str) else line for line in lines
    ]


def predict_and_build(
    out: Console, dbt: Dbt, database: Place | SparkBuild, threads: int | None
) -> list[str]:
    """Fits the lifetime models and builds the marts that read them, with the vars of the build."""
    from retention_ledger import spark_session
    from retention_ledger.prediction import predict

    with working(out, "Fitting the lifetime models ..."):
        if isinstance(database, SparkBuild):
            summary = spark_session.predict(database)
        else:
            summary = predict(database, dbt.schema())
    say(out, summary)
    options = BuildOptions(select=(PREDICTED,), threads=threads)
    with working(out, "Building the marts that read them ..."):
        outcome = dbt.run("build", *options.for_build())
    if not outcome.passed:
        raise Stop(
            "The build of the marts that read the prediction stopped.\n"
            + failure(outcome, dbt.project)
        )
    return warnings_of(outcome, dbt.project)


def predict_again(
    out: Console,
    project: Project,
    settings_file: Path | None,
    database: Path | None,
    schema: str | None,
    threads: int | None,
    verbose: bool,
) -> None:
    """Predicts on a build that is there, with the settings that it was built with."""
    given = as_vars(read_settings(settings_file, project.settings())) if settings_file else None
    file = must_be_known(named_database(database, project), "The prediction")
    with opened(file) as connection:
        held = find_build(connection, file, schema)
        held.require(connection, ["policy_settings"])
        [(version,)] = connection.execute(
            f"select distinct policy_version from {held.table('policy_settings')}"
        ).fetchall()
    if given is not None and json.dumps(given, sort_keys=True, default=str) != json.dumps(
        held.settings, sort_keys=True
    ):
        raise Stop(
            f"The build in {file} was made with other settings than {settings_file} has{difference(given, held.settings)}: "
            "run `retention-ledger build` with these, or leave `--settings` out."
        )
    dbt = Dbt(project, held.settings, verbose)
    with publication(file, dbt) as candidate:
        with working(out, "Reading the project ..."):
            dbt.read()
            now = dbt.policy_version()
        if now != version:
            raise Stop(
                f"The build in {file} was made with the policy {version}, and the project now has {now}: "
                "run `retention-ledger build` again."
            )
        candidate.make()
        said = predict_and_build(out, dbt, candidate.place, threads)
        moved = restated(candidate, dbt, is_whole=False)
        publish(candidate, dbt, "predict")
    say_warnings(out, said)
    say(out, *moved)


def difference(given: dict[str, Any], held: dict[str, Any]) -> str:
    """The first setting that differs, in brackets."""
    for name in sorted({*given, *held}):
        if given.get(name) != held.get(name):
            there = (
                f"`{name}` is {json.dumps(held[name])} there"
                if name in held
                else f"`{name}` is not set there"
            )
            here = json.dumps(given[name], default=str) if name in given else "not set"
            return f" ({there} and {here} here)"
    return ""


def show(out: Console, project: Project, database: Path | None, schema: str | None) -> None:
    """Prints the headline of a build."""
    file = must_be_known(named_database(database, project), "The headline")
    say(out, *headline(file, schema))
