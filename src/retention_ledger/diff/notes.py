"""What was written about a change: new entries of CHANGELOG, new and changed decisions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retention_ledger.diff.sides import Side

CHANGELOGS = ("CHANGELOG.md", "CHANGES.md", "changelog.md")
DECISIONS = ("DECISIONS.md", "DECISIONLOG.md", "docs/decisions/**/*.md", "docs/adr/**/*.md")


@dataclass(frozen=True)
class Notes:
    """The entries of CHANGELOG that HEAD has and BASE has not, and titles of decisions that are new or other.

    Null where there is no such file in HEAD, or one of the two is a database and has no files.
    """

    changelog: tuple[str, ...] | None
    decisions: tuple[str, ...] | None
    has_files: bool = True

    def mention(self, *names: str) -> bool:
        """Whether a new entry of CHANGELOG has one of these names, as a whole word."""
        pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)
        return any(re.search(pattern, entry) for entry in self.changelog or ())


def read_notes(base: Side, head: Side) -> Notes:
    """What HEAD says that BASE does not."""
    if not base.notes or not head.notes:
        return Notes(None, None, has_files=False)
    entries = [
        [entry for text in found_in(side.notes, CHANGELOGS).values() for entry in entries_of(text)]
        for side in (base, head)
    ]
    sections = [
        {
            f"{file}: {title}": text
            for file, content in found_in(side.notes, DECISIONS).items()
            for title, text in sections_of(content).items()
        }
        for side in (base, head)
    ]
    changed = [title for title, text in sections[1].items() if sections[0].get(title) != text]
    return Notes(
        tuple(entry for entry in entries[1] if entry not in entries[0])
        if found_in(head.notes, CHANGELOGS)
        else None,
        tuple(changed) if found_in(head.notes, DECISIONS) else None,
    )


def found_in(folders: Iterable[Path], patterns: Iterable[str]) -> dict[str, str]:
    """Path within the folder -> text, of the files of these patterns."""
    found: dict[str, str] = {}
    seen: set[Path] = set()
    for folder in folders:
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                if path.is_file() and path.resolve() not in seen and path.name != "README.md":
                    seen.add(path.resolve())
                    found[str(path.relative_to(folder))] = path.read_text(
                        encoding="utf-8", errors="replace"
                    )
    return found


def entries_of(text: str) -> list[str]:
    """The list items and paragraphs of a Markdown text, each on one line, without headings."""
    entries: list[list[str]] = [[]]
    for line in text.splitlines():
        is_item = re.match(r"\s*([-*+]|\d+\.)\s+", line)
        if is_item or not line.strip() or line.startswith("#"):
            entries.append([])
        if line.strip() and not line.startswith("#"):
            entries[-1].append(
                line.strip()[len(is_item[0].strip()) :].strip() if is_item else line.strip()
            )
    return [" ".join(lines) for lines in entries if lines]


def sections_of(text: str) -> dict[str, str]:
    """Heading of the second level (or the first, where there is none) -> what stands under it."""
    level = "## " if re.search(r"^## ", text, re.MULTILINE) else "# "
    parts = re.split(rf"^{level}", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].strip(): part for part in parts if part.strip()}
