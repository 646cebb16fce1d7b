"""From where on something is a warning or an error: the defaults, and what the setting ``expectations`` changes."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retention_ledger.errors import Stop


@dataclass(frozen=True)
class Limit:
    """Two thresholds; None is never reached."""

    warn: float | None
    error: float | None


#: Each with its unit; docs/expectations.md says why.
DEFAULTS: dict[str, Limit] = {
    # Landing, against the last load
    "rows_lost": Limit(0.02, 0.2),  # share of its rows
    "rows_gained": Limit(1.0, 4.0),  # share of its rows
    "month_rows_lost": Limit(0.1, 0.5),  # share of its rows in a month
    "empty_share_rise": Limit(0.05, 0.3),  # share of rows, added to its share
    "refused_share_rise": Limit(0.02, None),  # share of rows, added to its share
    "rows_per_id_factor": Limit(1.1, 1.5),  # times as many
    "new_values": Limit(0, None),  # number of values
    "value_share_shift": Limit(0.15, 0.5),  # share of rows that have moved to another value
    "amount_factor": Limit(1.5, 10),  # times as much, or as little
    "days_gone_back": Limit(0, 7),  # days
    # Landing, within the load
    "days_behind": Limit(3, 14),  # usual gaps between days that have rows
    "month_of_neighbours": Limit(
        0.3, None
    ),  # share of the rows of the months around; less is worse
    "day_of_neighbours": Limit(
        0.02, None
    ),  # share of the rows of the same weekdays around; less is worse
    "month_amount_factor": Limit(4, 30),  # times the median of the months, or the part of it
    # Publish
    "drift": Limit(
        6, None
    ),  # typical changes (median absolute deviations) away from the median change
}

#: A comparison needs so many rows on its other side: three rows of a dozen are no trend.
LEAST_ROWS = 20
#: The drift of a figure needs so many changes from one period to the next.
LEAST_CHANGES = 8


class Limits:
    """The limits of each table: those that the setting names for it, those it names for all, the defaults."""

    def __init__(self, setting: Mapping[str, Any], tables: list[str]) -> None:
        self.of_all = {name: entry for name, entry in setting.items() if name not in tables}
        self.of_table = {name: entry for name, entry in setting.items() if name in tables}
        checked(self.of_all, "")
        for table, entries in self.of_table.items():
            if not isinstance(entries, Mapping):
                raise Stop(refusal(table, entries, "limits, as in {rows_lost: {warn: 0.05}}"))
            checked(entries, f"{table}.")

    def of(self, table: str, name: str) -> Limit:
        """The limit of a table."""
        found = DEFAULTS[name]
        for setting in (self.of_all, self.of_table.get(table, {})):
            entry = setting.get(name, {})
            found = Limit(entry.get("warn", found.warn), entry.get("error", found.error))
        return found


def refusal(name: str, value: Any, allowed: str) -> str:
    """What is wrong with an entry of the setting."""
    return f"The setting `expectations` has {name}: {value!r}, and it must be {allowed}."


def checked(setting: Mapping[str, Any], of: str) -> None:
    """Stop at a limit that does not exist or is none."""
    for name, entry in setting.items():
        if name not in DEFAULTS:
            near = difflib.get_close_matches(str(name), DEFAULTS, 1, 0.5)
            hint = (
                f"did you mean `{near[0]}`?"
                if near
                else f"there are: {', '.join(sorted(DEFAULTS))}."
            )
            raise Stop(
                f"The setting `expectations` has a limit `{of}{name}` that does not exist: {hint}"
            )
        if not isinstance(entry, Mapping) or not {*entry} <= {"warn", "error"}:
            raise Stop(
                refusal(of + name, entry, "like {warn: 0.05, error: 0.3}, where null switches off")
            )
        for kind, value in entry.items():
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and (not is_number or value < 0):
                raise Stop(refusal(f"{of}{name}.{kind}", value, "a number from 0 on, or null"))
