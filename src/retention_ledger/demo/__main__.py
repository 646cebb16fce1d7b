"""Write the demo seeds, the raw tables of an invented shop: what it sold, what it spent, what its customers say.

Usage: python -m retention_ledger.demo [--out seeds]

The files are the same, byte for byte, on every run. Every value is text. A timestamp without a
zone is business time, Europe/London.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from retention_ledger.demo import customers_orders, service, spend, subscriptions
from retention_ledger.demo.shared import Row

COLUMNS = {
    "raw_customers": (
        "customer_id",
        "email",
        "signed_up_at",
        "country",
        "acquisition_channel",
        "customer_segment",
    ),
    "raw_orders": ("order_id", "customer_id", "ordered_at", "status", "amount", "updated_at"),
    "raw_refunds": ("refund_id", "order_id", "refunded_at", "amount"),
    "raw_subscriptions": (
        "subscription_id",
        "customer_id",
        "plan",
        "started_on",
        "ended_on",
        "monthly_amount",
        "currency",
        "cancel_requested_on",
        "cancel_reason",
        "updated_at",
    ),
    "raw_exchange_rates": ("currency", "valid_from", "rate"),
    "raw_marketing_spend": ("spend_id", "spent_on", "acquisition_channel", "amount", "currency"),
    "raw_support_tickets": (
        "ticket_id",
        "customer_id",
        "opened_at",
        "resolved_at",
        "topic",
        "updated_at",
    ),
    "raw_feedback": ("feedback_id", "customer_id", "given_at", "nps_score", "feedback_text"),
}


def build() -> dict[str, list[Row]]:
    """Return the rows of all tables."""
    customers, tables = customers_orders.build()
    return tables | subscriptions.build(customers) | spend.build() | service.build(customers)


def write_tables(folder: Path, tables: dict[str, list[Row]]) -> None:
    """Write one CSV file for each table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the seeds into the folder given on the command line."""
    parser = argparse.ArgumentParser(description="Write the demo seeds.")
    parser.add_argument("--out", type=Path, default=Path("seeds"), help="folder to write to")
    options = parser.parse_args(arguments)
    tables = build()
    write_tables(options.out, tables)
    for name, rows in tables.items():
        print(f"{name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
