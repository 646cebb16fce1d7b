"""The figures of two builds: closed values, the headline, and rows of marts."""

import duckdb

from retention_ledger.closed_values import HAS_MOVED, closed_values, side_by_side
from retention_ledger.database import Build, quoted
from retention_ledger.diff.facts import Figure, Moved, Rows

#: Marts that are about builds and not about customers, or looked at in another way.
NOT_COMPARED = {"published_builds", "metric_restatements", "metric_definitions", "policy_settings"}
#: What a report shows first, in this order; metrics that a build does not have are left out.
HEADLINE = (
    "closing_customers", "customer_churn_rate", "retention_rate", "net_churn_rate",
    "closing_mrr", "grr", "nrr", "orders", "net_revenue", "repeat_purchase_rate",
)  # fmt: skip
GRAINS = ("week", "month", "quarter", "year")


def compare_values(connection: duckdb.DuckDBPyConnection, before: Build, after: Build) -> dict:
    """Closed periods of all metrics: how many values were compared, what moved per metric, and the headline."""
    for name, build in (("values_before", before), ("values_after", after)):
        connection.execute(
            f"create or replace temp table {name} as {closed_values(build.table('metric_values'))}"
        )
    connection.execute(
        f"""create or replace temp table compared as
        with {side_by_side("values_before", "values_after")}
        select both_builds.*, shared.metric is not null as is_shared,
            shared.metric is not null and {HAS_MOVED} as has_moved
        from both_builds
        left join shared using (metric, basis, period_grain, period_start, segment_dimension)"""
    )
    units = dict(
        connection.execute(
            " union all ".join(f"select metric, unit from {each.table('metric_definitions')}" for each in (before, after))
        ).fetchall()
    )  # fmt: skip
    rows = connection.execute(
        """select metric, count(*) filter (was_there and is_there) as compared,
            count(*) filter (has_moved) as moved,
            count(*) filter (not is_shared and was_there) as gone,
            count(*) filter (not is_shared and is_there) as new,
            min(period_start) filter (has_moved) as first_period,
            arg_max(
                struct_pack(period_grain, period_start, basis, segment_dimension, segment_value, old_value, new_value),
                (segment_dimension = 'all', coalesce(abs(new_value - old_value), -1), period_start)
            ) filter (has_moved) as largest
        from compared
        group by metric
        having moved + gone + new > 0
        order by moved desc, gone desc, metric"""
    ).fetchall()
    moved = tuple(
        Moved(metric, units[metric], compared, changed, gone, new, first, *(largest or {}).values())
        for metric, compared, changed, gone, new, first, largest in rows
    )
    [(compared,)] = connection.execute(
        "select count(*) from compared where was_there and is_there"
    ).fetchall()
    return {
        "compared": compared,
        "moved": moved,
        "headline": headline_of(connection, before, units),
    }


def headline_of(
    connection: duckdb.DuckDBPyConnection, before: Build, units: dict[str, str]
) -> tuple[Figure, ...]:
    """The headline metrics in the latest period that BASE has closed, of every basis and grain."""
    names = ", ".join(f"'{name}'" for name in HEADLINE)
    rows = connection.execute(
        f"""select metric, basis, period_grain, period_start, old_value, new_value
        from compared
        where metric in ({names}) and segment_dimension = 'all' and was_there
        qualify period_start = max(period_start) over (partition by metric, basis, period_grain)"""
    ).fetchall()
    figures = [
        Figure(metric, basis, grain, start, units[metric], old, new)
        for metric, basis, grain, start, old, new in rows
    ]
    return tuple(
        sorted(
            figures,
            key=lambda each: (each.basis, HEADLINE.index(each.metric), GRAINS.index(each.grain)),
        )
    )


def compare_rows(
    connection: duckdb.DuckDBPyConnection, before: Build, after: Build,
    columns_before: dict[str, dict[str, str]], columns_after: dict[str, dict[str, str]],
) -> tuple[Rows, ...]:  # fmt: skip
    """Marts of which rows differ, over the columns that both have. Only tables: a view may name another catalog."""
    tables = {
        build.catalog: {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = ? and schema_name = ?",
                [build.catalog, build.relations["metric_values"][0]],
            ).fetchall()
        }
        for build in (before, after)
    }
    found = []
    for mart in sorted({*columns_before} & {*columns_after} - NOT_COMPARED):
        if any(build.relations[mart][1] not in tables[build.catalog] for build in (before, after)):
            continue
        shared = [
            name
            for name, kind in columns_before[mart].items()
            if name != "policy_version" and columns_after[mart].get(name) == kind
        ]
        names = ", ".join(map(quoted, shared))
        if not names:
            continue
        # A metric that only one of both has is no row that differs.
        shared_metrics = "where metric in (select metric from compared group by metric having bool_or(was_there) and bool_or(is_there))"
        only = shared_metrics if mart == "metric_values" else ""
        rows = [f"select {names} from {build.table(mart)} {only}" for build in (before, after)]
        sums = [
            connection.execute(f"select count(*), sum(hash({names})) from ({each})").fetchone()
            for each in rows
        ]
        if sums[0] == sums[1]:
            continue
        counts = [
            connection.execute(f"select count(*) from ({these} except all {those})").fetchone()[0]
            for these, those in (rows, rows[::-1])
        ]
        if any(counts):
            found.append(Rows(mart, *counts))
    return tuple(found)
