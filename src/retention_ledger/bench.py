"""How long a build takes on many customers, against a yardstick measured in the same run.

`python -m retention_ledger.bench --customers 1000000` (or `make bench`) writes synthetic orders to a
temporary folder, about 5 per customer, and subscriptions, about 2.7 periods for every second customer,
builds the marts from them, and prints the seconds of each room and their ratio to the yardstick: one
window pass over the same orders. Timings of one machine
do not compare with those of another; the ratios do.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import yaml

ROOT = Path(__file__).resolve().parents[2]

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
create or replace temp table yardstick as
select *, lag(ordered_at) over (partition by customer_id order by ordered_at) as previous_ordered_at
from '{folder}/orders.parquet'
"""
# The fit alone: `retention-ledger predict` would read the project and build marts as well.
FIT = "import pathlib, sys, retention_ledger.prediction as p; p.predict(pathlib.Path(sys.argv[1]))"


def settings(folder: Path) -> dict:
    """The vars that point the project at the synthetic files."""
    return {
        "raw_files": f"{folder}/{{name}}.parquet",
        "raw_tables": ["customers", "orders", "subscriptions"],
        "raw_columns": {
            "orders": {"updated_at": "null"},
            "customers": {"email": "null", "signed_up_at": "null"},
        },
        "max_days_without_orders": 36600,
    }


def environment(folder: Path) -> dict[str, str]:
    """The environment in which dbt writes to the folder's own database."""
    return {**os.environ, "RETENTION_LEDGER_DB": str(folder / "bench.duckdb")}


def run_models(folder: Path) -> dict[str, dict[str, float]]:
    """Builds all models, one at a time; room -> model -> seconds, rooms in the order of their first model."""
    command = [
        sys.executable, "-m", "dbt.cli.main", "run", "--quiet", "--threads", "1",
        "--vars", yaml.safe_dump(settings(folder)), "--target-path", str(folder / "target"),
        "--project-dir", str(ROOT), "--profiles-dir", str(ROOT / "profiles"),
    ]  # fmt: skip
    subprocess.run(command, check=True, env=environment(folder))
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    rooms: dict[str, dict[str, float]] = {}
    for result in json.loads((folder / "target" / "run_results.json").read_text())["results"]:
        node = nodes.get(result["unique_id"], {})
        if node.get("resource_type") == "model":
            folders = [
                name for name in node["fqn"][1:-1] if name not in ("marts", "helpers", "base")
            ]
            rooms.setdefault(folders[0], {})[node["name"]] = result["execution_time"]
    return rooms


def bench(customers: int, folder: Path) -> str:
    """Measures all stages; a table as text."""
    with duckdb.connect() as connection:
        connection.execute(MAKE_ORDERS.format(customers=customers, folder=folder))
        connection.execute(MAKE_CUSTOMERS.format(customers=customers, folder=folder))
        connection.execute(MAKE_SUBSCRIPTIONS.format(customers=customers, folder=folder))
        [(orders,)] = connection.execute(
            f"select count(*) from '{folder}/orders.parquet'"
        ).fetchall()
        [(periods,)] = connection.execute(
            f"select count(*) from '{folder}/subscriptions.parquet'"
        ).fetchall()
        started = time.perf_counter()
        connection.execute(YARDSTICK.format(folder=folder))
        yardstick = time.perf_counter() - started
    lines = [
        f"{customers:,} customers, {orders:,} orders, {periods:,} subscription periods; "
        f"yardstick (one window pass over the orders): {yardstick:.1f} s",
        "",
        f"{'room':<14}{'seconds':>9}{'x yardstick':>13}   slowest models",
    ]
    for name, models in run_models(folder).items():
        total = sum(models.values())
        slowest = sorted(models.items(), key=lambda item: -item[1])[:4]
        lines.append(
            f"{name:<14}{total:>9.1f}{total / yardstick:>13.1f}   "
            + ", ".join(f"{model} {seconds:.1f}" for model, seconds in slowest)
        )
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", FIT, str(folder / "bench.duckdb")], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    lines.append(f"{'predict':<14}{seconds:>9.1f}{seconds / yardstick:>13.1f}")
    return "\n".join(lines)


def main() -> int:
    """Parses the command line and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        print(bench(parser.parse_args().customers, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
