"""Which closed figures moved since the last published build, and why.

A published build keeps the values of its complete periods (`int_published_values`), the policy they were
made with (`int_published_policy`) and a fingerprint of each raw row (`int_published_rows`). The next build is
compared with them before it is published. A figure that moved goes into `metric_restatements` with the
causes that happened and can reach it; one that nothing explains stops the publication.
"""

from pathlib import Path

import duckdb

from retention_ledger.closed_values import HAS_MOVED, KEYS, closed_values, side_by_side
from retention_ledger.database import Build, find_build, opened
from retention_ledger.errors import Stop

#: Per raw table: what names a row, the day it is about, and what it says. A row without a day reaches every period.
RAW_ROWS = {
    "orders": ("order_id", "ordered_on", "raw_record"),
    "refunds": ("refund_id", "refunded_on", "raw_record"),
    "subscriptions": ("subscription_id, item_id", "started_on", "raw_record"),
    "exchange_rates": ("currency, valid_from", "valid_from", "raw_record"),
    "customer_id_map": ("old_customer_id", "date '0001-01-01'", "raw_record"),
    "calendar": ("calendar_day", "date '0001-01-01'", "raw_record"),
    "marketing_spend": ("spend_id", "spent_on", "raw_record"),
    "support_tickets": ("ticket_id", "opened_on", "raw_record"),
    "feedback": ("feedback_id", "given_on", "raw_record"),
    # Without their attributes, which are compared below; from the first day that the customer did something.
    "customers": ("customer_id", "first_on", "email, signed_up_at, reject_reason"),
}  # fmt: skip
READ = ("metric_values", "metric_definitions", "policy_settings")
KEPT = ("int_published_values", "int_published_policy", "int_published_rows")
LOG = "metric_restatements"

FIRST_DAYS = """
create or replace temp table first_days as
select customer_id, min(first_on) as first_on
from (
    select customer_id, ordered_on as first_on from {stg_orders}
    union all
    select customer_id, started_on from {stg_subscriptions}
) as activity
group by customer_id
"""
# A hash that every version of DuckDB makes the same.
HASH = "cast('0x' || substr(md5({text}), 1, 15) as bigint)"
ROWS_OF = """
insert into rows_now
select '{source}', {key}, {content}, min(on_day)
from (
    select concat_ws('|', {keys}) as row_key, cast({day} as date) as on_day, concat_ws('|', {says}) as content
    from {table}
) as raw_rows
group by row_key
"""
ROW_CHANGES = """
create or replace temp table row_changes as
select
    source_table,
    case when before.row_key is null then 'late' when after.row_key is null then 'deleted' else 'corrected' end as change,
    least(before.on_day, after.on_day) as on_day,
    count(*) as changed
from {int_published_rows} as before
full join rows_now as after using (source_table, row_key)
where before.content is distinct from after.content
group by all
"""
POLICY_CHANGES = """
create or replace temp table policy_changes as
select kind, name, before.value as old_value, after.value as new_value
from {int_published_policy} as before
full join policy_now as after using (kind, name)
where before.value is distinct from after.value
"""
MOVED = f"""
create or replace temp table moved as
with {side_by_side("{int_published_values}", "values_now")}
select both_builds.*
from both_builds
inner join shared using (metric, basis, period_grain, period_start, segment_dimension)
where {HAS_MOVED}
"""
EXPLAINED = """
create or replace temp table explained as
with reasons as (
    select moved.metric, null as period_end, null as segment_dimension, 1 as place, 'formula_changed' as cause,
        'the formula of ' || moved.metric || ' changed' as says
    from (select distinct metric from moved) as moved
    inner join policy_changes on policy_changes.kind = 'formula' and policy_changes.name = moved.metric
    union all
    select null, null, null, 2, 'policy_changed',
        string_agg(name || ' was ' || coalesce(old_value, 'not there') || ', is ' || coalesce(new_value, 'not there'), '; ' order by name)
    from policy_changes
    where kind = 'setting'
    having count(*) > 0
    union all
    select null, ends.period_end, null, 3, 'rows_' || change,
        sum(changed) || case when sum(changed) = 1 then ' row of ' else ' rows of ' end || source_table
        || case change when 'late' then ' arrived late' else ' ' || change end
    from (select distinct period_end from moved) as ends
    inner join row_changes on row_changes.on_day <= ends.period_end
    where not contains(source_table, '.')
    group by ends.period_end, change, source_table
    union all
    select null, null, split_part(source_table, '.', 2), 4, 'attributes_changed',
        split_part(source_table, '.', 2) || ' of ' || sum(changed) || case when sum(changed) = 1 then ' customer' else ' customers' end || ' changed'
    from row_changes
    where contains(source_table, '.') and change = 'corrected'
    group by source_table
)
select {keys}, old_value, new_value,
    coalesce(string_agg(distinct cause, ', ' order by cause) filter (cause is not null), 'unexplained') as cause,
    coalesce(string_agg(says, '; ' order by place, says) filter (cause is not null), 'Nothing that was read has changed.') as explanation
from (
    select moved.*, reasons.cause, reasons.says, reasons.place
    from moved
    left join reasons
        on coalesce(reasons.metric, moved.metric) = moved.metric
        and coalesce(reasons.period_end, moved.period_end) = moved.period_end
        and coalesce(reasons.segment_dimension, moved.segment_dimension) = moved.segment_dimension
) as matched
group by all
"""


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The names of a table's columns."""
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def read_now(connection: duckdb.DuckDBPyConnection, build: Build) -> None:
    """What the build in a candidate has: the temp tables values_now, policy_now and rows_now."""
    connection.execute(
        f"create or replace temp table values_now as {closed_values(build.table('metric_values'))}"
    )
    connection.execute(
        f"""create or replace temp table policy_now as
        select 'setting' as kind, setting as name, value from {build.table("policy_settings")} where is_part_of_version
        union all
        select 'formula', metric, concat_ws(' | ', min(numerator), min(denominator), min(condition))
        from {build.table("metric_definitions")} group by metric"""
    )
    connection.execute(
        f"create or replace temp table rows_now as from {build.table('int_published_rows')} limit 0"
    )
    staged = {f"stg_{source}": build.table(f"stg_{source}") for source in RAW_ROWS}
    connection.execute(FIRST_DAYS.format(**staged))
    for source, (keys, day, says) in RAW_ROWS.items():
        table = staged[f"stg_{source}"]
        if source == "customers":
            table = f"(select * from {table} left join first_days using (customer_id))"
        connection.execute(rows_of(source, keys, day, says, table))
    attributes = {*columns_of(connection, staged["stg_customers"])}
    attributes -= {"customer_id", "email", "signed_up_at", "updated_at", "reject_reason"}
    for name in sorted(attributes - {"rejected_value", "raw_record"}):
        connection.execute(
            rows_of(f"customers.{name}", "customer_id", "null", f'"{name}"', staged["stg_customers"])
        )  # fmt: skip


def rows_of(source: str, keys: str, day: str, says: str, table: str) -> str:
    """The SQL that adds the fingerprints of a raw table, one per key."""
    texts = [
        ", ".join(f"coalesce(cast({name} as varchar), '')" for name in names.split(", "))
        for names in (keys, says)
    ]
    return ROWS_OF.format(
        source=source, keys=texts[0], day=day, says=texts[1], table=table, key=HASH.format(text="row_key"),
        content=HASH.format(text="string_agg(content, chr(10) order by content)"),
    )  # fmt: skip


def compare(connection: duckdb.DuckDBPyConnection, build: Build) -> int:
    """Compares the build in a candidate with the last one published: the temp table explained; how many are unexplained."""
    names = {name: build.table(name) for name in KEPT}
    for sql in (ROW_CHANGES, POLICY_CHANGES, MOVED, EXPLAINED):
        connection.execute(sql.format(keys=KEYS, **names))
    [(unexplained,)] = connection.execute(
        "select count(*) from explained where cause = 'unexplained'"
    ).fetchall()
    return unexplained


def raw_rows_changed(database: Path, schema: str | None = None) -> dict[str, int] | None:
    """Raw table -> how many of its rows that can reach a published closed period are others than when the build in a
    database was published; null where that is not known, because it was not published by the command."""
    with opened(database) as connection:
        build = find_build(connection, database, schema)
        needed = [*READ, *KEPT, *(f"stg_{name}" for name in RAW_ROWS)]
        if any(name not in build.relations for name in needed) or build.missing(connection, needed):
            return None
        kept = {name: build.table(name) for name in KEPT}
        [(rows, until)] = connection.execute(
            "select (select count(*) from {int_published_rows}), (select max(period_end) from {int_published_values})".format(
                **kept
            )
        ).fetchall()
        if not rows or until is None:
            return None
        read_now(connection, build)
        connection.execute(ROW_CHANGES.format(**kept))
        changed = "select source_table, cast(sum(changed) as bigint) from row_changes where on_day is null or on_day <= ? group by 1 order by 1"
        return dict(connection.execute(changed, [until]).fetchall())


def restate(candidate: Path, schema: str, is_whole: bool, is_other_data: bool = False) -> list[str]:
    """Lists what moved in a candidate and keeps its values for the next build; the same in lines for people.

    Of a build with `--select` the fingerprints are not kept, because not all of it read the raw rows. Other data
    (`--replace`) moves nothing. Stop where a figure moved and nothing explains it.
    """
    with opened(candidate, read_only=False) as connection:
        build = find_build(connection, candidate, schema)
        if build.missing(connection, [*READ, *KEPT, LOG, *(f"stg_{name}" for name in RAW_ROWS)]):
            return []
        connection.begin()
        if is_other_data:
            for name in (*KEPT, LOG):
                connection.execute(f"delete from {build.table(name)}")
        read_now(connection, build)
        unexplained = compare(connection, build)
        reasons = connection.execute(
            "select explanation, count(*) from explained group by 1 order by 2 desc, 1"
        ).fetchall()
        connection.execute(
            f"""insert into {build.table(LOG)} by name
            select {KEYS}, cause, explanation, old_value, new_value,
                (select max(build_id) from {build.table("published_builds")}) as old_build,
                cast(current_timestamp at time zone 'UTC' as timestamp) as restated_at,
                (select min(policy_version) from {build.table("policy_settings")}) as policy_version
            from explained"""
        )
        if not unexplained:
            kept = zip(KEPT, ("values_now", "policy_now", "rows_now"), strict=True)
            for name, now in kept:
                if is_whole or name == "int_published_values":
                    connection.execute(f"delete from {build.table(name)}")
                    connection.execute(f"insert into {build.table(name)} by name from {now}")
        connection.commit()
        first = connection.execute(
            "select metric, segment_dimension, segment_value, period_grain, period_start, old_value, new_value "
            "from explained where cause = 'unexplained' order by all limit 1"
        ).fetchone()
    if unexplained:
        metric, dimension, segment, grain, start, old, new = first
        raise Stop(
            f"{unexplained:,} closed figures are not what was published, and nothing explains it, such as {metric} of "
            f"{dimension} {segment}, {grain} of {start}: was {old}, is {new}. No setting, formula, raw row or attribute "
            "that they rest on has changed. All are in metric_restatements of the candidate. Where a model was changed on "
            "purpose, say so: another `policy_release` in the settings explains them."
        )
    return lines_of(reasons)


def lines_of(reasons: list[tuple[str, int]]) -> list[str]:
    """How many closed figures moved and why, the reason of most of them first."""
    if not reasons:
        return []
    moved = sum(number for _, number in reasons)
    lines = [f"  {number:,}: {says}" for says, number in reasons[:5]]
    if len(reasons) > 5:
        lines.append(f"  {sum(number for _, number in reasons[5:]):,}: other reasons")
    heading = (
        f"Closed figures that are not what was published before: {moved:,} (metric_restatements)"
    )
    return ["", heading, *lines]
