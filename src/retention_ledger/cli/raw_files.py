"""The raw files of a build: whether they stayed as they were while it read them."""

import contextlib
import glob
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retention_ledger.cli.project import NAME, Project, project_file
from retention_ledger.errors import Refused, Stop

Seen = dict[str, tuple[int, int, int]]


def patterns(settings: dict[str, Any], project: Project) -> list[str]:
    """The paths of the raw files that the settings name, with wildcards where a setting has some."""
    given = project_file(project.folder).get("vars") or {}
    known = {**given, **(given.get(NAME) or {}), **settings}
    files = known.get("raw_files")
    tables = known.get("raw_tables") or []
    queries = known.get("raw_queries") or {}
    asked = {*tables, *re.findall(r"\{(\w+)\}", " ".join(map(str, queries.values())))}
    if isinstance(files, dict):
        listed = list(files.values())
    elif isinstance(files, str):
        listed = [files.replace("{name}", name) for name in sorted(asked) or ["*"]]
    else:
        listed = []
    paths = [path for each in listed for path in (each if isinstance(each, list) else [each])]
    return [path for path in paths if isinstance(path, str) and "://" not in path]


def seen(paths: list[str], folder: Path) -> Seen:
    """What is there now: path -> what changes when a file is replaced or written to."""
    found = {}
    for pattern in paths:
        for path in glob.glob(str(folder / pattern), recursive=True):
            with contextlib.suppress(OSError):
                state = Path(path).stat()
                found[path] = (state.st_ino, state.st_size, state.st_mtime_ns)
    return found


def changes(before: Seen, after: Seen) -> str:
    """A sentence for the first files that are not what they were; empty where all are."""
    said = [
        f"{path} {'was written to' if path in before and path in after else 'vanished' if path in before else 'came'}"
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]
    more = f", and {len(said) - 3} more" if len(said) > 3 else ""
    return (
        f"The raw file {'; '.join(said[:3])}{more} while the build read it: "
        "build again when the files are complete."
        if said
        else ""
    )


@contextlib.contextmanager
def unchanged_files(settings: dict[str, Any], project: Project) -> Iterator[None]:
    """Stop where a raw file changes meanwhile: what was read of it before and after would be of two exports.

    A change is also the likely reason of another Stop inside, and said before it.
    """
    named = patterns(settings, project)
    folder = project.folder if project.folder != project.ours else Path.cwd()
    before = seen(named, folder)
    try:
        yield
    except Refused:
        raise
    except Stop as stop:
        said = changes(before, seen(named, folder))
        raise Stop(f"{said}\n{stop}") if said else stop from stop
    if said := changes(before, seen(named, folder)):
        raise Stop(said)
