"""Prints where the results are and the headline figures of the last complete periods.

`python -m retention_ledger.headline`, after a build; reads the DuckDB file that the environment
variable RETENTION_LEDGER_DB names (default `warehouse.duckdb`).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from retention_ledger.warehouse import warehouse_path

CUSTOMERS = """
select basis, period_grain, period_start, opening_customers, new_customers, reactivated_customers,
    churned_customers, closing_customers, customer_churn_rate, retention_rate, net_churn_rate
from marts.retention_by_period
where is_latest_complete_period and segment_dimension = 'all'
order by basis desc, period_end - period_start
"""
CUSTOMER_COLUMNS = (
    "basis", "period", "opening", "new", "reactivated", "churned", "closing",
    "churn", "retention", "net churn",
)  # fmt: skip
REVENUE = """
select period_grain, period_start, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr,
    contraction_mrr, churn_mrr, closing_mrr, grr, nrr
from marts.mrr_by_period
where is_latest_complete_period and segment_dimension = 'all'
order by period_end - period_start
"""
REVENUE_COLUMNS = (
    "MRR", "opening", "new", "reactivation", "expansion", "contraction", "churn", "closing",
    "GRR", "NRR",
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


def text_table(cells: Sequence[Sequence[str]], texts: int) -> list[str]:
    """Lines of a table: a header row, a rule, rows; the first `texts` columns to the left."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            text.ljust(width) if n < texts else text.rjust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def customer_table(rows: Sequence[tuple]) -> list[str]:
    """The customers of the last complete period of every basis and grain."""
    cells = [
        (basis, period_name(grain, start), *(f"{n:,}" for n in counts_and_rates[:5]),
         *map(percent, counts_and_rates[5:]))
        for basis, grain, start, *counts_and_rates in rows
    ]  # fmt: skip
    return text_table([CUSTOMER_COLUMNS, *cells], texts=2)


def revenue_table(rows: Sequence[tuple], currency: str) -> list[str]:
    """The recurring revenue of the last complete period of every grain; each row adds up."""
    cells = [
        (period_name(grain, start), *(f"{amount:,.2f}" for amount in amounts_and_rates[:7]),
         *map(percent, amounts_and_rates[7:]))
        for grain, start, *amounts_and_rates in rows
    ]  # fmt: skip
    return text_table([(f"MRR, {currency}", *REVENUE_COLUMNS[1:]), *cells], texts=1)


def headline(database: Path) -> str:
    """The tables of the last complete periods, as text."""
    with duckdb.connect(str(database), read_only=True) as connection:
        customers = connection.execute(CUSTOMERS).fetchall()
        revenue = connection.execute(REVENUE).fetchall()
        settings = dict(
            connection.execute("select setting, value from marts.policy_settings").fetchall()
        )
        [(version,)] = connection.execute(
            "select distinct policy_version from marts.policy_settings"
        ).fetchall()
    through = settings["as_of_date"]
    tables = [["", *customer_table(customers)]] if customers else []
    if revenue:
        tables.append(["", *revenue_table(revenue, settings["reporting_currency"])])
    if not tables:
        tables = [["", "No period is complete yet."]]
    return "\n".join(
        [
            "",
            f"Retention Ledger: last complete periods, data through {through}, policy {version}",
            *(line for table in tables for line in table),
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
