"""What the tests of other engines share: a part of the demo as raw tables, and the macros of macros/cross_db with literals."""

import csv
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb
from dbt_project import ROOT

BY_CUSTOMER = ("customers", "orders", "subscriptions", "support_tickets", "feedback")
TABLES_OF_DEMO = (*BY_CUSTOMER, "refunds", "exchange_rates", "marketing_spend")
SETTINGS = {
    "raw_tables": sorted(TABLES_OF_DEMO), "as_of_date": "2025-12-14", "latest_valid_date": "2025-12-31",
    "gross_margin_rate": 0.6, "max_rejected_share": 0.5, "raw_timezones": {"calendar": "America/New_York"},
}  # fmt: skip


#: What differs for a reason: where the raw data is, what was published, and the raw row as the engine keeps it.
OF_THE_PLACE = {"int_data_held", "published_builds", "int_published_values", "int_published_policy", "int_published_rows"}  # fmt: skip


def write_sample(folder: Path, one_in: int) -> None:
    """The demo's raw tables as CSV, of each `one_in`-th customer (1: of all); texts as they are, also those that say NULL."""
    kept_orders: set[str] = set()
    for name in TABLES_OF_DEMO:
        with (ROOT / "seeds" / f"raw_{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        if name in BY_CUSTOMER:
            place = header.index("customer_id")
            rows = [row for row in rows if zlib.crc32(row[place].strip().lower().encode()) % one_in == 0]  # fmt: skip
        if name == "orders":
            kept_orders = {row[header.index("order_id")] for row in rows}
        if name == "refunds" and one_in > 1:
            rows = [row for row in rows if row[header.index("order_id")] in kept_orders]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])


#: Name -> input text, expression over the column x, expected text.
GOLDEN = {
    "add_days": ("2024-02-28", "add_days('cast(x as date)', 2)", "2024-03-01"),
    "days_between": ("2024-02-28", "days_between('cast(x as date)', \"date '2024-03-01'\")", "2"),
    "add_months": ("2024-01-31", "add_months(1, 'cast(x as date)')", "2024-02-29"),
    "period_start": ("2024-02-29", "period_start('quarter', 'cast(x as date)')", "2024-01-01"),
    "safe_divide, a tie": ("1277.5", "safe_divide('cast(x as decimal(18, 1))', '320')", "3.992188"),
    "safe_divide, below": ("2", "safe_divide('cast(x as integer)', '3')", "0.666667"),
    "safe_divide, negative tie": ("-1277.5", "safe_divide('cast(x as decimal(18, 1))', '320')", "-3.992188"),
    "safe_divide, by nothing": ("2", "safe_divide('cast(x as integer)', '0')", None),
    "exact_quotient": ("10", "exact_quotient('cast(x as decimal(28, 2))', '3')", "3.3333333333"),
    "as_double": ("0.5", "as_double('cast(x as decimal(3, 1))')", "0.5"),
    "clean_text": (" \u00a0Größe\t", "clean_text('x')", "Größe"),
    "clean_text, no value": (" NULL ", "clean_text('x')", None),
    "lower_case": ("ÄÖ", "lower_case('x')", "äö"),
    "upper_case": ("zł", "upper_case('x')", "ZŁ"),
    "clean_id": (" A-01.0 ", "clean_id('x', 'orders.order_id')", "A-01.0"),
    "folded_id": ("A007", "folded_id('x')", "a007"),
    "folded_id, zeros": ("007.0", "folded_id('x')", "7"),
    "is_scientific": ("6.9401E+12", "is_scientific('x')", "true"),
    "is_scientific, a code": ("12E4", "is_scientific('x')", "false"),
    "has_word_of": ("Too EXPENSIVE, sorry", "has_word_of('x', ['expensive'])", "true"),
    "has_word_of, a part": ("inexpensive", "has_word_of('x', ['expensive'])", "false"),
    "date_shape": ("31/12/2024", "date_shape('x')", "9/9/Y"),
    "date_shape, year first": ("2024-12-31T10:00", "date_shape('x')", "Y-9-9"),
    "date_number": ("31/12/2024", "date_number('x', date_shape('x'), 2)", "12"),
    "amount": ("1234.5", "parse_amount('x', 'orders.amount', 'x')", "1234.50000000"),
    "amount, groups and sign": ("-£1,234.56", "parse_amount('x', 'orders.amount', 'x')", "-1234.56000000"),
    "amount, brackets": ("(12.00 EUR)", "parse_amount('x', 'orders.amount', 'x')", "-12.00000000"),
    "amount, lakhs": ("₹1,23,456.7", "parse_amount('x', 'orders.amount', 'x')", "123456.70000000"),
    "amount, words": ("abc", "parse_amount('x', 'orders.amount', 'x')", None),
    "amount, two points": ("1.2.3", "parse_amount('x', 'orders.amount', 'x')", None),
    "amount, too large": ("9" * 17, "parse_amount('x', 'orders.amount', 'x')", None),
    "amount, other digits": ("١٢", "parse_amount('x', 'orders.amount', 'x')", None),
    "rounded amount": ("0.005", "parse_rounded_amount('x', 'orders.amount', \"'GBP'\", 'x')", "0.010"),
    "currency of an amount": ("R$ 5", "amount_currency('x', 'x')", "R$"),
    "timestamp": ("2024-02-29 10:00:00", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-02-29 10:00:00"),
    "timestamp, no such day": ("2023-02-29", "parse_timestamp('x', 'orders.ordered_at', 'x')", None),
    "timestamp, offset": ("2024-07-01T10:00:00+02:00", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-07-01 09:00:00"),
    "timestamp, Z": ("2024-07-01T10:00Z", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-07-01 11:00:00"),
    "timestamp, abbreviation": ("2024-07-01 10:00 PDT", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-07-01 18:00:00"),
    "timestamp, zone": ("2024-07-01T10:00[Europe/Berlin]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-07-01 09:00:00"),
    "timestamp, unknown zone": ("2024-07-01T10:00[Europe/Nowhere]", "parse_timestamp('x', 'orders.ordered_at', 'x')", None),
    "timestamp, skipped in Berlin": ("2024-03-31T02:30[Europe/Berlin]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-03-31 02:30:00"),
    "timestamp, twice in Berlin": ("2024-10-27T02:30[Europe/Berlin]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-10-27 01:30:00"),
    "timestamp, skipped in New York": ("2024-03-10T02:30[America/New_York]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-03-10 07:30:00"),
    "timestamp, twice in New York": ("2024-11-03T01:30[America/New_York]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-11-03 06:30:00"),
    "timestamp, half an hour skipped": ("2024-10-06T02:15[Australia/Lord_Howe]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-10-05 16:45:00"),
    "timestamp, half an hour twice": ("2024-04-07T01:45[Australia/Lord_Howe]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-04-06 16:15:00"),
    "timestamp, skipped at midnight": ("2018-11-04T00:30[America/Sao_Paulo]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2018-11-04 03:30:00"),
    "timestamp, twice before midnight": ("2018-02-17T23:30[America/Sao_Paulo]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2018-02-18 02:30:00"),
    "timestamp, summer time abolished": ("2020-01-15T12:00[America/Sao_Paulo]", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2020-01-15 15:00:00"),
    "timestamp, afternoon": ("2024-07-01 1:05 p.m.", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-07-01 13:05:00"),
    "timestamp, basic": ("20240501T095812", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-05-01 09:58:12"),
    "timestamp, week": ("2024-W01-1", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-01-01 00:00:00"),
    "timestamp, no such week": ("2023-W53-1", "parse_timestamp('x', 'orders.ordered_at', 'x')", None),
    "timestamp, day of the year": ("2024-366", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-12-31 00:00:00"),
    "timestamp, own format": ("29.02.2024 10:11:12", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-02-29 10:11:12"),
    "timestamp, month by name": ("1 Mar 2024 03:05", "parse_timestamp('x', 'orders.ordered_at', 'x')", "2024-03-01 03:05:00"),
    "timestamp, no date": ("until further notice", "parse_timestamp('x', 'orders.ordered_at', 'x')", None),
    "skipped, in the zone of a table": ("2024-03-10 02:30:00", "in_business_zone('cast(x as timestamp)', 'calendar.calendar_day')", "2024-03-10 07:30:00"),
    "twice, in the zone of a table": ("2024-11-03 01:30:00", "in_business_zone('cast(x as timestamp)', 'calendar.calendar_day')", "2024-11-03 06:30:00"),
    "fail_when, not known before the query runs": ("a", "fail_when('random() > 2', \"'wrong'\")", "false"),
    "fail_when, not": ("a", "fail_when(\"x = 'b'\", \"'wrong'\")", "false"),
    "record_as_json": ("a", "record_as_json(raw_record('given'))", '{"x":"a"}'),
    "is_same, null": ("a", "is_same('x', 'null')", "false"),
    "is_same": ("a", "is_same('x', 'x')", "true"),
    "cast_or_null": ("12", "cast_or_null('x', 'decimal(5, 2)')", "12.00"),
    "text_literal": ("a", "text_literal(\"it's \\\\ here\")", "it's \\ here"),
    "column_name": ("a", "column_name('x')", "a"),
    "double_type": ("0.5", "'cast(x as ' ~ double_type() ~ ')'", "0.5"),
    "first_group": ("ab", "\"regexp_replace(x, '^a(b)', '\" ~ first_group() ~ \"')\"", "b"),
    "date_after": ("2024-02-28", "date_after('week', 1, 'cast(x as date)')", "2024-03-06"),
    "add_a_minute": ("2024-07-01 23:59:00", "add_a_minute('cast(x as timestamp)')", "2024-07-02 00:00:00"),
    "microseconds": ("1500", "\"(timestamp '1970-01-01' + \" ~ microseconds('cast(x as integer)') ~ ')'", "1970-01-01 00:00:00.0015"),
    "from_zone_to_zone": ("2024-07-01 10:00:00", "from_zone_to_zone('cast(x as timestamp)', 'UTC', 'Europe/London')", "2024-07-01 11:00:00"),
}  # fmt: skip


def golden_sql() -> str:
    """One row per case: its name and what the macro gives, as text."""
    rows = []
    for name, (text, expression, _) in GOLDEN.items():
        rows.append(
            f"select '{name}' as name, cast({{{{ {expression} }}}} as {{{{ dbt.type_string() }}}}) as found "
            f"from (select cast({{{{ text_literal({json.dumps(text)}) }}}} as {{{{ dbt.type_string() }}}}) as x) as given"
        )
    return "\nunion all\n".join(rows)


def differing_relations(
    connection: duckdb.DuckDBPyConnection,
    fetch: Callable[[str, str, dict[str, str]], None],
    without_record: Callable[[str, str], bool],
    conditions: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, list[str]]:
    """How many relations of the attached database `built` were compared, and those whose rows differ, with the columns that do.

    `fetch` makes the other engine's rows of a schema and name the table `theirs`, with these columns and types;
    `without_record` says of which name and type `raw_record` is left out; `conditions` have the WHERE of some names.
    """
    differing, compared = [], 0
    relations = connection.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = 'built' "
        "and table_schema in ('marts', 'intermediate', 'staging') order by all"
    ).fetchall()
    for schema, name in relations:
        if name in OF_THE_PLACE:
            continue
        types = {
            column: kind
            for column, kind in connection.execute(
                "select column_name, data_type from information_schema.columns where table_catalog = 'built' "
                "and table_schema = ? and table_name = ? order by ordinal_position", [schema, name],
            ).fetchall()
            if column != "raw_record" or not without_record(name, kind)
        }  # fmt: skip
        fetch(schema, name, types)
        names = ", ".join(f'"{column}"' for column in types)
        where = conditions.get(name, "")
        ours = f"select {names} from built.{schema}.{name} {where}"
        theirs = f"select {names} from theirs {where}"
        compared += 1
        counts = connection.execute(
            f"select (select count(*) from ({ours} except all {theirs})), (select count(*) from ({theirs} except all {ours}))"
        ).fetchone()
        if counts != (0, 0):
            columns = [
                column for column in types
                if connection.execute(f'select count(*) from (select "{column}" from built.{schema}.{name} except all select "{column}" from theirs)').fetchone() != (0,)
            ]  # fmt: skip
            differing.append(f"{schema}.{name}: {counts}, columns {columns}")
    return compared, differing
