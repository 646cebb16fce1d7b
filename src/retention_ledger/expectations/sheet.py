"""What is expected of one table: its facts as a frame, and expectations over that frame.

Great Expectations looks at columns of a batch. The batch of a table is a sheet of facts: a column per fact, and the
column `of` says what a row is about: the whole load, a month, a day, a period. A fact stands in its own rows, and
nowhere else. An expectation carries in its `meta` what a sentence needs: which table and column, how what was
observed reads, and what was expected and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from great_expectations import expectations as gxe

from retention_ledger.expectations.limits import Limit

#: What a row of a sheet is about, and what it says where it is about the load or the mart as a whole.
OF, WHOLE = "of", "all rows"

#: How a number reads. Figures of marts carry their own unit.
UNITS: dict[str, Callable[[float], str]] = {
    "number": lambda value: f"{value:,.0f}",
    "share": lambda value: f"{value:.1%}",
    "money": lambda value: f"{value:,.2f}",
    "times": lambda value: f"{value:,.2f}",
    "text": str,
}


@dataclass
class Sheet:
    """Facts and expectations of one table; `column` of a fact is that of the table."""

    table: str
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    expectations: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fact(self, name: str, value: Any) -> str:
        """A fact about the whole, or about parts (part -> value)."""
        self.facts[name] = dict(value) if isinstance(value, Mapping) else {WHOLE: value}
        return name

    def rows(self) -> dict[str, list[Any]]:
        """The frame: `of`, then a column per fact; each fact in rows of its own parts."""
        parts = list(dict.fromkeys(part for fact in self.facts.values() for part in fact))
        return {
            OF: parts,
            **{name: [fact.get(part) for part in parts] for name, fact in self.facts.items()},
        }

    def between(
        self, fact: str, column: str, severity: str, *, least: float | None = None, most: float | None = None,
        observed: str, expected: str, unit: str = "number",
    ) -> None:  # fmt: skip
        """The fact lies between two values. `observed` has {} for the value and {of} for the part."""
        self.expectations.append(
            gxe.ExpectColumnValuesToBeBetween(
                column=fact,
                min_value=least,
                max_value=most,
                **self.words(fact, column, severity, observed, expected, unit),
            )
        )

    def among(
        self,
        fact: str,
        column: str,
        severity: str,
        values: list[str],
        *,
        observed: str,
        expected: str,
    ) -> None:
        """The values of the fact are among these."""
        self.expectations.append(
            gxe.ExpectColumnValuesToBeInSet(
                column=fact,
                value_set=values,
                **self.words(fact, column, severity, observed, expected, "text"),
            )
        )

    def words(
        self, fact: str, column: str, severity: str, observed: str, expected: str, unit: str
    ) -> dict[str, Any]:
        """How grave it is, what Data Docs say of it, and what a sentence needs."""
        place = f"{self.table}, column {column}" if column else self.table
        found = self.facts[fact]
        what = fact
        if WHOLE in found and found[WHOLE] is not None:
            what = observed.replace("{}", UNITS[unit](found[WHOLE]))
        return {
            "severity": "critical" if severity == "error" else "warning",
            "description": f"{severity.capitalize()} unless met. {place}: {what}; expected {expected}",
            "meta": {
                "table": self.table, "column": column or None, "observed": observed, "expected": expected, "unit": unit,
            },
        }  # fmt: skip

    def at_most(
        self, fact: str, column: str, limit: Limit, bound: Callable[[float], float], *, observed: str,
        expected: str, unit: str = "number",
    ) -> None:  # fmt: skip
        """Not above what the limit makes of it: one expectation per severity. `expected` has {} for the bound."""
        for severity, threshold in (("error", limit.error), ("warning", limit.warn)):
            if threshold is not None:
                most = bound(threshold)
                self.between(
                    fact, column, severity, most=most, observed=observed, unit=unit,
                    expected=expected.replace("{}", UNITS[unit](most)),
                )  # fmt: skip

    def at_least(
        self, fact: str, column: str, limit: Limit, bound: Callable[[float], float], *, observed: str,
        expected: str, unit: str = "number",
    ) -> None:  # fmt: skip
        """Not below what the limit makes of it."""
        for severity, threshold in (("error", limit.error), ("warning", limit.warn)):
            if threshold is not None:
                least = bound(threshold)
                self.between(
                    fact, column, severity, least=least, observed=observed, unit=unit,
                    expected=expected.replace("{}", UNITS[unit](least)),
                )  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """An expectation that was not met, in the words of a sentence."""

    severity: str  # error or warning
    table: str
    column: str | None
    observed: str
    expected: str

    @property
    def place(self) -> str:
        """Where: the table, and the column if it is about one."""
        return f"{self.table}, column {self.column}" if self.column else self.table

    def __str__(self) -> str:
        return f"{self.place}: {self.observed}; expected {self.expected}."


def finding_of(result: Any) -> Finding | None:
    """The finding of a validation result; None where the expectation was met.

    An expectation that could not be computed is an error of its own: silence would read as "met".
    """
    if result.success:
        return None
    configuration = result.expectation_config
    words = configuration.meta
    severity = (
        "error"
        if str(getattr(configuration.severity, "value", configuration.severity)) == "critical"
        else "warning"
    )
    if (result.exception_info or {}).get(
        "raised_exception"
    ) or "unexpected_list" not in result.result:
        return Finding(
            "error",
            words["table"],
            words["column"],
            "the expectation could not be computed",
            words["expected"],
        )
    fact = configuration.kwargs["column"]
    read = UNITS[words["unit"]]
    said = [
        words["observed"].replace("{of}", str(row[OF])).replace("{}", read(row[fact]))
        for row in result.result["unexpected_index_list"]
    ]
    more = f" and {len(said) - 3} more" if len(said) > 3 else ""
    return Finding(
        severity, words["table"], words["column"], ", ".join(said[:3]) + more, words["expected"]
    )
