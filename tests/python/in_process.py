"""The command `retention-ledger` inside the test process: what dbt has read for the tests it does not read again.

It does all that the command does. What this cannot show (a process of its own, a terminal, signals) is shown by the tests
that start one: `test_cli.py` builds its shop so.
"""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from dbt.contracts.graph.manifest import Manifest
from dbt_project import ROOT, manifest_of

from retention_ledger.cli import main
from retention_ledger.cli.dbt import Dbt

_read = Dbt.read


def read_once(self: Dbt) -> None:
    """As dbt reads the project, but for what another test has read in the same shape."""
    found = None
    if self.project.folder == ROOT:
        found = manifest_of(self.settings, Path(os.environ["RETENTION_LEDGER_DB"]))
    if isinstance(found, Manifest):
        self.manifest = found
    else:
        _read(self)


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


def command(
    *arguments: object, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder, as a script would: not on a terminal."""
    given = ["retention-ledger", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    variables = {
        name: value for name, value in os.environ.items() if name != "RETENTION_LEDGER_DB"
    } | {
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        **environment,
    }
    with (
        mock.patch.dict(os.environ, variables, clear=True),
        mock.patch.object(sys, "argv", given),
        mock.patch.object(Dbt, "read", read_once),
        _in(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = main()
        except SystemExit as end:
            code = end.code or 0
    return subprocess.CompletedProcess(given, code, out.getvalue(), err.getvalue())
