"""Writes down how an export is read: settings with, for each column, what it was taken for and values of it."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from retention_ledger.cli.project import carried
from retention_ledger.init import guesses
from retention_ledger.init.guesses import Mapping, Times
from retention_ledger.init.layouts import Layout
from retention_ledger.init.tables import ATTACHED, Column, Found, Table

#: How a comment begins that only the user can settle.
DECIDE = "# decide:"
SEGMENTS = ("country", "acquisition_channel", "customer_segment")
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}


@dataclass
class Proposal:
    """The text of a settings file, a line for each table read, and the decisions that it leaves."""

    text: str
    read_as: list[tuple[str, str]] = field(default_factory=list)

    @property
    def decisions(self) -> list[str]:
        """What only the user can settle: setting and question."""
        return [
            f"{line.split(':')[0].strip()}: {line.split(DECIDE, 1)[1].strip()}"
            for line in self.text.splitlines()
            if DECIDE in line
        ]


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


def sample(column: Column | None, most: int = 3) -> str:
    """Values of a column for a comment, each cut at 30 characters, line ends made visible."""
    if column is None:
        return ""
    if not column.values:
        return "no values"
    return " | ".join(
        repr(value[:30] + ("..." if len(value) > 30 else ""))[1:-1]
        for value in column.values[:most]
    )


def source_of(table: Table, folder: Path, to: Path) -> Any:
    """The path or the paths of a table's files, as the settings file in the folder `to` names them."""
    paths = table.source if isinstance(table.source, list) else [table.source]
    said = [os.path.relpath(folder / path, to) for path in paths]
    return said if isinstance(table.source, list) else said[0]


# Known systems


def known_system(layout: Layout, found: Found, folder: Path, to: Path) -> Proposal:
    """The settings of a known system, with the files that are here and what their values say."""
    settings = layout.settings
    given = yaml.safe_load(settings)
    files = {name: source_of(table, folder, to) for name, table in layout.tables.items()}
    text = replaced(settings, "raw_files", given, files)
    formats = dict(given.get("raw_file_formats") or {})
    for name, table in layout.tables.items():
        # In which encoding a file is, it shows itself.
        others = {key: value for key, value in formats.pop(name, {}).items() if key != "encoding"}
        if others or table.format:
            formats[name] = {**others, **table.format}
    if formats != (given.get("raw_file_formats") or {}):
        text = replaced(text, "raw_file_formats", given, formats)
    # The day of the example is nobody else's. Without one it is that of the last order; subscriptions ask for it.
    text = re.sub(r"(?m)^as_of_date: \S+", "as_of_date: null", text, count=1)
    currencies = {
        value.upper()
        for table in layout.tables.values()
        for column in table.columns.values()
        if guesses.plain(column.name) in guesses.NAMES["orders"]["currency"].split()
        and column.different == 1
        for value in column.values
    }
    if len(currencies) == 1 and "reporting_currency" in given:
        text = decided(
            text, "reporting_currency", currencies.pop(), "the only currency in the files"
        )
    read = [(str(table.source), f"{layout.title}: {name}") for name, table in layout.tables.items()]
    unknown = "".join(f"#   - {line}\n" for line in layout.cannot_be_known)
    head = f"# {layout.title}, recognised by its columns. examples/{layout.folder.name}/README.md says what is counted.\n"
    if unknown:
        head += f"# What this export cannot tell:\n{unknown}"
    return Proposal(head + text, read)


def replaced(text: str, name: str, given: dict[str, Any], value: Any) -> str:
    """The text of settings with another value of one of them; the comments of the others stay."""
    line = f"{name}: {flow(value)}\n"
    if name not in given:
        return text.rstrip("\n") + "\n" + line
    return re.sub(rf"(?m)^{name}:.*\n(?:[ \t]+.*\n|[ \t]*-.*\n)*", lambda _: line, text, count=1)


def decided(text: str, name: str, value: Any, why: str) -> str:
    """The text of settings in which a decision is taken, because the files say it."""
    return re.sub(rf"(?m)^{name}:.*$", lambda _: f"{name}: {flow(value)} # {why}", text, count=1)


# Any other export


def any_system(mappings: list[Mapping], found: Found, folder: Path | None, to: Path) -> Proposal:
    """Settings for tables of unknown origin."""
    raw = {mapping.raw_table: mapping for mapping in mappings}
    how = {
        (mapping.raw_table, name): guesses.times(guesses.values_of(mapping, name, found.connection))
        for mapping in mappings
        for name in mapping.columns
        if name in guesses.TIMES
    }
    blocks = [
        places(mappings, found, folder, to),
        columns(mappings, found),
        statuses(raw, found),
        reading(mappings, how, found),
        money(mappings, found),
        time(raw, how, found),
        segments(raw),
    ]
    text = (
        "# Written by `retention-ledger init`. What a comment says was read in the files; what follows `decide:` is a guess\n"
        "# that only you can settle. docs/own_data.md and docs/policy.md explain each setting.\n\n"
        + "\n".join(block for block in blocks if block)
    )
    read = [
        (str(mapping.table.source), f"{mapping.raw_table}, {mapping.table.rows:,} rows")
        for mapping in mappings
    ]
    return Proposal(text, read)


def places(mappings: list[Mapping], found: Found, folder: Path | None, to: Path) -> str:
    """Where the raw tables are; `folder` is the database file where they are in one, and None for a schema."""
    lines = [f"raw_tables: {flow([mapping.raw_table for mapping in mappings])}"]
    if found.kind is not None and folder is not None:
        database = {"path": os.path.relpath(folder, to), "type": found.kind}
        lines.append(f"attached_databases: {flow({ATTACHED: database})}")
    if folder is None or found.kind is not None:
        lines.append(
            f"raw_relations: {flow({mapping.raw_table: mapping.table.source for mapping in mappings})}"
        )
    else:
        lines.append(
            f"raw_files: {flow({m.raw_table: source_of(m.table, folder, to) for m in mappings})}"
        )
    formats = {
        mapping.raw_table: mapping.table.format for mapping in mappings if mapping.table.format
    }
    if formats:
        lines.append(f"raw_file_formats: {flow(formats)} # not UTF-8: it looks like this")
    return "\n".join(lines) + "\n"


def columns(mappings: list[Mapping], found: Found) -> str:
    """Which column is which, with what stands in it, and what is not used."""
    lines, line_level = ["raw_columns:"], []
    raw = {mapping.raw_table: mapping for mapping in mappings}
    for mapping in mappings:
        lines.append(f"  {mapping.raw_table}: # {mapping.table.rows:,} rows")
        for name in guesses.NAMES[mapping.raw_table]:
            column = mapping.columns.get(name)
            if column is not None:
                filled = (
                    ""
                    if column.filled == mapping.table.rows
                    else f"; {column.filled:,} of {mapping.table.rows:,} rows have one"
                )
                lines.append(
                    f"    {name}: {flow(expression(name, column))} # {sample(column)}{filled}{doubt(mapping, name, raw, found)}"
                )
            elif mapping.raw_table == "orders" and name == "order_id":
                both = " || ' ' || ".join(
                    f"cast({sql_name(mapping.columns[each].name)} as varchar)"
                    for each in ("customer_id", "ordered_at")
                )
                lines.append(
                    f"    order_id: {flow(both)} # no column is an id: one order per customer and moment"
                )
            elif name not in guesses.MAY_BE_ABSENT and not (
                mapping.raw_table == "subscriptions"
                and name == "monthly_amount"
                and "price" in mapping.columns
            ):
                lines.append(f"    {name}: null # not found{asked_for(mapping, name)}")
        used = {column.name for column in mapping.columns.values()}
        unused = [name for name in mapping.table.columns if name not in used]
        if unused:
            lines.append(f"    # not used: {', '.join(unused[:40])}")
        if is_by_line(mapping, found):
            line_level.append(mapping.raw_table)
    if line_level:
        lines.append(
            f"raw_line_level: {flow(line_level)} # an id stands on several rows: their amounts are added up"
        )
    return "\n".join(lines) + "\n"


def expression(name: str, column: Column) -> str:
    """What raw_columns says of a column: its name, or an amount in cents as an amount."""
    said = sql_name(column.name)
    in_cents = name in guesses.AMOUNTS and guesses.plain(column.name).endswith("cents")
    return f"cast({said} as bigint) / 100" if in_cents else said


def asked_for(mapping: Mapping, name: str) -> str:
    """A question where orders seem to have no amount and other columns hold numbers: without one, no figure has money."""
    if (mapping.raw_table, name) != ("orders", "amount"):
        return ""
    used = {column.name for column in mapping.columns.values()}
    numbers = [
        column.name
        for column in mapping.table.columns.values()
        if column.name not in used and column.values and guesses.is_amount(column)
    ]
    return f" {DECIDE} is the amount one of {', '.join(numbers)}?" if numbers else ""


def doubt(mapping: Mapping, name: str, raw: dict[str, Mapping], found: Found) -> str:
    """What speaks against a column being what its name says; empty where nothing does."""
    if name != "customer_id":
        return ""
    column = mapping.columns[name]
    orders = mapping.columns.get("order_id")
    ordered = orders.different if orders else mapping.table.rows
    if mapping.raw_table == "orders" and column.different == ordered > 20:
        return (
            f" {DECIDE} nobody ordered twice; is this one per order, and another column the person?"
        )
    buyers = raw.get("orders") or raw.get("subscriptions")
    if mapping.raw_table == "customers" and buyers is not None:
        share = guesses.known_share(buyers, mapping, found.connection)
        if share < 0.9:
            return f" {DECIDE} only {share:.0%} of those in {buyers.raw_table} are among these customers"
    return ""


def sql_name(column: str) -> str:
    """A column as raw_columns names it: quoted where it is no plain name."""
    return column if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", column) else f'"{column}"'


def is_by_line(mapping: Mapping, found: Found) -> bool:
    """Whether an order stands on several rows that differ: its lines, not copies of it."""
    key = {"orders": "order_id", "refunds": "refund_id"}.get(mapping.raw_table)
    column = mapping.columns.get(key or "")
    if column is None or column.different >= column.filled or "updated_at" in mapping.columns:
        return False
    distinct = found.connection.execute(
        f"select count(*) from (select distinct * from {mapping.table.relation})"
    ).fetchone()[0]
    return distinct > column.different


def statuses(raw: dict[str, Mapping], found: Found) -> str:
    """Which orders count."""
    mapping = raw.get("orders")
    if mapping is None or "status" not in mapping.columns:
        return ""
    counted, uncounted, unknown = [], [], []
    counts = guesses.counts_of(mapping, "status", found.connection)
    for value, _ in counts:
        word = value.removeprefix("wc-").replace(" ", "_")
        place = (
            counted
            if word in guesses.COUNTED
            else uncounted
            if word in guesses.UNCOUNTED
            else unknown
        )
        place.append(value)
    said = ", ".join(f"{value} {rows:,}" for value, rows in counts[:12])
    question = f" {DECIDE} is {', '.join(unknown)} a purchase?" if unknown else ""
    return (
        f"# Orders by status: {said}\n"
        f"counted_order_statuses: {flow(counted)}\n"
        f"uncounted_order_statuses: {flow(uncounted + unknown)}{question}\n"
    )


def reading(mappings: list[Mapping], how: dict[tuple[str, str], Times], found: Found) -> str:
    """How numbers and times are written."""
    lines = []
    commas = {
        mapping.raw_table: comma
        for mapping in mappings
        for name in ("amount", "monthly_amount", "price")
        if name in mapping.columns
        and (comma := guesses.decimal_comma(guesses.values_of(mapping, name, found.connection)))
        is not None
    }
    if any(commas.values()):
        said = (
            ","
            if all(commas.values())
            else {"default": ".", **{table: "," for table, comma in commas.items() if comma}}
        )
        lines.append(f"decimal_separator: {flow(said)}")
    lines += missing_ends(mappings, found)
    formats = list(dict.fromkeys(each for times in how.values() for each in times.formats))
    if formats:
        undecided = [
            f"{table}.{name}"
            for (table, name), times in how.items()
            if times.undecided and times.formats
        ]
        asks = (
            f" {DECIDE} does the month come first in {', '.join(undecided)}? No value says."
            if undecided
            else ""
        )
        lines.append(f"timestamp_formats: {flow(formats)}{asks}")
    units: dict[str, dict[str, str]] = {}
    for (table, name), times in how.items():
        if times.unit:
            units.setdefault(table, {})[name] = times.unit
    if units:
        lines.append(f"raw_time_units: {flow(units)}")
    return "\n".join(lines) + "\n" if lines else ""


def missing_ends(mappings: list[Mapping], found: Found) -> list[str]:
    """What is written where a subscription has no end."""
    ended = [each for each in mappings if "ended_on" in each.columns]
    none = [
        value
        for each in ended
        for value in guesses.values_of(each, "ended_on", found.connection)
        if guesses.is_no_date(value)
    ]
    if not none:
        return []
    usual = yaml.safe_load((carried() / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
        "missing_texts"
    ]
    return [
        f"missing_texts: {flow({'default': usual, 'subscriptions.ended_on': none})} # no end is written as {', '.join(none)}"
    ]


def money(mappings: list[Mapping], found: Found) -> str:
    """The currency of the marts."""
    amounts = [
        mapping
        for mapping in mappings
        if {"amount", "monthly_amount", "price"} & mapping.columns.keys()
    ]
    if not amounts:
        return ""
    counts: dict[str, int] = {}
    for mapping in amounts:
        if "currency" in mapping.columns:
            for value, rows in guesses.counts_of(mapping, "currency", found.connection):
                counts[value.upper()] = counts.get(value.upper(), 0) + rows
    if not counts:
        signs = {
            sign
            for mapping in amounts
            for name in ("amount", "monthly_amount", "price")
            for value in guesses.values_of(mapping, name, found.connection, 50)
            for sign in SIGNS
            if sign in value
        }
        if len(signs) == 1:
            return f"reporting_currency: {SIGNS[signs.pop()]} # by the sign in the amounts\n"
        return f"reporting_currency: EUR {DECIDE} no column names the currency of the amounts\n"
    first = max(counts, key=lambda value: counts[value])
    if len(counts) == 1:
        return f"reporting_currency: {first} # the only currency\n"
    others = ", ".join(f"{value} {rows:,}" for value, rows in counts.items())
    return (
        f"reporting_currency: {first} {DECIDE} rows by currency: {others}. Others than this one need the raw table "
        "exchange_rates\n"
    )


def time(raw: dict[str, Mapping], how: dict[tuple[str, str], Times], found: Found) -> str:
    """Whose days are counted, until when, and how long a customer stays active."""
    lines = []
    zoned = [f"{table}.{name}" for (table, name), times in how.items() if times.has_zone]
    clocks = [
        f"{table}.{name}"
        for (table, name), times in how.items()
        if times.has_clock and not times.has_zone
    ]
    what = f"{', '.join(zoned)} say their zone" if zoned else "no time says its zone"
    if zoned or clocks:
        lines.append(
            f"business_timezone: UTC {DECIDE} whose days and months are counted, like Europe/Berlin ({what})"
        )
    else:
        lines.append("business_timezone: UTC # the files have days without a time of day")
    if clocks:
        lines.append(
            f"# raw_timezones: {flow({name.split('.')[0]: 'UTC' for name in clocks})} # where {', '.join(clocks)} is not in business_timezone"
        )
    days = [
        day
        for (table, name), times in how.items()
        if name in ("ordered_at", "started_on", "updated_at", "cancel_requested_on")
        and (day := guesses.last_day(raw[table], name, times, found.connection))
    ]
    if "subscriptions" in raw:
        last = max(days) if days else "2025-01-01"
        lines.append(
            f'as_of_date: "{last}" {DECIDE} the last day that the export is complete through; this is the last start or change in it'
        )
    elif days:
        lines.append(
            f'# as_of_date: "{max(days)}" # the last order; what holds without it is the last order that counts'
        )
    if "orders" in raw:
        lines += activity(raw["orders"], how[("orders", "ordered_at")], found)
    return "\n".join(lines) + "\n"


def activity(mapping: Mapping, how: Times, found: Found) -> list[str]:
    """How long an order keeps a customer active, by the rhythm of the data."""
    seen = guesses.rhythm(mapping, how, found.connection)
    if seen is None:
        return [
            f"inactivity_days: 90 {DECIDE} how long an order keeps a customer active; too few customers ordered twice to tell"
        ]
    days = max(30, -(-int(seen.nine_of_ten) // 30) * 30)
    return [
        f"# Of {seen.pairs:,} orders that followed another, half came within {seen.median:.0f} days and nine of ten within {seen.nine_of_ten:.0f}: "
        "rounded up to whole 30 days,\n# a guess by the rhythm of the data, on which all churn of orders rests. Without this line it is 90.",
        f"inactivity_days: {days}",
    ]


def segments(raw: dict[str, Mapping]) -> str:
    """By what the figures are split."""
    mapping = raw.get("customers")
    kept = [
        name
        for name in SEGMENTS
        if mapping and name in mapping.columns and mapping.columns[name].different <= 50
    ]
    return f"segment_dimensions: {flow(kept)}\n"
