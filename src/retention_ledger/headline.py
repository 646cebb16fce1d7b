"""Prints where the results are and the headline figures of the last complete periods.

`python -m retention_ledger.headline`, after a build; reads the DuckDB file that the environment
variable RETENTION_LEDGER_DB names (default `warehouse.duckdb`).
"""

import sys
from pathlib import Path

import duckdb

from retention_ledger.warehouse import warehouse_path

HEADLINE = """
select basis, period_grain, period_start, opening_customers, new_customers, reactivated_customers,
    churned_customers, closing_customers, customer_churn_rate, retention_rate, net_churn_rate
from marts.retention_by_period
where is_latest_complete_period and segment_dimension = 'all'
order by basis desc, period_end - period_start
"""
COLUMNS = (
    "basis", "period", "opening", "new", "reactivated", "churned", "closing",
    "churn", "retention", "net churn",
)  # fmt: skip


def period_name(grain: str, start) -> str:
    """A period as people write it: 2025-W50, 2025-11, 2025-Q3 or 2024."""
    if grain == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02}"
    if grain == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return f"{start:%Y-%m}" if grain == "month" else f"{start.year}"


def percent(rate) -> str:
    """A rate as a percentage with one decimal; a dash where there is none."""
    return "-" if rate is None else f"{rate * 100:.1f}%"


def headline(database: Path) -> str:
    """The table of the last complete period of every basis and grain, as text."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(HEADLINE).fetchall()
        [(as_of_date,)] = connection.execute(
            "select value from marts.policy_settings where setting = 'as_of_date'"
        ).fetchall()
        [(version,)] = connection.execute(
            "select distinct policy_version from marts.policy_settings"
        ).fetchall()
    cells = [COLUMNS]
    for basis, grain, start, *counts_and_rates in rows:
        counts, rates = counts_and_rates[:5], counts_and_rates[5:]
        cells.append(
            (basis, period_name(grain, start), *(f"{n:,}" for n in counts), *map(percent, rates))
        )
    widths = [max(len(row[n]) for row in cells) for n in range(len(COLUMNS))]
    lines = [
        "  ".join(
            text.ljust(width) if n < 2 else text.rjust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(
        [
            "",
            f"Retention Ledger: last complete periods, data through {as_of_date}, policy {version}",
            "",
            *lines,
            "",
            f"The results are in {database} (schema marts). To look around, after `. .venv/bin/activate`:",
            "  dbt show --inline \"select * from {{ ref('retention_by_period') }}\" --limit 20",
        ]
    )


def main() -> int:
    """Prints the headline; 1 with a sentence where there is no build yet."""
    database = warehouse_path()
    if not database.exists():
        print(f"There is no database {database} yet: run `make build` first.", file=sys.stderr)
        return 1
    print(headline(database))
    return 0


if __name__ == "__main__":
    sys.exit(main())
