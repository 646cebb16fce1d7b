"""Settings of one's own: a YAML file of vars."""

import datetime
import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from retention_ledger.errors import Stop


class OnceOnly(yaml.SafeLoader):
    """YAML as usual, but a name that occurs twice in a mapping is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{name}` occurs twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def read_settings(file: Path, known: set[str]) -> dict[str, Any]:
    """The vars of a settings file, paths of raw files completed; Stop with what is wrong with it."""
    if file.is_dir():
        raise Stop(f"The settings {file} are a folder, not a file.")
    if not file.exists():
        beside = sorted(path.name for path in file.absolute().parent.glob("*.y*ml"))[:10]
        there = f" That folder has: {', '.join(beside)}." if beside else ""
        raise Stop(f"There is no settings file {file}.{there}")
    try:
        found = yaml.load(file.read_text(encoding="utf-8-sig"), OnceOnly)
    except UnicodeDecodeError as error:
        raise Stop(f"The settings file {file} is not text in UTF-8: save it as that.") from error
    except OSError as error:
        raise Stop(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or " ".join(str(error).split())
        raise Stop(f"The settings file {file} is not valid YAML{place}: {what}.") from error
    if found is None:
        raise Stop(f"The settings file {file} is empty.")
    if not isinstance(found, dict):
        raise Stop(
            f"The settings file {file} holds a {type(found).__name__}, not settings: "
            "write one setting a line, as in `inactivity_days: 60`."
        )
    for name in found:
        check_name(str(name), file, known)
    if "raw_files" in found:
        found["raw_files"] = from_folder(found["raw_files"], file.absolute().parent)
    attached = found.get("attached_databases")
    refuse_passwords(attached, file)
    for entry in attached.values() if isinstance(attached, dict) else []:
        if isinstance(entry, dict) and entry.get("path") and entry.get("type") != "postgres":
            entry["path"] = from_folder(entry["path"], file.absolute().parent)
    return found


#: What a password in a connection string, or beside one, looks like.
PASSWORD = r"password\s*(=|$)|://.*:.*@"


def texts_in(value: Any) -> Iterator[str]:
    """All names and texts of a setting."""
    if isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in texts_in(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in texts_in(part))
    elif isinstance(value, str):
        yield value


def refuse_passwords(attached: Any, file: Path) -> None:
    """Stop at a password in `attached_databases`, before dbt writes the settings into its log; it is not repeated."""
    if any(re.search(PASSWORD, text, re.IGNORECASE | re.DOTALL) for text in texts_in(attached)):
        raise Stop(
            f"The settings file {file} has a password in `attached_databases`, and settings are kept in the built database "
            "and in logs. PostgreSQL finds the password in the environment variable PGPASSWORD, in ~/.pgpass, or by "
            "`service=NAME` in ~/.pg_service.conf: take it out of the settings."
        )


def check_name(name: str, file: Path, known: set[str]) -> None:
    """Stop at a setting that does not exist, with the nearest one that does."""
    if name == "replace_data":
        raise Stop(
            f"The settings file {file} sets `replace_data`, which is for one build only: "
            "leave it out and build with `--replace`."
        )
    if name not in known:
        near = difflib.get_close_matches(name.lower().replace("-", "_"), sorted(known), 1, 0.5)
        hint = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(sorted(known))}."
        raise Stop(f"The settings file {file} has a setting `{name}` that does not exist. {hint}")


def from_folder(files: Any, folder: Path) -> Any:
    """Paths of raw files, relative to a folder, in full; anything else as it is, for dbt to refuse."""
    if isinstance(files, str):
        is_url = "://" in files
        return files if is_url or not files else os.path.abspath(folder / Path(files).expanduser())
    if isinstance(files, dict):
        return {table: from_folder(paths, folder) for table, paths in files.items()}
    if isinstance(files, list):
        return [from_folder(path, folder) for path in files]
    return files


def as_vars(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as dbt and JSON hold them: YAML reads 2025-01-31 as a date."""
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in settings.items()
    }
