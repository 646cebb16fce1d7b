"""What can differ between two builds."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class FieldChange:
    """One field of a definition, before and after."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Definition:
    """A metric that is new, gone or said otherwise. `changes` are of its meaning, `words` of what is said of it."""

    metric: str
    change: str  # added, removed, changed, reworded or versioned (its version alone is higher)
    formula: str
    version_before: int | None
    version_after: int | None
    mart: str
    changes: tuple[FieldChange, ...] = ()
    words: tuple[FieldChange, ...] = ()

    @property
    def is_versioned(self) -> bool:
        """Whether the version is another than before."""
        return self.version_before != self.version_after


@dataclass(frozen=True)
class Setting:
    """A setting whose value differs; null values are those of a setting that is not there."""

    name: str
    before: str | None
    after: str | None
    meaning: str
    is_part_of_version: bool

    @property
    def change(self) -> str:
        """added, removed or changed."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Schema:
    """A mart or column that is new, gone, or of another type."""

    mart: str
    column: str | None
    change: str  # added, removed, type, or wider: a type that holds all that the old one did, and of its kind
    before: str | None = None
    after: str | None = None

    @property
    def name(self) -> str:
        """The mart, or the column with its mart."""
        return f"{self.mart}.{self.column}" if self.column else self.mart

    @property
    def breaks_readers(self) -> bool:
        """Whether a query that worked may not work any more."""
        return self.change in ("removed", "type")


@dataclass(frozen=True)
class Moved:
    """What became of the values of a metric in closed periods.

    ``compared`` values are in both builds, ``moved`` of them (or from or to nothing, in a segment that is new or
    gone) are others. ``gone`` and ``new`` are values of a basis, grain, period or dimension that only one build has.
    The largest move is one of the total where that has moved, else of a segment; null where values only came or went.
    """

    metric: str
    unit: str
    compared: int
    moved: int
    gone: int
    new: int
    first_period: date | None = None
    grain: str | None = None
    period: date | None = None
    basis: str | None = None
    dimension: str | None = None
    segment: str | None = None
    before: Decimal | None = None
    after: Decimal | None = None


@dataclass(frozen=True)
class Figure:
    """A headline figure of the latest period that is closed in BASE."""

    metric: str
    basis: str
    grain: str
    period: date
    unit: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class Rows:
    """A mart of which some rows differ, whatever their order; of the columns that both builds have."""

    mart: str
    only_before: int
    only_after: int


@dataclass(frozen=True)
class Values:
    """The values of two builds. `rows` is null where nobody knows whether the data is the same."""

    data: str
    as_of_before: str
    as_of_after: str
    compared: int
    calendar: str
    currency: str
    headline: tuple[Figure, ...]
    moved: tuple[Moved, ...]
    rows: tuple[Rows, ...] | None
    #: What of the data is not the same on both sides, as a sentence: what moved may be due to that, and is not judged.
    other_data: str = ""


@dataclass(frozen=True)
class Comparison:
    """All that differs between two builds."""

    version_before: str
    version_after: str
    release_before: str
    release_after: str
    definitions: tuple[Definition, ...]
    settings: tuple[Setting, ...]
    schema: tuple[Schema, ...]
    values: Values
