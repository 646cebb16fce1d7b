"""Small mistakes in models and macros, and which test notices each: the catalogue, and what runs it.

`tests/mutants/<room>.toml` lists the mistakes; its README says how one is written. `make mutants` makes each of them
in what dbt has read (no file is touched) and runs

1. the unit tests of the models that the mistake can reach;
2. where none of these fails, the models it can reach and all that read from them, on a copy of the built demo, with
   their data tests, until one fails.

What it finds stands in docs/mutants.md. A mutant that was run before is run again only if its code or tests changed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import dbt_project
import yaml
from dbt.contracts.graph.manifest import Manifest
from dbt_project import ROOT, dbt, manifest_of

CATALOGUE = ROOT / "tests" / "mutants"
REPORT = ROOT / "docs" / "mutants.md"
#: What earlier runs found, one JSON object per line; the last about a mutant counts.
STATE = ROOT / "target" / "mutants" / "found.jsonl"
#: The rooms in the order in which data flows, and the macros that all of them use.
ROOMS = {
    "cross_db": "SQL of every warehouse",
    "calendar": "Calendar",
    "staging": "Staging",
    "accepted": "Accepted rows",
    "ledger": "Ledger",
    "retention": "Retention",
    "revenue": "Recurring revenue",
    "purchases": "Purchases",
    "lifetime_value": "Lifetime value",
    "acquisition": "Acquisition",
    "risk": "Customers at risk",
    "seasonality": "Seasonality",
    "profiles": "Profiles",
    "metrics": "Metrics",
}


@dataclass(frozen=True)
class Mutant:
    """One mistake: `wrong` instead of `right`, wherever that stands in `file` (`times` times, once unless said).

    `mistake` says in words what is wrong then. `asked` names the models whose unit tests are run; empty: all that
    the mistake can reach. `equivalent` says, of a mutant that nothing can notice, why no figure differs.
    """

    id: str
    room: str
    file: str
    right: str
    wrong: str
    mistake: str
    times: int = 1
    asked: tuple[str, ...] = ()
    equivalent: str = ""
    survived: bool = False


def catalogue() -> list[Mutant]:
    """All mutants, room by room."""
    mutants = []
    for room in ROOMS:
        path = CATALOGUE / f"{room}.toml"
        entries = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for name, entry in entries.items():
            asked = tuple(entry.pop("asked", ()))
            mutants.append(Mutant(id=name, room=room, asked=asked, **entry))
    return mutants


def fault(mutant: Mutant) -> str:
    """Why a mutant cannot be made; empty if it can."""
    path = ROOT / mutant.file
    times = path.read_text(encoding="utf-8").count(mutant.right) if path.exists() else 0
    if times == mutant.times:
        return ""
    return (
        f"The mutant {mutant.id} no longer applies: {mutant.right!r} stands {times} times in {mutant.file}, and should "
        f"{mutant.times} times. Bring tests/mutants/{mutant.room}.toml up to date."
    )


def make_mistake(manifest: Manifest, mutant: Mutant) -> None:
    """Writes a mistake into what dbt has read, where it would have read it in the file."""
    assert not fault(mutant), fault(mutant)
    changed = 0
    for node in manifest.nodes.values():
        if node.original_file_path == mutant.file and mutant.right in node.raw_code:
            changed += node.raw_code.count(mutant.right)
            node.raw_code = node.raw_code.replace(mutant.right, mutant.wrong)
    for macro in manifest.macros.values():
        if macro.original_file_path == mutant.file and mutant.right in macro.macro_sql:
            changed += macro.macro_sql.count(mutant.right)
            macro.macro_sql = macro.macro_sql.replace(mutant.right, mutant.wrong)
    assert changed == mutant.times, f"{mutant.id}: {mutant.right!r} is in no model or macro"


def reaches(manifest: Manifest, mutants: Iterable[Mutant]) -> dict[str, set[str]]:
    """Mutant id -> the models whose SQL may differ: the model of the file, or all that name a macro of it, or one
    that names it in turn. What only bears the name of a macro counts too, so it may be too many."""
    ours = [macro for macro in manifest.macros.values() if macro.package_name == "retention_ledger"]
    names = {macro.name for macro in ours}
    named = {name: set[str]() for name in names}
    for macro in ours:
        words = set(re.findall(r"\w+", macro.macro_sql)) & names
        named[macro.name] |= words - {macro.name}
        named[macro.name] |= {
            f"{prefix}__{word}" for word in words for prefix in ("default", "duckdb")
        } & names

    @cache
    def used(names_of: frozenset[str]) -> frozenset[str]:
        found, left = set(names_of), set(names_of)
        while left:
            left = set().union(*(named[name] for name in left)) - found
            found |= left
        return frozenset(found)

    models = {node.name: node for node in manifest.nodes.values() if node.resource_type == "model"}
    macros_of = {
        name: used(frozenset(set(re.findall(r"\w+", node.raw_code)) & names))
        for name, node in models.items()
    }
    found = {}
    for mutant in mutants:
        own = {name for name, node in models.items() if node.original_file_path == mutant.file}
        hit = {
            macro.name
            for macro in ours
            if macro.original_file_path == mutant.file and mutant.right in macro.macro_sql
        }
        found[mutant.id] = own | {name for name, macros in macros_of.items() if macros & hit}
    return found


def rounds(
    mutants: Iterable[Mutant], asked: dict[str, set[str]], reached: dict[str, set[str]]
) -> list[list[Mutant]]:
    """Mutants that one dbt run can tell apart: of two, neither reaches a model whose unit tests the other is asked of.

    A unit test brings the rows of everything its model reads, so it sees the mistakes in the SQL of that model alone.
    """
    found: list[tuple[list[Mutant], set[str], set[str]]] = []
    for mutant in sorted(mutants, key=lambda each: -len(reached[each.id])):
        for together, all_asked, all_reached in found:
            if not (all_asked & reached[mutant.id] or all_reached & asked[mutant.id]):
                together.append(mutant)
                all_asked |= asked[mutant.id]
                all_reached |= reached[mutant.id]
                break
        else:
            found.append(([mutant], set(asked[mutant.id]), set(reached[mutant.id])))
    return [together for together, *_ in found]


def failing_unit_tests(
    mutants: list[Mutant],
    asked: dict[str, set[str]],
    database: Path,
    only: frozenset[str] | None = None,
) -> dict[str, dict[str, str]]:
    """Mutant id -> 'model: unit test' -> 'fail' or 'error', of the tests of the models `asked` (or `only` these)."""
    manifest = manifest_of({}, database)
    assert isinstance(manifest, Manifest), manifest
    for mutant in mutants:
        make_mistake(manifest, mutant)
    wanted = set().union(*(asked[mutant.id] for mutant in mutants))
    failing = _unit_tests(manifest, wanted, database, only)
    return {
        mutant.id: {
            f"{model}: {name}": status
            for (model, name), status in failing.items()
            if model in asked[mutant.id]
        }
        for mutant in mutants
    }


def _unit_tests(
    manifest: Manifest, models: set[str], database: Path, only: frozenset[str] | None = None
) -> dict[tuple[str, str], str]:
    """(model, unit test) -> 'fail' or 'error', of the unit tests of these models (or `only` these, as 'model: test')."""
    manifest.unit_tests = {
        key: test
        for key, test in manifest.unit_tests.items()
        if test.model in models and (only is None or f"{test.model}: {test.name}" in only)
    }
    if not manifest.unit_tests:
        return {}
    run = dbt("test", "--select", "test_type:unit", database=database, manifest=manifest)
    assert run.outcome.result, run.text
    return {
        tuple(result.node.unique_id.split(".")[2:4]): str(result.status)
        for result in run.outcome.result
        if result.status in ("fail", "error") and result.node.resource_type == "unit_test"
    }


def failing_data_tests(mutant: Mutant, reached: set[str], database: Path) -> dict[str, str]:
    """'data test' -> 'fail' or 'error', where the models that a mistake reaches are built anew in `database`."""
    manifest = manifest_of({}, database)
    assert isinstance(manifest, Manifest), manifest
    make_mistake(manifest, mutant)
    run = dbt(
        "build", "--fail-fast", "--exclude-resource-type", "unit_test", "--select", *(f"{model}+" for model in sorted(reached)),
        database=database, manifest=manifest,
    )  # fmt: skip
    # A test that stops the build with a sentence of its own ends in an error.
    found = {
        result.node.name: "fail" if result.node.resource_type == "test" else "error"
        for result in run.outcome.result or []
        if result.status in ("fail", "error")
    }
    return found or ({} if run.ok else {run.text.strip().splitlines()[-1]: "error"})


# What was found, kept for the next run


def _text_of(paths: Iterable[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))


@cache
def _everything() -> str:
    """All that a build depends on, which the unit tests are not."""
    parts = ["models", "macros", "tests/generic", "tests/singular", "seeds"]
    paths = [
        path
        for part in parts
        for path in (ROOT / part).rglob("*")
        if path.suffix in (".sql", ".csv")
    ]
    read = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "models").rglob("*.yml"))
    ]
    built = [{key: value for key, value in each.items() if key != "unit_tests"} for each in read]
    return _digest(_text_of([*paths, ROOT / "dbt_project.yml"]), built)


@cache
def _macros() -> str:
    return hashlib.sha256(_text_of((ROOT / "macros").rglob("*.sql")).encode()).hexdigest()


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass
class Found:
    """What became of a mutant: `kind` is unit, data, error (it does not even run) or none."""

    id: str
    kind: str
    killers: list[str]
    code: str
    build: str


class Runner:
    """Runs mutants, knows what was found before, and writes the report."""

    def __init__(
        self, mutants: list[Mutant], demo: Path, folder: Path, state: Path = STATE
    ) -> None:
        self.mutants = {mutant.id: mutant for mutant in mutants}
        self.demo, self.folder, self.state = demo, folder, state
        manifest = manifest_of({}, folder / "built.duckdb")
        assert isinstance(manifest, Manifest), manifest.text
        self.reached = reaches(manifest, mutants)
        self.asked = {each.id: set(each.asked) or self.reached[each.id] for each in mutants}
        paths = {node.name: ROOT / node.original_file_path for node in manifest.nodes.values()}
        self.code, self.build = {}, {}
        for mutant in mutants:
            tested = [
                paths[model].with_suffix(suffix)
                for model in self.asked[mutant.id]
                for suffix in (".sql", ".yml")
            ]
            what = {**asdict(mutant), "mistake": "", "survived": ""}
            self.code[mutant.id] = _digest(
                what, _macros(), _text_of(path for path in tested if path.exists())
            )
            self.build[mutant.id] = _digest(what, _everything())
        self.models = {
            node.original_file_path: node.name
            for node in manifest.nodes.values()
            if node.resource_type == "model"
        }
        self.found: dict[str, Found] = {}
        for line in state.read_text(encoding="utf-8").splitlines() if state.exists() else []:
            found = Found(**json.loads(line))
            if found.id in self.mutants and self._holds(found):
                self.found[found.id] = found

    def untouched(self) -> list[str]:
        """Models in whose file there is no mutant."""
        files = {mutant.file for mutant in self.mutants.values()}
        return sorted(name for file, name in self.models.items() if file not in files)

    def _holds(self, found: Found) -> bool:
        return found.code == self.code[found.id] and (
            found.kind == "unit" or found.build == self.build[found.id]
        )

    def _keep(self, id: str, kind: str, killers: Iterable[str]) -> None:
        found = Found(id, kind, sorted(killers), self.code[id], self.build[id])
        self.found[id] = found
        self.state.parent.mkdir(parents=True, exist_ok=True)
        with self.state.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(found)) + "\n")

    def run(self, processes: int, with_data_tests: bool = True) -> None:
        """Runs every mutant that has to be, and says how far it is."""
        from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        todo = [m for m in self.mutants.values() if m.id not in self.found and not m.equivalent]
        with (
            Progress(
                TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn()
            ) as progress,
            ProcessPoolExecutor(
                processes, initializer=_start, initargs=(self.demo, self.folder)
            ) as pool,
        ):
            # What fails without a mistake says nothing about one.
            tested = set().union(*(self.asked[mutant.id] for mutant in todo))
            failing = pool.submit(_tests_without_mistake, tested).result()
            assert not failing, f"These unit tests fail as the code is: {failing}"
            task = progress.add_task("unit tests", total=len(todo))
            jobs = {
                pool.submit(_unit_job, together, self.asked): together
                for together in rounds(todo, self.asked, self.reached)
            }
            left = []
            for job in as_completed(jobs):
                for mutant in jobs[job]:
                    tests = job.result()[mutant.id]
                    killers = [name for name, status in tests.items() if status == "fail"]
                    if killers:
                        self._keep(mutant.id, "unit", killers)
                    elif tests:
                        self._keep(mutant.id, "error", tests)
                    else:
                        left.append(mutant)
                        progress.console.print(f"no unit test notices {mutant.id}")
                progress.advance(task, len(jobs[job]))
            if not with_data_tests:
                return
            task = progress.add_task("data tests", total=len(left))
            jobs = {pool.submit(_data_job, each, self.reached[each.id]): each for each in left}
            for job in as_completed(jobs):
                mutant, tests = jobs[job], job.result()
                killers = [name for name, status in tests.items() if status == "fail"]
                kind = "data" if killers else "error" if tests else "none"
                self._keep(mutant.id, kind, killers or tests)
                progress.console.print(f"{mutant.id}: {kind} {', '.join(killers or tests)}")
                progress.advance(task)


_demo, _folder = Path(), Path()


def _start(demo: Path, folder: Path) -> None:
    global _demo, _folder
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # dbt prints every row that differs
    dbt_project.shared_folder = folder / "manifests"
    _demo, _folder = demo, Path(tempfile.mkdtemp(dir=folder))
    shutil.copy(demo, _folder / "built.duckdb")


def _tests_without_mistake(models: set[str]) -> dict[tuple[str, str], str]:
    manifest = manifest_of({}, _folder / "built.duckdb")
    assert isinstance(manifest, Manifest), manifest
    return _unit_tests(manifest, models, _folder / "built.duckdb")


def _unit_job(mutants: list[Mutant], asked: dict[str, set[str]]) -> dict[str, dict[str, str]]:
    return failing_unit_tests(mutants, asked, _folder / "built.duckdb")


def _data_job(mutant: Mutant, reached: set[str]) -> dict[str, str]:
    folder = Path(tempfile.mkdtemp(dir=_folder))
    try:
        return failing_data_tests(
            mutant, reached, Path(shutil.copy(_demo, folder / "built.duckdb"))
        )
    finally:
        shutil.rmtree(folder)


# The report

_INTRODUCTION = """# Mutants

Small mistakes that somebody could make, planted one at a time in the models and macros, and the test that notices
each. `make mutants` plants them and writes this page; a mistake that no test notices is a test that is missing.
How a mutant is written: [tests/mutants](../tests/mutants/README.md). CI runs a sample, and holds that each mutant still
applies to the code and that this page lists them all.
"""


def report(mutants: list[Mutant], found: dict[str, Found]) -> str:
    """docs/mutants.md: the mutants by room, and the test that notices each."""
    lines = [
        _INTRODUCTION,
        "| room | mutants | by a unit test | by a data test | equivalent | unnoticed |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    kinds = {
        m.id: "equivalent" if m.equivalent else found[m.id].kind if m.id in found else "none"
        for m in mutants
    }
    rows = [(title, [m for m in mutants if m.room == room]) for room, title in ROOMS.items()]
    for title, group in [*rows, ("**all**", mutants)]:
        count = [sum(kinds[m.id] == kind for m in group) for kind in ("unit", "data", "equivalent")]
        figures = [len(group), *count, len(group) - sum(count)]
        if group:
            lines.append(f"| {title} | {' | '.join(map(str, figures))} |")
    for title, group in rows:
        if group:
            lines += [
                "",
                f"## {title}",
                "",
                "| mutant | mistake | noticed by |",
                "| --- | --- | --- |",
            ]
            lines += [
                f"| `{m.id}` | {m.mistake} | {_noticed_by(m, found.get(m.id))} |" for m in group
            ]
    return "\n".join(lines) + "\n"


def _noticed_by(mutant: Mutant, found: Found | None) -> str:
    if mutant.equivalent:
        return f"equivalent: {mutant.equivalent}"
    if found is None or found.kind in ("none", "error"):
        return "**nobody**"
    more = f" (and {len(found.killers) - 1} more)" if len(found.killers) > 1 else ""
    return f"{'data test ' if found.kind == 'data' else ''}`{found.killers[0]}`{more}"


def reported() -> dict[str, tuple[str, str]]:
    """Mutant id -> the mistake, and who notices it, as docs/mutants.md has them."""
    text = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \| (.+) \|$", text, re.MULTILINE)
    return {id: (mistake, who) for id, mistake, who in rows}


def main() -> int:
    """Runs what the command line says; 1 where a mutant cannot be made, or nobody notices one."""
    parser = argparse.ArgumentParser(description="Plants the mutants of tests/mutants.")
    parser.add_argument("demo", type=Path, help="a built demo with the prediction; it is copied")
    parser.add_argument("rooms", nargs="*", help="only these, and no report is written")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--unit-tests-only", action="store_true", help="and no report is written")
    asked = parser.parse_args()
    mutants = [mutant for mutant in catalogue() if not asked.rooms or mutant.room in asked.rooms]
    faults = [fault(mutant) for mutant in mutants if fault(mutant)]
    if faults:
        print("\n".join(faults))
        return 1
    with tempfile.TemporaryDirectory(prefix="retention_ledger_mutants_") as folder:
        dbt_project.shared_folder = Path(folder) / "manifests"
        runner = Runner(mutants, asked.demo, Path(folder))
        runner.run(asked.processes, with_data_tests=not asked.unit_tests_only)
    if not asked.rooms and not asked.unit_tests_only:
        REPORT.write_text(report(mutants, runner.found), encoding="utf-8")
        print("Models without a mutant:", ", ".join(runner.untouched()) or "none")
    unnoticed = 0
    for mutant in mutants:
        found = runner.found.get(mutant.id)
        if not mutant.equivalent and (found is None or found.kind in ("none", "error")):
            unnoticed += 1
            print(
                f"Nobody notices {mutant.id}: {mutant.mistake}", *(found.killers if found else [])
            )
    print(f"{len(mutants)} mutants, {unnoticed} unnoticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
