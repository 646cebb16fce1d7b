"""Which dbt project a command works on, and which database its profile names."""

import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from retention_ledger.database import Place
from retention_ledger.errors import Stop
from retention_ledger.server import Server

NAME = "retention_ledger"


def carried() -> Path:
    """The dbt project of this installation: inside the package, or around the sources."""
    inside = Path(__file__).resolve().parents[1] / "project"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3]


def project_file(folder: Path) -> dict:
    """The dbt_project.yml of a folder; empty where there is none that can be read."""
    try:
        found = yaml.safe_load((folder / "dbt_project.yml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Project:
    """A dbt project that is this one or has it installed as a package."""

    folder: Path
    ours: Path  # where this one's own dbt_project.yml is
    profiles: Path | None
    target: str | None

    @property
    def is_carried(self) -> bool:
        """Whether it lies inside the installed package, where nothing should be written."""
        return self.folder.name == "project" and self.folder == carried()

    @property
    def logs(self) -> Path:
        """Where dbt's log goes."""
        folder = os.environ.get("DBT_LOG_PATH") or "logs"
        return (Path.cwd() if self.is_carried else self.folder) / folder

    @property
    def target_folder(self) -> Path:
        """Where dbt writes what it has compiled, and its documentation."""
        folder = os.environ.get("DBT_TARGET_PATH") or "target"
        return (Path.cwd() if self.is_carried else self.folder) / folder

    def arguments(self) -> list[str]:
        """What every dbt command is told."""
        told = ["--project-dir", str(self.folder)]
        if self.profiles:
            told += ["--profiles-dir", str(self.profiles)]
        if self.target:
            told += ["--target", self.target]
        if self.is_carried:
            told += ["--target-path", str(self.target_folder), "--log-path", str(self.logs)]
        return told

    def settings(self) -> set[str]:
        """The names of the settings that a file may hold."""
        names = set(project_file(self.ours).get("vars") or {})
        for name, value in (project_file(self.folder).get("vars") or {}).items():
            names |= {name} if name != NAME else set(value or {})
        return names - {NAME, "replace_data"}

    def rooms(self) -> list[str]:
        """The rooms of the marts in the order in which data flows."""
        marts = project_file(self.ours).get("models", {}).get(NAME, {}).get("marts", {})
        return [name for name in marts if not name.startswith("+")]


def installed_in(folder: Path) -> Path | None:
    """Where this project is seen from a folder: itself, or one of its packages; None where not."""
    here = project_file(folder)
    if here.get("name") == NAME:
        return folder
    packages = folder / str(here.get("packages-install-path") or "dbt_packages")
    found = [path.parent for path in sorted(packages.glob("*/dbt_project.yml"))] if here else []
    return next((path for path in found if project_file(path).get("name") == NAME), None)


def find_project(
    project_dir: Path | None = None, profiles_dir: Path | None = None, target: str | None = None
) -> Project:
    """The project named, or the nearest one from here up, or the one this package carries."""
    if project_dir is not None:
        folder = project_dir.absolute()
        if not (folder / "dbt_project.yml").is_file():
            raise Stop(f"There is no dbt project in {folder}: the file dbt_project.yml is missing.")
        ours = installed_in(folder)
        if ours is None:
            raise Stop(
                f"The dbt project in {folder} does not have {NAME} installed: "
                "name it in packages.yml and run `dbt deps` there."
            )
    else:
        here = Path.cwd()
        seen = ((folder, installed_in(folder)) for folder in [here, *here.parents])
        folder, ours = next((pair for pair in seen if pair[1]), (carried(), carried()))
    if profiles_dir is not None and not (profiles_dir / "profiles.yml").is_file():
        raise Stop(f"There is no file profiles.yml in {profiles_dir.absolute()}.")
    if profiles_dir is None and not os.environ.get("DBT_PROFILES_DIR"):
        places = [folder, folder / "profiles"]
        profiles_dir = next((path for path in places if (path / "profiles.yml").is_file()), None)
    return Project(folder, ours, profiles_dir and profiles_dir.absolute(), target)


def credentials_of(project: Project) -> Any:
    """What the profile says of the target; Stop where it cannot be read."""
    from dbt.cli.resolvers import default_profiles_dir
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    profiles = project.profiles or os.environ.get("DBT_PROFILES_DIR") or default_profiles_dir()
    set_invocation_context(os.environ)
    set_from_args(Namespace(PROFILES_DIR=str(profiles), PROJECT_DIR=str(project.folder)), None)
    try:
        return load_profile(str(project.folder), {}, target_override=project.target).credentials
    except DbtBaseException as error:
        said = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise Stop(f"The dbt profile cannot be read: {said}") from error


def is_spark_session(project: Project) -> bool:
    """Whether the profile names a session of Spark in this process."""
    credentials = credentials_of(project)
    return credentials.type == "spark" and credentials.method == "session"


def database_of(project: Project) -> Place | None:
    """The DuckDB file or the server that the profile names; None where it names another kind of warehouse."""
    credentials = credentials_of(project)
    if credentials.type == "postgres":
        return Server.of_credentials(credentials)
    path = getattr(credentials, "path", None)
    is_file = credentials.type == "duckdb" and path and path != ":memory:" and "://" not in path
    return Path(path) if is_file and not path.startswith(("md:", "motherduck:")) else None
