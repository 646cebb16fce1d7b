"""How far a build is: a bar per stage on a terminal, a line per finished stage elsewhere."""

import sys
from collections.abc import Iterable
from threading import Lock
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

RAW = "raw data, staging"
OTHERS = "other models"
TESTS = "data tests"


def console() -> Console:
    """Standard output: as wide as the terminal; elsewhere without colours, and lines are not folded."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(
        file=sys.stdout, force_terminal=False, no_color=True, color_system=None, width=10_000,
        highlight=False,
    )  # fmt: skip


def stage_of(node: Any) -> str:
    """The stage that a node belongs to: raw data and staging, a room of the marts, or the tests."""
    if str(node.resource_type) == "test":
        return TESTS
    if node.package_name != "retention_ledger":
        return OTHERS
    folders = list(node.fqn[1:])
    return folders[1].replace("_", " ") if folders[:1] == ["marts"] and len(folders) > 2 else RAW


class Stages:
    """The stages of a build, fed with dbt's events."""

    def __init__(self, out: Console, nodes: Iterable[Any], rooms: list[str]) -> None:
        self.out = out
        self.lock = Lock()
        self.waiting: dict[str, set[str]] = {}
        self.failed: dict[str, int] = {}
        self.stage = {node.unique_id: stage_of(node) for node in nodes}
        order = [OTHERS, RAW, *(room.replace("_", " ") for room in rooms)]
        found = set(self.stage.values())
        rest = sorted(found - {*order, TESTS})
        for name in [*(name for name in order if name in found), *rest, *({TESTS} & found)]:
            self.waiting[name] = {key for key, stage in self.stage.items() if stage == name}
        self.total = {name: len(keys) for name, keys in self.waiting.items()}
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=out, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> "Stages":
        if self.out.is_terminal:
            for name, total in self.total.items():
                self.tasks[name] = self.bars.add_task(name, total=total, start=False)
            self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.out.is_terminal:
            self.bars.stop()

    def __call__(self, event: Any) -> None:
        """Takes one event of dbt."""
        name = event.info.name
        if name not in ("NodeStart", "NodeFinished", "SkippingDetails", "LogSkipBecauseError"):
            return
        info = event.data.node_info
        stage = self.stage.get(info.unique_id)
        if stage is None:
            return
        with self.lock:
            if name == "NodeStart":
                if stage in self.tasks:
                    self.bars.start_task(self.tasks[stage])
            elif info.unique_id in self.waiting[stage]:
                self.waiting[stage].discard(info.unique_id)
                if info.node_status in ("error", "fail", "skipped", "runtime error"):
                    self.failed[stage] = self.failed.get(stage, 0) + 1
                self.advanced(stage)

    def advanced(self, stage: str) -> None:
        """Shows that a node of a stage is done."""
        left, total = len(self.waiting[stage]), self.total[stage]
        if stage in self.tasks:
            self.bars.update(self.tasks[stage], completed=total - left)
            if not left:
                self.bars.stop_task(self.tasks[stage])
        elif not left:
            failed = self.failed.get(stage, 0)
            self.out.print(
                f"{stage:<20}{total - failed:>5} of {total}", soft_wrap=True, markup=False
            )
