"""dbt in this process: its commands, its progress, and what it says of failures."""

import contextlib
import copy
import gc
import io
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retention_ledger.cli.project import Project
from retention_ledger.database import why_not_attached
from retention_ledger.errors import Stop

#: The generic test that holds all marts to one policy.
SAME_POLICY = "carries_current_policy_version"
#: How a finding begins that is no warning (macros/accepted/say_findings.sql).
NOTE = "Note: "
#: Statuses of a node that did not fail.
FINE = {"success", "pass", "warn", "skipped", "no-op", "partial success"}


@dataclass
class Outcome:
    """What a dbt command did: results per node, warnings of macros, and whether it passed."""

    passed: bool
    result: Any
    exception: Exception | None
    said: list[str] = field(default_factory=list)

    def results(self) -> list[Any]:
        """The results of the nodes."""
        found = getattr(self.result, "results", None) or []
        # What `dbt run-operation` says is about no node.
        return [result for result in found if hasattr(result, "node")]


@dataclass
class Dbt:
    """dbt with one project and one set of vars. The project is read once, by `read`."""

    project: Project
    settings: dict[str, Any]
    verbose: bool = False
    manifest: Any = None
    #: Opened instead of the file that the profile names.
    candidate: Path | None = None

    def run(self, *command: str, listen: Callable[[Any], None] = lambda event: None) -> Outcome:
        """Runs a dbt command; nothing of its own is printed, unless verbose."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        from retention_ledger.cli.faster_dbt import DEBUGGING, make_faster, without

        make_faster()
        # dbt makes millions of objects when it reads a project, and nearly all of them stay.
        gc.set_threshold(200_000)
        said: list[str] = []

        def heard(event: Any) -> None:
            name, message = event.info.name, getattr(event.data, "msg", "")
            is_note = name == "JinjaLogInfo" and message.startswith(NOTE)
            if (name == "JinjaLogWarning" or is_note) and message not in said:
                said.append(message)
            listen(event)

        verb, *options = command
        arguments = [verb, *options, *self.project.arguments(), "--vars", json.dumps(self.settings)]
        if not sys.stdout.isatty():
            arguments.insert(0, "--no-use-colors")
        silence = contextlib.ExitStack()
        silence.enter_context(connected_to(self.candidate))
        if not self.verbose and "DBT_LOG_LEVEL_FILE" not in os.environ:
            arguments = ["--log-level-file", "info", *arguments]
            silence.enter_context(without(DEBUGGING))
        if not self.verbose:
            silence.enter_context(contextlib.redirect_stdout(io.StringIO()))
            silence.enter_context(contextlib.redirect_stderr(io.StringIO()))
            silence.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        with silence:
            try:
                done = dbtRunner(manifest=self.manifest, callbacks=[heard]).invoke(arguments)
            finally:
                DuckDBConnectionManager.close_all_connections()
        return Outcome(done.success, done.result, done.exception, said)

    def read(self) -> None:
        """Reads the project, so that the commands after it need not."""
        outcome = self.run("parse")
        if not outcome.passed:
            raise Stop(failure(outcome, self.project))
        self.manifest = outcome.result

    def redirect(self, schemas: dict[str, str]) -> None:
        """What is built into some schemas is built into others from now on: old name -> new name."""
        for node in self.manifest.nodes.values():
            if node.schema in schemas:
                new = schemas[node.schema]
                if getattr(node, "relation_name", None):
                    node.relation_name = node.relation_name.replace(
                        f'"{node.schema}".', f'"{new}".'
                    )
                node.schema = new
        self.manifest.build_flat_graph()

    def schema(self) -> str:
        """The schema in which this project's build says what it is."""
        from retention_ledger.database import DATA_HELD

        node = self.manifest.nodes.get(f"model.retention_ledger.{DATA_HELD}")
        if node is None:
            raise Stop(
                f"The project in {self.project.folder} has the models of retention_ledger switched off."
            )
        return node.schema

    def policy_version(self) -> str:
        """The version that the settings have now, as a model of the project carries it."""
        chosen = "package:retention_ledger,int_prediction_state"
        outcome = self.run("compile", "--select", chosen)
        if not outcome.passed:
            raise Stop(failure(outcome, self.project))
        [result] = outcome.results()
        found = re.search(
            r"cast\('((?:[^']|'')*)' as \w+\) as policy_version", result.node.compiled_code
        )
        if found is None:
            raise Stop(f"The project in {self.project.folder} does not say which policy it has.")
        return found.group(1).replace("''", "'")

    def nodes(self, options: Iterable[str]) -> list[Any]:
        """The nodes that `dbt build` with these options would build."""
        outcome = self.run("list", "--output", "json", "--output-keys", "unique_id", *options)
        if not outcome.passed:
            raise Stop(failure(outcome, self.project))
        names = [json.loads(line)["unique_id"] for line in outcome.result or []]
        return [self.manifest.nodes[name] for name in names if name in self.manifest.nodes]


@contextlib.contextmanager
def connected_to(file: Path | None) -> Iterator[None]:
    """dbt opens this DuckDB file, while to all that it reads and says it is the one that the profile names.

    Another profile would do the same and have dbt read the whole project again for each file.
    """
    from dbt.adapters.duckdb.environments import Environment

    opens = Environment.initialize_db.__func__

    def initialize_db(cls: type, credentials: Any, plugins: Any = None) -> Any:
        other = copy.copy(credentials)
        other.path = str(file)
        return opens(cls, other, plugins)

    if file is not None:
        Environment.initialize_db = classmethod(initialize_db)
    try:
        yield
    finally:
        Environment.initialize_db = classmethod(opens)


def cleaned(message: str | None) -> str:
    """What dbt says of a fault, without the headings, traces and code around it."""
    kept: list[str] = []
    for line in (message or "").splitlines():
        text = line.strip()
        if re.match(r"(> )?(in|called by) (macro|model|test|operation|seed|snapshot)\b", text):
            continue
        if re.match(
            r"(Runtime|Compilation|Database|Parsing|Dependency|Internal|Env var) Error\b", text
        ):
            text = re.sub(r"^\w+( var)? Error( in [\w ]+?\S+ \([^)]*\))?:?\s*", "", text)
        if re.match(r"compiled code at |LINE \d+:|\^|Encountered an error", text):
            break
        if text:
            kept.append(text)
    said = " ".join(kept)
    # fail_when() says its sentence through the database.
    said = re.sub(r"^Invalid Input Error: ", "", said)
    said = re.sub(r'^invalid input syntax for type integer: "(.*)"$', r"\1", said)
    rows = re.match(r"Got (\d+) results?, configured to (?:fail|warn) if", said)
    if rows:
        number = int(rows.group(1))
        return f"{number:,} {'row breaks' if number == 1 else 'rows break'} the rule"
    return why_not_attached(said) or said or "dbt gives no reason"


def shown(path: Path) -> Path:
    """A path as seen from here, where that is shorter."""
    relative = Path(os.path.relpath(path))
    return relative if len(str(relative)) < len(str(path)) else path


def fault(result: Any, project: Project) -> list[str]:
    """The lines that say what is wrong with one node, and where to look."""
    node = result.node
    kind = str(node.resource_type)
    if kind == "operation":
        return [cleaned(result.message)]
    lines = [f"{kind} {node.name}: {cleaned(result.message)}"]
    where = node.original_file_path
    if node.package_name != project_name(project):
        where = f"{where} of {node.package_name}"
    compiled = getattr(node, "compiled_path", None)
    if kind == "test" and compiled:
        where += f"; its query: {shown(project.folder / compiled)}"
    return [*lines, f"    in {where}"]


def project_name(project: Project) -> str:
    """The name in the dbt_project.yml of a project."""
    from retention_ledger.cli.project import project_file

    return str(project_file(project.folder).get("name"))


def rule_of(node: Any) -> str | None:
    """The generic test that a node is made of; None for others."""
    return getattr(getattr(node, "test_metadata", None), "name", None)


def name_of_tested(node: Any) -> str:
    """The model that a generic test is about."""
    return str(getattr(node, "attached_node", None) or node.name).split(".")[-1]


def failure(outcome: Outcome, project: Project, left_out: int = 0) -> str:
    """Sentences for a dbt command that did not pass, and after which so many nodes are left out."""
    failed = [result for result in outcome.results() if str(result.status) not in FINE]
    skipped = left_out + sum(str(result.status) == "skipped" for result in outcome.results())
    lines: list[str] = []
    of_other_policy = [
        name_of_tested(result.node) for result in failed if rule_of(result.node) == SAME_POLICY
    ]
    for result in failed:
        if rule_of(result.node) != SAME_POLICY:
            lines += fault(result, project)
    if of_other_policy:
        lines.append(
            f"{', '.join(sorted(of_other_policy))}: built with other settings than the rest of the database has. "
            "Build everything with the same settings, without `--select`."
        )
    if outcome.exception is not None:
        said = cleaned(str(outcome.exception))
        if said not in " ".join(lines):
            lines.append(said)
    if skipped:
        one = skipped == 1
        lines.append(
            f"{skipped:,} {'table or test that rests' if one else 'tables and tests that rest'} on this "
            f"{'was' if one else 'were'} left out."
        )
    lines.append(
        f"dbt's log is {shown(project.logs / 'dbt.log')}; `--verbose` shows it, and has dbt write every statement there."
    )
    return "\n".join(lines or ["dbt gives no reason."])


def warnings_of(outcome: Outcome, project: Project) -> list[str]:
    """What a build that passed warns of: tests of severity warn, and warnings of macros."""
    lines = list(outcome.said)
    for result in outcome.results():
        if str(result.status) == "warn":
            lines += fault(result, project)
    return lines
