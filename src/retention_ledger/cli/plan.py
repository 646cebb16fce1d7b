"""What a build would do, and how long it would take by what the last one took."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retention_ledger.cli.headline import table
from retention_ledger.cli.progress import stages_of
from retention_ledger.cli.project import Project
from retention_ledger.database import Place, opened
from retention_ledger.errors import Stop
from retention_ledger.server import Server

#: Beside what dbt has compiled: a lost file costs an estimate.
FILE = "durations.json"
AROUND = "reading, prediction"
NOTHING_SELECTED = "Nothing is selected: `--select` names no model, seed or test of the project."


@dataclass
class Durations:
    """How long the last whole build of a database took.

    ``nodes`` has the seconds of each node, of which some ran at a time; ``whole`` the seconds that passed.
    """

    whole: float = 0.0
    running: float = 0.0
    ended: str = ""
    nodes: dict[str, float] = field(default_factory=dict)

    def of(self, names: Iterable[str]) -> float:
        """The seconds that pass while these nodes run, beside others or not."""
        seconds = sum(self.nodes.get(name, 0.0) for name in names)
        return seconds * self.running / sum(self.nodes.values()) if seconds else 0.0

    def around(self) -> float:
        """The seconds beside the nodes: reading the project, the prediction, the expectations."""
        return max(0.0, self.whole - self.running)


def place_of(project: Project, database: Place | None) -> str:
    """What a build is remembered by."""
    return str(database.absolute() if isinstance(database, Path) else database or project.target)


def last_durations(project: Project, database: Place | None) -> Durations:
    """Those of the last build; none where none is remembered."""
    try:
        held = json.loads((project.target_folder / FILE).read_text(encoding="utf-8"))
        return Durations(**held[place_of(project, database)])
    except (OSError, ValueError, KeyError, TypeError):
        return Durations()


def remember_durations(
    project: Project, database: Place | None, whole: float, running: float, results: Iterable[Any]
) -> None:
    """Keeps what a build took, for the next plan; where nothing can be written nothing is kept."""
    file = project.target_folder / FILE
    taken = Durations(
        round(whole, 2), round(running, 2), datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        {result.node.unique_id: round(result.execution_time, 3) for result in results},
    )  # fmt: skip
    try:
        held = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        held[place_of(project, database)] = asdict(taken)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(held), encoding="utf-8")
    except (OSError, ValueError, TypeError):
        return


def rows_of(database: Place | None, nodes: list[Any]) -> dict[str, int]:
    """The rows that the tables of these nodes have now: id of the node -> rows. Views are not counted."""
    if database is None or (isinstance(database, Path) and not database.exists()):
        return {}
    try:
        with opened(database) as connection:
            there = set(
                connection.execute(
                    "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
                ).fetchall()
            )
            return {
                node.unique_id: connection.execute(
                    f'select count(*) from "{node.schema}"."{node.alias}"'
                ).fetchall()[0][0]
                for node in nodes
                if (node.schema, getattr(node, "alias", None)) in there
            }
    except Stop:
        if isinstance(database, Server):
            return {}
        raise


def in_words(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 0.95:
        return "under 1 s"
    return (
        f"{seconds:.0f} s" if seconds < 100 else f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
    )


def plan(project: Project, database: Place | None, nodes: list[Any], is_whole: bool) -> list[Any]:
    """Lines and a table: per stage what would be made, its rows as they are now, and the seconds it took."""
    if not nodes:
        raise Stop(NOTHING_SELECTED)
    took, rows = last_durations(project, database), rows_of(database, nodes)
    lines, total = [], 0.0
    for stage, there in stages_of(nodes, project.rooms()).items():
        kinds = [
            "test"
            if str(node.resource_type) == "test"
            else "view"
            if getattr(node.config, "materialized", "") == "view"
            else "table"
            for node in there
        ]
        seconds = took.of(node.unique_id for node in there)
        total += seconds
        counted = [rows[node.unique_id] for node in there if node.unique_id in rows]
        lines.append(
            (
                stage,
                *(str(kinds.count(kind) or "-") for kind in ("table", "view", "test")),
                f"{sum(counted):,}" if counted else "-",
                in_words(seconds) if seconds else "-",
            )
        )
    if is_whole and took.around():
        total += took.around()
        lines.append((AROUND, "-", "-", "-", "-", in_words(took.around())))
    by_what = (
        f"About {in_words(total)}: as long as it took the last time here ({took.ended})."
        if total
        else "How long it takes cannot be said: no whole build into this database is remembered here."
    )
    known = f"Rows are those that {database} has now." if rows else f"{database} has no rows yet."
    return [
        table(("stage", "tables", "views", "data tests", "rows", "about"), lines, 1),
        "",
        by_what,
        known,
        "Nothing was built.",
    ]
