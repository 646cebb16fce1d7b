"""What a build of many customers costs, against yardsticks measured in the same run.

`python -m retention_ledger.bench --customers 1000000` (or `make bench`) writes synthetic orders to a
temporary folder, about 5 per customer, and subscriptions, about 2.7 periods for every second customer,
builds the marts from them, runs the data tests, and prints the CPU seconds (of all threads, user and
system) of each room and of its dearest models. F, the yardstick, is `count(distinct customer)` by month
over the same orders. Seconds of one machine do not compare with those of another; the ratios to F do.

Beside that stands what somebody would write by hand for the balances of one rule by month: a spine of
customers and months in SQL, and a script for pandas. They must give the same counts as the ledger.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from retention_ledger.cli.faster_dbt import make_faster

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "bench.md"

# Deterministic: everything follows from hashes of the customer's and the order's number. Orders of a
# customer are 1 to 12, some days to some months apart, over about four years.
MAKE_ORDERS = """
copy (
    select
        customer * 16 + n as order_id,
        customer as customer_id,
        timestamp '2021-01-01' + to_days(cast(
            hash(customer, 1) % 1000 + n * (5 + hash(customer, 2) % 60) + hash(customer, n) % 9 as integer
        )) + to_seconds(cast(hash(n, customer) % 86400 as integer)) as ordered_at,
        'completed' as status,
        cast((hash(customer, n, 3) % 20000) / 100 as decimal(18, 2)) as amount
    from range({customers}) as customers (customer)
    cross join range(12) as numbers (n)
    where n <= hash(customer, 4) % 12 and hash(customer, 5) % 12 + 1 >= n
) to '{folder}/orders.parquet' (format parquet)
"""
MAKE_CUSTOMERS = """
copy (
    select
        customer as customer_id,
        ['GB', 'DE', 'FR', 'NL', 'US', 'SE'][cast(hash(customer, 6) % 6 as integer) + 1] as country,
        ['organic', 'email', 'referral', 'social'][cast(hash(customer, 7) % 4 as integer) + 1] as acquisition_channel,
        ['consumer', 'business'][cast(hash(customer, 8) % 2 as integer) + 1] as customer_segment
    from range({customers}) as customers (customer)
) to '{folder}/customers.parquet' (format parquet)
"""
# Every second customer subscribes, for 1 to 5 periods in a row of a month to a year each; one in eight
# starts after a gap, the plan and the price change now and then, and one in three has no end yet.
MAKE_SUBSCRIPTIONS = """
copy (
    with lengths as (
        select
            customer,
            n,
            cast(30 + hash(customer, n, 9) % 330 as integer) as days,
            case when hash(customer, n, 10) % 8 = 0 then cast(hash(customer, n, 11) % 90 as integer) else 0 end as gap
        from range(0, {customers}, 2) as customers (customer)
        cross join range(5) as numbers (n)
        where n <= hash(customer, 12) % 5
    ),

    placed as (
        select
            *,
            date '2021-01-01' + cast(hash(customer, 13) % 1200 as integer) + cast(sum(days + gap) over (
                partition by customer order by n rows between unbounded preceding and current row
            ) as integer) - days as started_on,
            n = max(n) over (partition by customer) as is_last
        from lengths
    )

    select
        customer as subscription_id,
        customer as customer_id,
        ['basic', 'standard', 'premium', 'business'][cast(hash(customer, n, 14) % 4 as integer) + 1] as plan,
        started_on,
        case when not is_last or hash(customer, 15) % 3 > 0 then started_on + days end as ended_on,
        cast((500 + hash(customer, n, 16) % 9000) / 100 as decimal(18, 2)) as monthly_amount,
        case when is_last and hash(customer, 15) % 3 > 0 then started_on + days - 10 end as cancel_requested_on,
        'price' as cancel_reason
    from placed
) to '{folder}/subscriptions.parquet' (format parquet)
"""
YARDSTICK = """
select date_trunc('month', ordered_at) as month, count(distinct customer_id) as customers
from '{folder}/orders.parquet'
group by month
"""
# By hand: whether each customer is active at the end of each month, and what that was a month before. A customer is
# active for 90 days from an order on, as orders_window has it.
SPINE = """
with orders as (
    select customer_id, cast(ordered_at as date) as ordered_on from '{folder}/orders.parquet'
),

months as (
    select unnest(range(min(date_trunc('month', ordered_on)), max(ordered_on) + interval 1 month, interval 1 month)) as month
    from orders
),

last_orders as (
    select
        customer_id,
        date_trunc('month', ordered_on) as month,
        max(ordered_on) as last_order_on,
        min(ordered_on) as first_order_on
    from orders
    group by all
),

spine as (
    select customers.customer_id, cast(months.month as date) as month, last_day(months.month) as month_end
    from (select distinct customer_id from orders) as customers
    cross join months
),

known as (
    select
        spine.customer_id,
        spine.month,
        spine.month_end,
        max(last_orders.last_order_on) over customer_months as last_order_on,
        min(last_orders.first_order_on) over customer_months as first_order_on
    from spine
    left join last_orders using (customer_id, month)
    window customer_months as (partition by spine.customer_id order by spine.month)
),

active as (
    select
        month,
        first_order_on >= month as is_first_month,
        coalesce(month_end - last_order_on < 90, false) as is_active,
        coalesce(lag(month_end - last_order_on < 90) over (partition by customer_id order by month), false) as was_active
    from known
)

select
    month,
    count(*) filter (was_active) as opening_customers,
    count(*) filter (is_active and not was_active and is_first_month) as new_customers,
    count(*) filter (is_active and not was_active and not is_first_month) as reactivated_customers,
    count(*) filter (was_active and not is_active) as churned_customers,
    count(*) filter (is_active) as closing_customers
from active
group by month
order by month
"""
LEDGER = """
select period_start, opening_customers, new_customers, reactivated_customers, churned_customers, closing_customers
from marts.retention_by_period
where basis = 'orders_window' and period_grain = 'month' and segment_dimension = 'all' and period_status = 'complete'
order by period_start
"""
# The fit alone: `retention-ledger predict` would read the project and build marts as well.
FIT = "import pathlib, sys, retention_ledger.prediction as p; p.predict(pathlib.Path(sys.argv[1]))"

#: Month and the five counts of LEDGER.
Balances = list[tuple[Any, ...]]


@dataclass
class Measured:
    """What one dbt command took: CPU seconds per node, and the most memory that the process held, in bytes."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    peak: int = 0


def cpu_seconds(who: int = resource.RUSAGE_SELF) -> float:
    """CPU seconds of this process so far, user and system, all threads."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def took(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of some work, and what it returned."""
    before = cpu_seconds()
    result = work()
    return cpu_seconds() - before, result


def peak_memory(*, forget: bool = False) -> int:
    """The most memory that this process held, in bytes: since it was last asked to `forget`, where Linux can."""
    status = Path("/proc/self/status")
    if forget and status.exists():
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return 0
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def settings(folder: Path) -> dict[str, Any]:
    """The vars that point the project at the synthetic files, which are complete through the last order."""
    [(last_order_on,)] = duckdb.sql(
        f"select cast(cast(max(ordered_at) as date) as varchar) from '{folder}/orders.parquet'"
    ).fetchall()
    return {
        "as_of_date": last_order_on,
        "raw_files": f"{folder}/{{name}}.parquet",
        "raw_tables": ["customers", "orders", "subscriptions"],
        "raw_columns": {
            "orders": {"updated_at": "null"},
            "customers": {"email": "null", "signed_up_at": "null"},
        },
        "max_days_without_orders": 36600,
    }


def database(folder: Path) -> Path:
    """The DuckDB file that is built in the folder."""
    return folder / "built.duckdb"


def make_data(customers: int, folder: Path) -> tuple[int, int]:
    """Writes the Parquet files; how many orders and subscription periods there are."""
    with duckdb.connect() as connection:
        for make in (MAKE_ORDERS, MAKE_CUSTOMERS, MAKE_SUBSCRIPTIONS):
            connection.execute(make.format(customers=customers, folder=folder))
        orders, periods = (
            connection.execute(f"select count(*) from '{folder}/{name}.parquet'").fetchall()[0][0]
            for name in ("orders", "subscriptions")
        )
    return orders, periods


def run_dbt(
    command: str,
    folder: Path,
    *arguments: str,
    memory_limit: str | None = None,
    manifest: Manifest | None = None,
) -> tuple[Measured, dict[str, Any]]:
    """Runs `dbt run` or `dbt test` in this process, a node at a time; what it took, and the nodes of the manifest.

    Raises RuntimeError where a model cannot be built. A data test that fails is named in the result.
    """
    make_faster()
    limits = {"memory_limit": memory_limit} if memory_limit else {}
    output = {
        "type": "duckdb", "path": str(database(folder)), "schema": "main", "threads": 2,
        "settings": {"TimeZone": "UTC", **limits},
    }  # fmt: skip
    profile = {"retention_ledger": {"target": "duckdb", "outputs": {"duckdb": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    measured, started = Measured(), {}

    def listen(event: Any) -> None:
        if event.info.name in ("NodeStart", "NodeFinished"):
            node = event.data.node_info
            if event.info.name == "NodeStart":
                started[node.unique_id] = cpu_seconds()
            else:
                measured.seconds[node.unique_id] = cpu_seconds() - started[node.unique_id]

    peak_memory(forget=True)
    runner = dbtRunner(manifest=manifest, callbacks=[listen])
    outcome = runner.invoke([
        command, *arguments, "--quiet", "--threads", "1", "--no-write-json", "--log-level", "none", "--log-level-file", "none",
        "--vars", yaml.safe_dump(settings(folder)), "--project-dir", str(ROOT), "--profiles-dir", str(folder),
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
    ])  # fmt: skip
    measured.peak = peak_memory()
    DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise RuntimeError(f"The benchmark's dbt {command} could not be run: {outcome.exception}")
    measured.failed = [
        result.node.name
        for result in outcome.result
        if result.status in ("error", "fail", "skipped")
    ]
    if command == "run" and measured.failed:
        raise RuntimeError(f"The benchmark's models {measured.failed} could not be built.")
    nodes = {result.node.unique_id: result.node for result in outcome.result}
    return measured, nodes


def rooms_of(measured: Measured, nodes: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Room -> model -> CPU seconds, rooms in the order of their first model."""
    rooms: dict[str, dict[str, float]] = {}
    for unique_id, seconds in measured.seconds.items():
        node = nodes[unique_id]
        room = next(name for name in node.fqn[1:-1] if name not in ("marts", "helpers", "base"))
        rooms.setdefault(room, {})[node.name] = seconds
    return rooms


def chain_to(name: str, nodes: dict[str, Any]) -> set[str]:
    """The model `name` and every model that it is made of, as unique ids."""
    waiting = [unique_id for unique_id, node in nodes.items() if node.name == name]
    found: set[str] = set()
    while waiting:
        unique_id = waiting.pop()
        if unique_id in nodes and unique_id not in found:
            found.add(unique_id)
            waiting.extend(nodes[unique_id].depends_on.nodes)
    return found


def by_spine(folder: Path, memory_limit: str | None = None) -> Balances:
    """The balances by month from a spine of customers and months."""
    with duckdb.connect(
        config={"memory_limit": memory_limit} if memory_limit else {}
    ) as connection:
        connection.execute(f"set temp_directory = '{folder}/spilled'")
        return connection.execute(SPINE.format(folder=folder)).fetchall()


def by_pandas(folder: Path) -> Balances:
    """The same with pandas: the last order of each customer by the end of each month, in a table of both."""
    import pandas

    orders = duckdb.sql(
        f"select customer_id, cast(ordered_at as date) as ordered_on from '{folder}/orders.parquet'"
    ).df()
    month = orders["ordered_on"].dt.to_period("M")
    orders["day"] = (orders["ordered_on"] - pandas.Timestamp(0)).dt.days
    last = orders.groupby(["customer_id", month])["day"].max().unstack()
    months = pandas.period_range(month.min(), month.max(), freq="M")
    last = last.reindex(columns=months).ffill(axis=1)
    first = orders.groupby("customer_id")["ordered_on"].min().dt.to_period("M").reindex(last.index)
    balances = []
    was_active = pandas.Series(False, index=last.index)
    for each in months:
        is_active = (each.end_time - pandas.Timestamp(0)).days - last[each] < 90
        came = is_active & ~was_active
        is_new = came & (first == each)
        balances.append((
            each.start_time.date(), int(was_active.sum()), int(is_new.sum()), int((came & ~is_new).sum()),
            int((was_active & ~is_active).sum()), int(is_active.sum()),
        ))  # fmt: skip
        was_active = is_active
    return balances


def same_counts(balances: Balances, ledger: Balances) -> bool:
    """Whether the months that the ledger calls complete have the same five counts."""
    by_month = {row[0]: row for row in balances}
    return bool(ledger) and all(by_month.get(row[0]) == row for row in ledger)


def bench(
    customers: int,
    folder: Path,
    *,
    memory_limit: str | None = None,
    tests: str = "test_type:data",
    manifest: Callable[[], Manifest] | None = None,
) -> str:
    """Measures everything; a page of Markdown.

    `tests` selects the data tests that are run, `manifest` makes what dbt would otherwise read in the project.
    Raises RuntimeError where what is counted by hand differs from the ledger.
    """

    def read() -> Manifest | None:
        return manifest() if manifest else None

    orders, periods = make_data(customers, folder)
    with duckdb.connect(config={"threads": 2}) as connection:
        sql = YARDSTICK.format(folder=folder)
        f = median(took(lambda: connection.execute(sql).fetchall())[0] for _ in range(3))
    models, nodes = run_dbt("run", folder, memory_limit=memory_limit, manifest=read())
    total = sum(models.seconds.values())
    checked, _ = run_dbt(
        "test", folder, "--select", tests, memory_limit=memory_limit, manifest=read()
    )
    tested = sum(checked.seconds.values())
    chain = sum(
        models.seconds.get(unique_id, 0) for unique_id in chain_to("retention_by_period", nodes)
    )

    with duckdb.connect(str(database(folder)), read_only=True) as connection:
        ledger = connection.execute(LEDGER).fetchall()
    by_hand = {"a spine of customers and months, in SQL": lambda: by_spine(folder, memory_limit)}
    if find_spec("pandas"):
        by_hand["a script for pandas"] = lambda: by_pandas(folder)
    hand_lines = []
    for name, count in by_hand.items():
        seconds, balances = took(count)
        if not same_counts(balances, ledger):
            raise RuntimeError(f"By hand ({name}) the counts by month are not those of the ledger.")
        hand_lines.append(f"| {name} | {seconds:.1f} | {seconds / f:.0f} | {seconds / chain:.2f} |")

    before = cpu_seconds(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", FIT, str(database(folder))], check=True, stdout=subprocess.DEVNULL
    )
    fitted = cpu_seconds(resource.RUSAGE_CHILDREN) - before

    lines = [
        f"{customers:,} customers, {orders:,} orders, {periods:,} subscription periods"
        f"{f', memory_limit {memory_limit}' if memory_limit else ''}. F = {f:.2f} CPU seconds.",
        "",
        "| room | CPU seconds | F | dearest models (CPU seconds, F) |",
        "| --- | ---: | ---: | --- |",
    ]
    for name, room in rooms_of(models, nodes).items():
        seconds = sum(room.values())
        dearest = sorted(room.items(), key=lambda item: -item[1])[:4]
        lines.append(
            f"| {name} | {seconds:.1f} | {seconds / f:.0f} | "
            + ", ".join(f"`{model}` {each:.1f} ({each / f:.0f})" for model, each in dearest)
            + " |"
        )
    lines += [
        f"| **all models** | {total:.1f} | {total / f:.0f} | at most {models.peak / 1e9:.1f} GB of memory |",
        f"| data tests | {tested:.1f} | {tested / f:.0f} | {tested / total:.0%} of the models; {len(checked.seconds)} tests |",
        f"| predict | {fitted:.1f} | {fitted / f:.0f} | |",
        "",
        "| balances of customers | CPU seconds | F | of the ledger |",
        "| --- | ---: | ---: | ---: |",
        f"| the ledger, from the raw files to `retention_by_period` | {chain:.1f} | {chain / f:.0f} | 1.00 |",
        *hand_lines,
    ]
    if checked.failed:
        lines += ["", f"Data tests that failed: {', '.join(checked.failed)}."]
    return "\n".join(lines)


ABOUT = """# What a build costs

`make bench` builds the marts from synthetic orders and subscriptions and writes this page; `python -m retention_ledger.bench
--customers 100000` prints it for another number of customers, `--memory-limit 4GB` lets DuckDB have no more than that
(it writes the rest to disk), `--folder` says where the data lie. CPU seconds are of all threads, user and system, on a machine
of two cores. They depend on the machine and on what else it does; the ratios do so less. F is `count(distinct customer)`
by month over the same orders, measured in the same run.

The ledger is counted for three rules of who is active, four grains and every segment, with rejected rows and findings on the way.
By hand, one rule is counted by month and in total, and the counts are the same; it reads clean data and would count refunds,
duplicates and late rows wrongly.

"""


def main() -> int:
    """Parses the command line, prints the page, and writes it where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--memory-limit", help="of DuckDB, such as 4GB; what is over goes to disk")
    parser.add_argument("--folder", type=Path, help="where a temporary folder for the data is made")
    parser.add_argument("--write", action="store_true", help=f"writes {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        page = bench(asked.customers, Path(folder), memory_limit=asked.memory_limit)
    print(page)
    if asked.write:
        PAGE.write_text(ABOUT + page + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
