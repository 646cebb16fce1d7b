"""How far a build is: a bar per stage on a terminal, a line per finished stage elsewhere."""

import sys
from collections.abc import Callable, Iterable
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


def stages_of(nodes: Iterable[Any], rooms: list[str]) -> dict[str, list[Any]]:
    """The nodes of each stage, in the order in which the stages are shown."""
    found: dict[str, list[Any]] = {}
    for node in nodes:
        found.setdefault(stage_of(node), []).append(node)
    order = [OTHERS, RAW, *(room.replace("_", " ") for room in rooms)]
    rest = sorted({*found} - {*order, TESTS})
    names = [*(name for name in order if name in found), *rest, *({TESTS} & {*found})]
    return {name: found[name] for name in names}


class Stages:
    """The stages of a build, fed with dbt's events.

    ``seconds`` says how long nodes take, by what they took; nothing is said of what is left where it is not known.
    """

    def __init__(
        self,
        out: Console,
        nodes: Iterable[Any],
        rooms: list[str],
        seconds: Callable[[Iterable[str]], float] = lambda names: 0.0,
    ) -> None:
        self.out = out
        self.lock = Lock()
        self.seconds = seconds
        self.failed: dict[str, int] = {}
        stages = stages_of(nodes, rooms)
        self.waiting = {name: {node.unique_id for node in found} for name, found in stages.items()}
        self.stage = {key: name for name, keys in self.waiting.items() for key in keys}
        self.total = {name: len(keys) for name, keys in self.waiting.items()}
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"), console=out, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> "Stages":
        if self.out.is_terminal:
            for name, total in self.total.items():
                self.tasks[name] = self.bars.add_task(
                    name, total=total, start=False, left=self.left(name)
                )
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

    def left(self, stage: str) -> str:
        """How long the nodes of a stage that wait may still take."""
        seconds = self.seconds(self.waiting[stage])
        return f"about {seconds:.0f} s left" if seconds >= 0.5 else ""

    def advanced(self, stage: str) -> None:
        """Shows that a node of a stage is done."""
        left, total = len(self.waiting[stage]), self.total[stage]
        if stage in self.tasks:
            self.bars.update(self.tasks[stage], completed=total - left, left=self.left(stage))
            if not left:
                self.bars.stop_task(self.tasks[stage])
        elif not left:
            failed = self.failed.get(stage, 0)
            self.out.print(
                f"{stage:<20}{total - failed:>5} of {total}", soft_wrap=True, markup=False
            )
