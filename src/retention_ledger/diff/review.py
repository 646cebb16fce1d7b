"""All that a diff says, its verdict, and the same as JSON."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from retention_ledger.diff.facts import Comparison
from retention_ledger.diff.judge import Problem
from retention_ledger.diff.notes import Notes


@dataclass(frozen=True)
class Review:
    """All that a diff says. ``main`` is of the fixture, or of one's own marts where there is no fixture; null where both
    sides read the same files, so that nothing can differ. ``own`` is of one's own published marts beside a fixture."""

    base: str
    head: str
    main: Comparison | None
    notes: Notes
    problems: tuple[Problem, ...] = ()
    own: Comparison | None = None
    #: The files that dbt reads and that differ.
    files: tuple[str, ...] = ()
    #: Whether files that may define metrics are among them.
    catalogue_differs: bool = False

    @property
    def verdict(self) -> str:
        """nothing changed, harmless (words, new things), acknowledged, or not acknowledged."""
        if self.problems:
            return "not acknowledged"
        if self.main is None or not any(map(has_changes, (self.main, self.own))):
            return "nothing changed"
        return "acknowledged" if any(map(needs_a_word, (self.main, self.own))) else "harmless"

    @property
    def exit_code(self) -> int:
        """0, or 1 where something is not acknowledged."""
        return int(bool(self.problems))


def has_changes(comparison: Comparison | None) -> bool:
    """Whether anything differs."""
    return comparison is not None and bool(
        comparison.definitions or comparison.settings or comparison.schema or comparison.values.moved
        or comparison.values.rows or comparison.version_before != comparison.version_after
    )  # fmt: skip


def needs_a_word(comparison: Comparison | None) -> bool:
    """Whether figures, or what they mean, or what readers find differ: more than words and additions."""
    return comparison is not None and bool(
        any(each.change not in ("added", "reworded") for each in comparison.definitions)
        or any(each.is_part_of_version and each.change == "changed" for each in comparison.settings)
        or any(each.breaks_readers for each in comparison.schema)
        or any(each.moved or each.gone for each in comparison.values.moved)
        or any(each.only_before for each in comparison.values.rows or ())
        or comparison.release_before != comparison.release_after
    )


def to_json(review: Review) -> str:
    """The review in full. Figures are numbers, days are texts as in 2025-11-01."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(type(value))

    said = {"verdict": review.verdict, "exit_code": review.exit_code, **asdict(review)}
    return json.dumps(said, default=plain, indent=2, ensure_ascii=False)
