"""The builds of a diff, each in a process of its own, with their progress on standard error."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock, Thread

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from retention_ledger.diff.worker import Order
from retention_ledger.errors import Stop


class Shown:
    """How far the builds are: a bar each on a terminal, elsewhere a line at their begin and end."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.lock = Lock()
        self.began = time.perf_counter()
        self.totals: dict[str, int] = {}
        self.tasks: dict[str, object] = {}
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=out
        )  # fmt: skip

    def __enter__(self) -> "Shown":
        if self.out.is_terminal:
            self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.out.is_terminal:
            self.bars.stop()

    def begin(self, name: str) -> None:
        """A build began."""
        if self.out.is_terminal:
            self.tasks[name] = self.bars.add_task(f"Building {name}", total=None)
        else:
            self.out.print(f"Building {name} ...", markup=False, soft_wrap=True)

    def hear(self, name: str, said: dict) -> None:
        """A line of a build's process."""
        with self.lock:
            self.totals[name] = said.get("total", self.totals.get(name, 0))
            if name in self.tasks:
                self.bars.update(
                    self.tasks[name], total=self.totals[name] or None, completed=said.get("done")
                )
            elif "database" in said:
                seconds = time.perf_counter() - self.began
                self.out.print(
                    f"{name}: {self.totals[name]} tables and views in {seconds:.0f} s.", markup=False, soft_wrap=True
                )  # fmt: skip


@contextlib.contextmanager
def ended(processes: list[subprocess.Popen[str]]) -> Iterator[None]:
    """Ends the processes that are left, however the block is left."""
    try:
        yield
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_builds(out: Console, orders: dict[str, Order]) -> dict[str, Path]:
    """Name -> the database that was built, of builds that run side by side; Stop with the first that fails."""
    processes: dict[str, subprocess.Popen[str]] = {}
    last: dict[str, dict] = {}

    def follow(name: str, shown: Shown) -> None:
        for line in processes[name].stdout or ():
            with contextlib.suppress(ValueError):
                last[name] = json.loads(line)
                shown.hear(name, last[name])

    with Shown(out) as shown, contextlib.ExitStack() as stack:
        started: list[subprocess.Popen[str]] = []
        stack.enter_context(ended(started))
        threads = []
        for name, order in orders.items():
            Path(order.folder).mkdir(parents=True, exist_ok=True)
            shown.begin(name)
            # What a process says beside that is dbt's, and kept with its log.
            with (Path(order.folder) / "stderr.txt").open("w") as errors:
                processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "retention_ledger.diff.worker"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                )  # fmt: skip
            started.append(processes[name])
            with contextlib.suppress(BrokenPipeError):
                processes[name].stdin.write(order.to_json())
                processes[name].stdin.close()
            threads.append(Thread(target=follow, args=(name, shown), daemon=True))
            threads[-1].start()
        left = dict(processes)
        while left:
            for name, process in list(left.items()):
                if process.poll() is not None:
                    del left[name]
                    if process.returncode:
                        [thread.join(5) for thread in threads[list(processes).index(name) :][:1]]
                        said = (Path(orders[name].folder) / "stderr.txt").read_text(
                            errors="replace"
                        )
                        why = (
                            last.get(name, {}).get("stopped")
                            or " ".join(said.split()[-60:])
                            or "it says nothing"
                        )
                        raise Stop(f"{name} could not be built.\n{why}")
            time.sleep(0.05)
        for thread in threads:
            thread.join()
    return {name: Path(last[name]["database"]) for name in orders}
