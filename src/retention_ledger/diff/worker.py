"""One build in a process of its own: `python -m retention_ledger.diff.worker`, with an `Order` as JSON on standard input.

It writes a JSON object per line: {"total": 170} once, {"done": 1} and so on, and at last {"database": "..."} or
{"stopped": "why"}. Two such processes may run at once, with projects of two revisions.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retention_ledger.cli.dbt import Dbt, failure
from retention_ledger.cli.project import database_of, find_project
from retention_ledger.errors import Stop

#: Tables, and no tests: whether they pass says the build of the pull request.
WITHOUT_TESTS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
#: What there is to build, for the progress.
BUILT = {"model", "seed", "snapshot"}


@dataclass(frozen=True)
class Order:
    """What is built: a project with settings, into the DuckDB file `database` as the profile names it, in `folder`.

    A `database` that is there is built over.
    """

    project_dir: str
    profiles_dir: str | None
    target: str | None
    settings: dict[str, Any]
    folder: str
    database: str | None = None
    needs_packages: bool = False
    threads: int | None = None

    def to_json(self) -> str:
        """What the process reads."""
        return json.dumps(asdict(self), default=str)


def tell(**what: Any) -> None:
    """One line for the process that waits."""
    sys.__stdout__.write(json.dumps(what) + "\n")
    sys.__stdout__.flush()


def fetch_packages(order: Order) -> None:
    """`dbt deps`, for a checked-out project whose packages are not installed."""
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", order.project_dir, "--quiet"]
    if order.profiles_dir:
        options += ["--profiles-dir", order.profiles_dir]
    done = dbtRunner().invoke(["deps", *options])
    if not done.success:
        said = " ".join(str(done.exception or "dbt gives no reason").split())
        raise Stop(f"Its packages could not be fetched (`dbt deps`): {said}")


def build(order: Order) -> Path:
    """The database that was built; Stop with what dbt says."""
    folder = Path(order.folder)
    os.environ["RETENTION_LEDGER_DB"] = order.database or str(folder / "warehouse.duckdb")
    os.environ["DBT_LOG_PATH"] = str(folder / "logs")
    if order.needs_packages:
        fetch_packages(order)
    profiles = Path(order.profiles_dir) if order.profiles_dir else None
    project = find_project(Path(order.project_dir), profiles, order.target)
    named = database_of(project)
    if not isinstance(named, Path):
        raise Stop(
            "A diff builds into DuckDB files, and the profile of this project names another kind of warehouse: compare builds "
            "that are there, as in `retention-ledger diff target:NAME other.duckdb`, or leave `--target` out."
        )
    file = Path(order.database) if order.database else folder / named.name
    if named.name != file.name:
        raise Stop(
            f"The profile calls its database {named.name}, and this one is {file.name}: views inside remember the name. "
            "Name a copy of it as the profile does."
        )
    dbt = Dbt(project, order.settings, candidate=file)
    apart = [
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "logs"),
        "--no-write-json",
    ]
    run = dbt.run

    def run_apart(verb: str, *options: str, **others: Any) -> Any:
        return run(verb, *options, *apart, **others)

    dbt.run = run_apart  # type: ignore[method-assign]
    dbt.read()
    nodes = {
        name
        for name, node in dbt.manifest.nodes.items()
        if str(node.resource_type) in BUILT and node.config.materialized != "ephemeral"
    }
    tell(total=len(nodes))
    done = set[str]()

    def heard(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.unique_id in nodes - done:
            done.add(event.data.node_info.unique_id)
            tell(done=len(done))

    threads = ["--threads", str(order.threads)] if order.threads else []
    outcome = dbt.run("build", *WITHOUT_TESTS, *threads, listen=heard)
    if not outcome.passed:
        raise Stop(failure(outcome, project))
    return file


def main() -> int:
    """Builds what standard input asks for."""
    order = Order(**json.loads(sys.stdin.read()))
    try:
        tell(database=str(build(order)))
    except KeyboardInterrupt:
        return 1
    except Stop as stop:
        # The log goes with the folder, and the project may have been checked out for this.
        lines = [line for line in str(stop).splitlines() if not line.startswith("dbt's log is ")]
        tell(stopped="\n".join(lines).replace(f"{order.project_dir}/", ""))
        return 1
    except Exception as error:
        tell(
            stopped=f"This should not have happened ({type(error).__name__}: {' '.join(str(error).split())})."
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
