"""Expectations about marts as a BI tool sees them, before they are read."""

from __future__ import annotations

from typing import Any

from retention_ledger.expectations.limits import Limits
from retention_ledger.expectations.publish import (
    checks,
    cohorts,
    lifetime,
    purchases,
    retention,
    revenue,
)
from retention_ledger.expectations.sheet import Sheet

#: The module of each mart that is looked at.
MODULES = {
    "retention_by_period": retention,
    "mrr_by_period": revenue,
    "repeat_purchase_by_period": purchases,
    "cohort_retention": cohorts,
    "mrr_cohorts": cohorts,
    "customer_lifetime_value": lifetime,
}


def sheets(marts: dict[str, Any], columns: dict[str, Any], limits: Limits) -> list[Sheet]:
    """The sheets of the marts that have rows; a mart of a raw table that nobody has is empty by right."""
    made = []
    for name, facts in marts.items():
        mart = checks.Mart.of_facts(name, facts, list(columns[name].get("series") or {}), limits)
        if mart.rows:
            mart.sheet.between(
                mart.sheet.fact("rows", mart.rows), "", "error", least=1,
                observed="{} rows", expected="at least one row",
            )  # fmt: skip
            MODULES[name].expect(mart)
            made.append(mart.sheet)
    return made
