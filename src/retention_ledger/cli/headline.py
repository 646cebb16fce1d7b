"""The headline figures of a build: the last complete periods, as tables."""

from collections.abc import Sequence
from datetime import date

from rich import box
from rich.table import Table
from rich.text import Text

from retention_ledger.database import Place, find_build, opened
from retention_ledger.errors import Stop

CUSTOMERS = """
select basis, period_grain, period_start, opening_customers, new_customers, reactivated_customers,
    churned_customers, closing_customers, customer_churn_rate, retention_rate, net_churn_rate
from {retention_by_period}
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
from {mrr_by_period}
where is_latest_complete_period and segment_dimension = 'all'
order by period_end - period_start
"""
REVENUE_COLUMNS = (
    "opening", "new", "reactivation", "expansion", "contraction", "churn", "closing", "GRR", "NRR",
)  # fmt: skip

# A header, a rule under each column, and rows; plain characters, so that it reads the same in a file.
RULED = box.Box("    \n    \n -  \n    \n    \n    \n    \n    \n", ascii=True)


def period_name(grain: str, start: date, calendar: str = "common") -> str:
    """A period as people write it: 2025-W50, 2025-11, 2025-Q3 or 2024.

    Those of a calendar of one's own (a retail year) are named by their first day, as in month of
    2025-11-02: two of its months can start in one common month.
    """
    if calendar == "table":
        return f"{grain} of {start}"
    if grain == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02}"
    if grain == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return f"{start:%Y-%m}" if grain == "month" else f"{start.year}"


def percent(rate) -> str:
    """A rate as a percentage with one decimal; a dash where there is none."""
    return "-" if rate is None else f"{rate * 100:.1f}%"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> Table:
    """A table whose first `texts` columns stand to the left, the others to the right."""
    made = Table(
        box=RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for number, name in enumerate(columns):
        made.add_column(Text(name), justify="left" if number < texts else "right", no_wrap=True)
    for row in rows:
        made.add_row(*map(Text, row))
    return made


def customer_table(rows: Sequence[tuple], calendar: str) -> Table:
    """The customers of the last complete period of every basis and grain."""
    cells = [
        (basis, period_name(grain, start, calendar), *(f"{n:,}" for n in counts_and_rates[:5]),
         *map(percent, counts_and_rates[5:]))
        for basis, grain, start, *counts_and_rates in rows
    ]  # fmt: skip
    return table(CUSTOMER_COLUMNS, cells, texts=2)


def revenue_table(rows: Sequence[tuple], currency: str, calendar: str) -> Table:
    """The recurring revenue of the last complete period of every grain; each row adds up."""
    cells = [
        (period_name(grain, start, calendar), *(f"{amount:,.2f}" for amount in amounts_and_rates[:7]),
         *map(percent, amounts_and_rates[7:]))
        for grain, start, *amounts_and_rates in rows
    ]  # fmt: skip
    return table((f"MRR, {currency}", *REVENUE_COLUMNS), cells, texts=1)


def headline(database: Place, schema: str | None = None) -> list[str | Table]:
    """The lines and tables of the last complete periods, in order."""
    models = "policy_settings", "retention_by_period", "mrr_by_period"
    with opened(database) as connection:
        build = find_build(connection, database, schema)
        build.require(connection, models)
        relations = {model: build.table(model) for model in models}
        customers = connection.execute(CUSTOMERS.format(**relations)).fetchall()
        revenue = connection.execute(REVENUE.format(**relations)).fetchall()
        settings = dict(
            connection.execute(
                "select setting, value from {policy_settings}".format(**relations)
            ).fetchall()
        )
        versions = connection.execute(
            " union ".join(f"select policy_version from {name}" for name in relations.values())
        ).fetchall()
        marts = build.relations["retention_by_period"][0]
    if len(versions) > 1:
        raise Stop(
            f"The tables in {database} were built with different settings (policies "
            f"{' and '.join(sorted(version for (version,) in versions))}): run `retention-ledger build` again."
        )
    [(version,)] = versions
    calendar = settings["calendar"]
    tables: list[str | Table] = []
    if customers:
        tables += [customer_table(customers, calendar), ""]
    if revenue:
        tables += [revenue_table(revenue, settings["reporting_currency"], calendar), ""]
    return [
        f"Retention Ledger: last complete periods, data through {settings['as_of_date']}, policy {version}",
        "",
        *(tables or ["No period is complete yet.", ""]),
        f"The results are in {database} (schema {marts}), "
        + (
            f"build {build.build_id}."
            if build.build_id
            else "written in place by dbt: no build was published."
        ),
    ]
