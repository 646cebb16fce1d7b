"""Expectations about raw tables as they were delivered, before anything is built of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from retention_ledger.expectations.delivery import Delivery
from retention_ledger.expectations.landing import (
    checks,
    customers,
    exchange_rates,
    feedback,
    lookups,
    marketing_spend,
    orders,
    refunds,
    subscriptions,
    support_tickets,
)
from retention_ledger.expectations.limits import Limits
from retention_ledger.expectations.sheet import Sheet

#: The module of each raw table.
MODULES = {
    "orders": orders,
    "customers": customers,
    "refunds": refunds,
    "subscriptions": subscriptions,
    "exchange_rates": exchange_rates,
    "marketing_spend": marketing_spend,
    "support_tickets": support_tickets,
    "feedback": feedback,
    "calendar": lookups,
    "customer_id_map": lookups,
}


def sheets(
    deliveries: dict[str, Delivery],
    last: dict[str, Any] | None,
    as_of_date: date | None,
    limits: Limits,
) -> list[Sheet]:
    """The sheets of all tables of a load; `last` is the profile of the last load per table, None where there is none."""
    made = []
    if as_of_date is None and "orders" in deliveries:
        as_of_date = deliveries["orders"].last_day()
    for table, delivery in deliveries.items():
        sheet = Sheet(table)
        # How many rows there are says the sheet of every load, also where there is nothing to compare it with.
        sheet.between(
            sheet.fact("rows", delivery.rows), "", "error", least=1,
            observed="{} rows", expected="at least one row",
        )  # fmt: skip
        MODULES[table].expect(
            checks.Landing(delivery, (last or {}).get(table), as_of_date, limits, sheet)
        )
        made.append(sheet)
    return made
