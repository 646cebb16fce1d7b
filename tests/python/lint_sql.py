"""Lints the SQL as a person reads it: a macro stands as its name, and no project is read for it.

What a model says only where a setting has some value, and what Jinja cannot write without the macros, is rendered by dbt
and linted so: for these two kinds the first way would look at a part of the file, or at nothing, without a word.

    python tests/python/lint_sql.py [FOLDER ...]
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("models", "analyses", "tests/singular")
CONDITION = re.compile(r"\{%-?\s*(if|elif)\b")


def needs_dbt(path: Path, linter: Linter) -> bool:
    """Whether a file says all that it says only with the macros and settings of the project.

    Staging never does: what a value is read with is far longer than the models that ask for it.
    """
    if path.name.startswith("stg_"):
        return False
    if CONDITION.search(path.read_text(encoding="utf-8")):
        return True
    rendered = linter.render_file(str(path), linter.config)
    return any("Unrecoverable" in each.desc() for each in rendered.templater_violations)


def lint(paths: list[Path], *options: str) -> int:
    """sqlfluff's own exit code: 0 where it finds nothing."""
    if not paths:
        return 0
    return subprocess.run(
        [sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar", *options, *map(str, paths)],
        env=os.environ | {"DBT_TARGET_PATH": "target/lint"},
    ).returncode  # fmt: skip


def main(folders: list[str]) -> int:
    """Lints the files of folders; 1 where there is a finding."""
    os.chdir(ROOT)
    linter = Linter(config=FluffConfig.from_root())
    files = sorted(path for folder in folders for path in Path(folder).rglob("*.sql"))
    by_dbt = [path for path in files if needs_dbt(path, linter)]
    others = sorted({*files} - {*by_dbt})
    print(f"{len(others)} files as they stand, {len(by_dbt)} as dbt renders them", flush=True)
    codes = [
        lint(others, "--processes", "2"),
        lint(by_dbt, "--templater", "dbt", "--ignore", "parsing", "--processes", "2"),
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(FOLDERS)))
