"""BASE and HEAD: revisions of the repository, folders of a project, or databases that were built."""

import contextlib
import dataclasses
import difflib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from retention_ledger.cli.project import Project, database_of, find_project, project_file
from retention_ledger.cli.settings import as_vars, from_folder, read_settings
from retention_ledger.database import Place as Database
from retention_ledger.database import opened, own_schemas, schemas_with_builds
from retention_ledger.errors import Stop
from retention_ledger.server import Server

#: What dbt fetches packages by.
PACKAGE_FILES = ("packages.yml", "dependencies.yml", "package-lock.yml")
#: How a side begins that is the build of a target of the profile.
TARGET = "target:"


@dataclass(frozen=True)
class Side:
    """One of the two that are compared.

    ``said`` is how it is called in what is written about it. A ``database`` is looked at as it is; else the
    ``project`` is built with ``settings``, after `dbt deps` where it ``needs_packages``. ``notes`` are the folders
    that CHANGELOG and decisions are looked for in.
    """

    role: str
    said: str
    commit: str | None = None
    database: Database | None = None
    project: Project | None = None
    settings: dict[str, Any] | None = None
    needs_packages: bool = False
    notes: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Repository:
    """A git repository, by the folder at its top."""

    top: Path

    def git(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a git command at the top."""
        return subprocess.run(
            ["git", "-C", str(self.top), *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def commit(self, revision: str) -> str | None:
        """The full id of the commit that a revision names."""
        found = self.git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        return found.stdout.strip() or None

    def merge_base(self, one: str, other: str) -> str:
        """Where two commits parted; Stop where they never were together."""
        found = self.git("merge-base", one, other).stdout.strip()
        if not found:
            raise Stop(
                f"{one[:9]} and {other[:9]} have no commit in common{self.if_shallow()}: leave `--merge-base` out."
            )
        return found

    def if_shallow(self) -> str:
        """A hint where the clone has not the whole history, in brackets."""
        is_shallow = self.git("rev-parse", "--is-shallow-repository").stdout.strip() == "true"
        return (
            " (this clone is shallow: fetch the whole history, as with `fetch-depth: 0`)"
            if is_shallow
            else ""
        )

    def check_out(self, commit: str, folder: Path) -> Path:
        """Writes the files of a commit to a new folder. Of the repository nothing changes, not even its index."""
        index = {"GIT_INDEX_FILE": str(folder.with_name(folder.name + ".index"))}
        folder.mkdir(parents=True)
        for step in (
            ("read-tree", commit),
            ("checkout-index", "--all", "--quiet", f"--prefix={folder}/"),
        ):
            done = self.git(*step, **index)
            if done.returncode:
                said = " ".join(done.stderr.split())
                raise Stop(f"The files of {commit[:9]} could not be written to {folder}: {said}")
        return folder


def repository_of(folder: Path) -> Repository | None:
    """The repository that a folder belongs to."""
    if shutil.which("git") is None:
        return None
    found = Repository(folder).git("rev-parse", "--show-toplevel")
    return Repository(Path(found.stdout.strip())) if not found.returncode else None


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards, also when the command is broken off or told to end."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = None
    with contextlib.suppress(ValueError):  # not in the main thread
        before = signal.signal(signal.SIGTERM, end)
    try:
        with tempfile.TemporaryDirectory(prefix="retention_ledger_diff_") as folder:
            yield Path(folder).resolve()
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True)
class Asked:
    """What the command was asked to compare, and with what: its options of the same names."""

    base: str
    head: str | None
    settings: Path | None = None
    merge_base: bool = False
    project_dir: Path | None = None
    profiles_dir: Path | None = None
    target: str | None = None


@dataclass(frozen=True)
class Place:
    """Where the command was typed: the project as it is now, and the repository whose revisions are meant.

    Where the project lies outside (the one that is installed), it is the same on both sides, and the settings differ.
    """

    asked: Asked
    project: Project
    repository: Repository | None

    @property
    def inside(self) -> Path | None:
        """The folder of the project within the repository."""
        if self.repository and self.project.folder.resolve().is_relative_to(self.repository.top):
            return self.project.folder.resolve().relative_to(self.repository.top)
        return None

    def commit(self, role: str, revision: str) -> str:
        """The commit that a text names; Stop where it names nothing."""
        if self.repository is None:
            raise Stop(
                f"{role} is {revision!r}, and there is no such file or folder. For a revision there has to be a git "
                f"repository, and {Path.cwd()} is in none."
            )
        found = self.repository.commit(revision)
        if found is None:
            names = self.repository.git("for-each-ref", "--format=%(refname:short)").stdout.split()
            near = difflib.get_close_matches(revision, names, 1, 0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise Stop(
                f"{role} is {revision!r}, which is no revision of the repository {self.repository.top}"
                f"{self.repository.if_shallow()}, and no folder or database.{hint}"
            )
        return found

    def side(self, role: str, text: str | None, commit: str | None, folder: Path) -> Side:
        """One side; of a commit the files are written to `folder`."""
        if commit is not None:
            assert self.repository is not None
            top = self.repository.check_out(commit, folder)
            said = (
                commit[:9] if text is None or commit.startswith(text) else f"{text} ({commit[:9]})"
            )
            if self.inside is None:
                return self._built(role, said, commit, self.project, top, top)
            project = top / self.inside
            if not (project / "dbt_project.yml").is_file():
                raise Stop(f"{role} ({said}) has no dbt project in {self.inside}.")
            needs_packages = self._fetch_packages(project)
            found = Project(project, project, None, None)
            if not needs_packages:
                found = self._find(project)
            return self._built(role, said, commit, found, top, top, needs_packages)
        if text is not None and is_target(text):
            return Side(role, text, database=self.built_by(role, text.removeprefix(TARGET)))
        path = Path(text) if text is not None else self.project.folder
        if path.is_file():
            return Side(role, path.name, database=path)
        if text is not None and not (path / "dbt_project.yml").is_file():
            raise Stop(f"{role} is the folder {path}, and there is no dbt project in it.")
        project = self.project if text is None else self._find(path)
        repository = self.repository if text is None else repository_of(project.folder)
        top = repository.top if repository else project.folder
        return self._built(
            role, "the working folder" if text is None else str(path), None, project, top, None
        )

    def built_by(self, role: str, text: str) -> Database:
        """The database of a target, written `NAME` or, for another schema of the server, `NAME:SCHEMA`."""
        name, _, schema = text.partition(":")
        found = database_of(dataclasses.replace(self.project, target=name))
        if found is None:
            raise Stop(
                f"{role} is the target {name}, which names another warehouse than DuckDB or PostgreSQL: these can be compared."
            )
        if schema and not isinstance(found, Server):
            raise Stop(f"{role} is the target {name}, a DuckDB file: write `{TARGET}{name}`.")
        if schema:
            found = dataclasses.replace(found, schema=schema)
            with opened(found) as connection:
                there = schemas_with_builds(connection)
            if not own_schemas(there, found):
                raise Stop(
                    f"{role} is {TARGET}{text}, and no build in {found} has schemas that begin with {schema}_. The helpers of "
                    f"those that are there are in: {', '.join(there) or 'none'}."
                )
        return found

    def _find(self, folder: Path) -> Project:
        return find_project(folder, self.asked.profiles_dir, self.asked.target)

    def _built(
        self, role: str, said: str, commit: str | None, project: Project, top: Path, checked_out: Path | None,
        needs_packages: bool = False,
    ) -> Side:  # fmt: skip
        settings = self._settings(role, said, project, checked_out)
        notes = tuple(dict.fromkeys([top, project.folder]))
        return Side(role, said, commit, None, project, settings, needs_packages, notes)

    def _settings(self, role: str, said: str, project: Project, top: Path | None) -> dict[str, Any]:
        """The settings of `--settings`: of a file in the repository, those that it has at the revision. The data is
        where the file is now, because data is hardly ever in a repository."""
        file = self.asked.settings
        if file is None:
            return {}
        known = project.settings() | self.project.settings()
        if top is None or self.repository is None:
            return as_vars(read_settings(file, known))
        here = file.absolute().resolve()
        if not here.is_relative_to(self.repository.top):
            return as_vars(read_settings(file, known))
        then = top / here.relative_to(self.repository.top)
        if not then.is_file():
            raise Stop(f"{role} ({said}) has no settings file {file}.")
        found = read_settings(then, known)
        if "raw_files" in found:
            raw = yaml.safe_load(then.read_text(encoding="utf-8-sig"))["raw_files"]
            found["raw_files"] = from_folder(raw, here.parent)
        return as_vars(found)

    def _fetch_packages(self, folder: Path) -> bool:
        """Puts the packages of a checked-out project in place where they are those that are installed now; else they
        have to be fetched, which is what is returned."""
        declared = [folder / name for name in PACKAGE_FILES if (folder / name).is_file()]
        listed = [package for file in declared for package in packages_in(file)]
        if not listed:
            return False
        name = str(project_file(folder).get("packages-install-path") or "dbt_packages")
        installed = self.project.folder / name
        is_within = any(
            (folder / str(each.get("local"))).exists() for each in listed if "local" in each
        )
        is_same = all(
            (self.project.folder / file).is_file() == (folder / file).is_file()
            and (not (folder / file).is_file() or (folder / file).read_bytes() == (self.project.folder / file).read_bytes())
            for file in PACKAGE_FILES
        )  # fmt: skip
        if is_within or not is_same or not installed.is_dir():
            return True
        if not (folder / name).exists():
            (folder / name).symlink_to(installed.resolve(), target_is_directory=True)
        return False


def packages_in(file: Path) -> list[dict[str, Any]]:
    """The packages that a file declares."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    listed = found.get("packages") if isinstance(found, dict) else None
    return [each for each in listed or [] if isinstance(each, dict)]


def is_target(text: str) -> bool:
    """Whether a text names the build of a target, and no file of that name."""
    return text.startswith(TARGET) and not Path(text).exists()


def find_place(asked: Asked) -> Place:
    """The project and the repository that a command means."""
    project = find_project(asked.project_dir, asked.profiles_dir, asked.target)
    here = repository_of(project.folder if asked.project_dir else Path.cwd())
    return Place(asked, project, here)


def find_sides(place: Place, work: Path) -> tuple[Side, Side]:
    """BASE and HEAD, checked out where they are revisions. A file or a folder goes before a revision of its name."""
    texts = {"BASE": place.asked.base, "HEAD": place.asked.head}
    commits: dict[str, str | None] = {}
    for role, text in texts.items():
        is_path = text is None or Path(text).exists() or text.endswith(".duckdb")
        is_named = is_path or is_target(text)
        commits[role] = None if is_named else place.commit(role, text)
        if is_path and text is not None and not Path(text).exists():
            raise Stop(f"{role} is {text}, and there is no such database.")
    if place.asked.merge_base:
        base, head = commits["BASE"], commits["HEAD"]
        if base is None or (head is None and texts["HEAD"] is not None):
            raise Stop("`--merge-base` is for two revisions, or one and the working folder.")
        assert place.repository is not None
        head = head or place.commit("HEAD", "HEAD")
        commits["BASE"] = place.repository.merge_base(base, head)
    base, head = (
        place.side(role, text, commits[role], work / role.lower() / "files")
        for role, text in texts.items()
    )
    return base, head


def reads_the_same(base: Side, head: Side) -> bool:
    """Whether dbt would read the same files with the same settings on both sides, so that nothing can differ."""
    if base.project is None or head.project is None or base.settings != head.settings:
        return False
    if base.commit is not None and base.commit == head.commit:
        return True
    if base.needs_packages or head.needs_packages:
        return False
    # The package of a host project is the installed one, of both or of neither.
    is_host = base.project.ours != base.project.folder
    if is_host and base.project.ours.resolve() != head.project.ours.resolve():
        return False
    return not files_that_differ(base, head)


def files_that_differ(base: Side, head: Side) -> tuple[str, ...]:
    """The files of both projects that dbt reads, and that differ; none where a side is a database."""
    if base.project is None or head.project is None:
        return ()
    old, new = (files_read(side.project.folder) for side in (base, head))
    return tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))


def seeds_among(files: tuple[str, ...], base: Side) -> list[str]:
    """Those of the files that differ that are seeds of BASE. One that is new is read by nothing that was there."""
    if base.project is None:
        return []
    folders = project_file(base.project.folder).get("seed-paths") or ["seeds"]
    return [
        name
        for name in files
        if name.endswith(".csv") and Path(name).parts[0] in folders and (base.project.folder / name).exists()
    ]  # fmt: skip


def defines_metrics(files: tuple[str, ...], head: Side) -> bool:
    """Whether one of the files that differ may define metrics: a macro, or which packages there are. Packages that were
    fetched for a side may be others, too."""
    if head.needs_packages:
        return True
    described = project_file(head.project.folder) if head.project else {}
    folders = described.get("macro-paths") or ["macros"]
    return any(name in PACKAGE_FILES or Path(name).parts[0] in folders for name in files)


def files_read(folder: Path) -> dict[str, bytes]:
    """What dbt reads of a project's folder, without its tests: path -> content."""
    described = project_file(folder)
    kinds = {"model": "models", "seed": "seeds", "macro": "macros", "snapshot": "snapshots"}
    names = [
        name
        for kind, default in kinds.items()
        for name in described.get(f"{kind}-paths") or [default]
    ]
    files = [folder / name for name in ("dbt_project.yml", *PACKAGE_FILES)]
    for name in names:
        files += (folder / name).rglob("*")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.is_file()}
