"""The exports of known systems: the folders of `examples/` that have a `layout.yml`."""

from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from retention_ledger.cli.project import carried
from retention_ledger.init.tables import Table


@dataclass
class Layout:
    """The layout of a system's export, and the tables in which it was recognised: name in raw_files -> table."""

    folder: Path
    title: str
    cannot_be_known: list[str]
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def settings(self) -> str:
        """The settings with which it is read, as text with comments."""
        return (self.folder / "settings.yml").read_text(encoding="utf-8")


def recognised(tables: list[Table], examples: Path | None = None) -> Layout | None:
    """The layout of which all tables are there, by their columns; of several, the one that says most of them."""
    best: tuple[int, Layout] | None = None
    for file in sorted((examples or carried() / "examples").glob("*/layout.yml")):
        said: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        layout = Layout(file.parent, said["title"], list(said.get("cannot_be_known") or []))
        certain = 0
        for name, looks in said["tables"].items():
            columns = {str(column) for column in looks["columns"]}
            of_it = [
                table
                for table in tables
                if columns <= table.columns.keys() and table not in layout.tables.values()
            ]
            # Two tables with these columns: the one whose file is called as usual.
            of_it.sort(
                key=lambda table: (
                    not fnmatch(str(table.source).lower(), str(looks.get("file", "*")).lower())
                )
            )
            if not of_it:
                break
            layout.tables[name] = of_it[0]
            certain += len(columns)
        else:
            if best is None or certain > best[0]:
                best = (certain, layout)
    return best[1] if best else None
