"""What a text means: golden literals for the macros that read times, amounts and ids.

Each case is a text and what must come of it, worked out by hand. The SQL of a macro is compiled under some
settings and run over all its texts at once.
"""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_project import dbt

# Macro by what it reads: the SQL over the raw column, after the text in `cleaned`.
MACROS = {
    "time": (
        "{{ clean_text('raw', 'orders.ordered_at') }}",
        "{{ parse_timestamp('raw', 'orders.ordered_at', 'cleaned') }}",
    ),
    "amount": (
        "{{ clean_text('raw', 'orders.amount', true) }}",
        "{{ parse_amount('raw', 'orders.amount', 'cleaned') }}",
    ),
    "signs": (
        "{{ clean_text('raw', 'orders.amount', true) }}",
        "{{ amount_currency('raw', 'cleaned') }}",
    ),
    "rate": (
        "{{ clean_text('raw') }}",
        "{{ parse_rate('raw', 'exchange_rates.rate', 'cleaned') }}",
    ),
    "pounds": (
        "{{ clean_text('raw', 'orders.amount', true) }}",
        "{{ parse_rounded_amount('raw', 'orders.amount', \"'GBP'\", 'cleaned') }}",
    ),
    "dinars": (
        "{{ clean_text('raw', 'orders.amount', true) }}",
        "{{ parse_rounded_amount('raw', 'orders.amount', \"'KWD'\", 'cleaned') }}",
    ),
    "id": ("null", "{{ clean_id('raw', 'orders.customer_id') }}"),
    "scientific": ("null", "{{ is_scientific('raw') }}"),
    "folded": ("null", "{{ folded_id('raw') }}"),
    **{
        unit: (
            "{{ clean_text('raw') }}",
            "{{ parse_timestamp('raw', 'refunds.refunded_at', 'cleaned') }}".replace(
                "refunds.refunded_at", field
            ),
        )
        for unit, field in {
            "epoch_seconds": "refunds.refunded_at",
            "epoch_milliseconds": "subscriptions.started_on",
            "epoch_microseconds": "subscriptions.ended_on",
            "spreadsheet_days": "orders.updated_at",
        }.items()
    },
}


def compiled(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """Macro name -> its SQL over a column `raw` under these settings."""
    lines = "\n".join(
        f"--{name}--\n{call} from (select raw, {clean} as cleaned, position from cases)"
        for name, (clean, call) in MACROS.items()
    )
    run = dbt(
        "compile", "--inline", f"select 1 /*\n{lines}\n--end-- */",
        database=folder / "built.duckdb", settings=settings,
    )  # fmt: skip
    assert run.ok, run.text
    sql = run.outcome.result.results[0].node.compiled_code
    parts = sql.split("/*")[1].split("\n--")[1:]
    return dict(part.split("--\n", 1) for part in parts if not part.startswith("end"))


def read(sql: str, values: list[Any], kind: str = "varchar") -> list[Any]:
    """What the SQL makes of each value, in a column of the type `kind`."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table cases (position integer, raw {kind})")
        connection.executemany("insert into cases values (?, ?)", list(enumerate(values)))
        return [row[0] for row in connection.execute(f"select {sql} order by position").fetchall()]


def different(found: dict[Any, Any], expected: dict[Any, Any]) -> dict[Any, tuple[Any, Any]]:
    """What was found and what was expected, where they differ."""
    return {
        key: (found[key], expected[key])
        for key in expected
        if found[key] != expected[key] or type(found[key]) is not type(expected[key])
    }


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The defaults: London, a decimal point."""
    return compiled(tmp_path_factory.mktemp("london"), {})


@pytest.fixture(scope="module")
def chicago(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """UTC times for a business in Chicago, decimal commas, formats of one's own, ids to be mended."""
    return compiled(
        tmp_path_factory.mktemp("chicago"),
        {
            "business_timezone": "America/Chicago",
            "raw_timezones": {"orders": "UTC"},
            "timezone_abbreviations": {"IST": "Asia/Kolkata", "BST": "+06:00"},
            "timestamp_formats": {
                "default": ["%d/%m/%Y"],
                "orders": [
                    "%m/%d/%Y %I:%M %p", "%m/%d/%Y", "%d.%m.%y %H:%M %z", "%b %d, %Y %H:%M:%S %Z", "%Y%m%d%H%M%S", "%a %b %d %Y %H:%M:%S GMT%z",
                ],
            },
            "decimal_separator": {"default": ".", "orders": ","},
            "missing_texts": {"default": ["", "0"], "orders.amount": ["-"], "orders.ordered_at": ["never"]},
            "id_cleaning": {"orders.customer_id": ["lower", "strip_decimal_zero", "strip_leading_zeros"]},
        },
    )  # fmt: skip


TIMES = {
    # Dates and times of ISO 8601, and what is close to them.
    "2024-05-01": "2024-05-01 00:00:00",
    "2024-5-1": "2024-05-01 00:00:00",
    "2024/05/01": "2024-05-01 00:00:00",
    "2024.05.01 09:30": "2024-05-01 09:30:00",
    "20240501": "2024-05-01 00:00:00",
    "2024-05-01T09:58": "2024-05-01 09:58:00",
    "2024-05-01 9:58": "2024-05-01 09:58:00",
    "2024-05-01T09": "2024-05-01 09:00:00",
    "2024-05-01  09:58:12": "2024-05-01 09:58:12",
    "2024-05-01, 09:58:12": "2024-05-01 09:58:12",
    "2024-05-01 09:58:12.5": "2024-05-01 09:58:12.500000",
    "2024-05-01T09:58:12,123456789": "2024-05-01 09:58:12.123456",
    "20240501T095812": "2024-05-01 09:58:12",
    "20240501T095812,25": "2024-05-01 09:58:12.250000",
    "20240501T0958": "2024-05-01 09:58:00",
    "2024-01-01 24:00:00": "2024-01-02 00:00:00",
    "2024-W05-3": "2024-01-31 00:00:00",
    "2024W053T10:15": "2024-01-31 10:15:00",
    "2020-W53-7": "2021-01-03 00:00:00",
    "2024-123": "2024-05-02 00:00:00",
    "2024-366": "2024-12-31 00:00:00",
    "0001-01-01": "0001-01-01 00:00:00",
    "9999-12-31": "9999-12-31 00:00:00",
    # A zone: London is one hour ahead of UTC in May.
    "2024-05-01T09:58:12Z": "2024-05-01 10:58:12",
    "2024-05-01t09:58:12z": "2024-05-01 10:58:12",
    "2024-05-01 09:58:12 Z": "2024-05-01 10:58:12",
    "20240501T095812Z": "2024-05-01 10:58:12",
    "2024-05-01T09:58:12+02:00": "2024-05-01 08:58:12",
    "2024-05-01T09:58:12+0200": "2024-05-01 08:58:12",
    "2024-05-01T09:58:12+02": "2024-05-01 08:58:12",
    "2024-05-01 09:58:12 -0400": "2024-05-01 14:58:12",
    "2024-05-01 09:58:12 -04:00": "2024-05-01 14:58:12",
    "2024-05-01 09:58:12 \u221204:00": "2024-05-01 14:58:12",
    "2024-05-01 09:58:12 +05:30": "2024-05-01 05:28:12",
    "2024-05-01 09:58:12+14:00": "2024-04-30 20:58:12",
    "2024-05-01T09+02": "2024-05-01 08:00:00",
    "2024-05-01 09:58:12 UTC": "2024-05-01 10:58:12",
    "2024-05-01 09:58:12 GMT": "2024-05-01 10:58:12",
    "2024-05-01 09:58:12 GMT+0200": "2024-05-01 08:58:12",
    "2024-05-01 09:58:12 UTC+2": "2024-05-01 08:58:12",
    "2024-03-31 22:30:00 PDT": "2024-04-01 06:30:00",
    "2024-03-05 10:00:00 PST": "2024-03-05 18:00:00",
    "2024-05-01 09:58 est": "2024-05-01 15:58:00",
    "2024-05-01 09:58 CEST": "2024-05-01 08:58:00",
    "2024-07-01 09:58 BST": "2024-07-01 09:58:00",  # London's own summer time
    "2024-05-01 09:58:12 America/New_York": "2024-05-01 14:58:12",
    "2024-05-01 09:58:12 Europe/London": "2024-05-01 09:58:12",
    "2024-05-01 09:58:12 america/argentina/buenos_aires": "2024-05-01 13:58:12",
    "2024-05-01T09:58:12[Europe/Berlin]": "2024-05-01 08:58:12",
    "2024-05-01T09:58:12+02:00[Europe/Berlin]": "2024-05-01 08:58:12",
    "2024-05-01T09:58:12Z[UTC]": "2024-05-01 10:58:12",
    # AM and PM.
    "2024-07-31 09:30 PM": "2024-07-31 21:30:00",
    "2024-07-31 9:30pm": "2024-07-31 21:30:00",
    "2024-07-31 09:30:15 p.m.": "2024-07-31 21:30:15",
    "2024-07-31 09:30\u202fPM": "2024-07-31 21:30:00",
    "2024-07-31 9 AM": "2024-07-31 09:00:00",
    "2024-07-31 12:10 AM": "2024-07-31 00:10:00",
    "2024-07-31 12:10 PM": "2024-07-31 12:10:00",
    "2024-07-31 12:00:00 a. m.": "2024-07-31 00:00:00",
    "2024-07-31 21:30 PM": "2024-07-31 21:30:00",
    "2024-07-31 09:30 PM PDT": "2024-08-01 05:30:00",
    "2024-07-31 09:30 PM -07:00": "2024-08-01 05:30:00",
    # The formats of the defaults.
    "14/03/2023 09:30": "2023-03-14 09:30:00",
    "14.03.2023 09:30:00": "2023-03-14 09:30:00",
    "14 Mar 2023 09:30": "2023-03-14 09:30:00",
    "\ufeff2024-05-01\u00a0": "2024-05-01 00:00:00",
}
NO_TIMES = [
    "infinity", "-infinity", "epoch", "now", "today", "yesterday", "", "nan", "soon", "12:30", "2024", "2024-05", "202405", "2024-W05",
    "0000-00-00 00:00:00", "0000-01-01", "10000-01-01", "-2024-01-01", "2024-02-30", "2024-13-01", "2023-366", "2024-000", "2023-W53-1", "2024-W54-1",
    "2024-05-01 24:00:01", "2024-05-01 25:00", "2024-05-01 09:60", "2024-05-01 23:59:60", "2024-05-01 09", "2024-05-01 09:58:12-99:00",
    "2024-05-01 09:58:12 +15:00", "2024-05-01 09:58:12+14:30", "2024-05-01 09:58:12 +02:60", "2024-05-01 22:30:00 IST", "2024-05-01 22:30:00 CST",
    "2024-05-01 22:30:00 CDT", "2024-05-01 22:30:00 XYZ", "2024-05-01 22:30:00 Foo/Bar", "2024-05-01 22:30:00 [Foo/Bar]", "2024-05-01T22:30:00Z[Foo/Bar]",
    "2024-05-01 22:30:00 extra", "2024-05-01 22:30:00 AM", "2024-05-01 00:30 PM", "2024-05-01 09:30 XM", "2024-05-01 09:30 PM extra", "2024-05-01 (cancelled)",
    "2024-05-01 BC", "2024-05-01Z", "2024-05-01 UTC", "1714557492", "1714557492000", "45413", "45413.41", "20240501095812", "2024123", "202405011",
    "14/03/23 09:30", "14/03/2023 09:30 PM", "02/13/2024 09:30", "2024-05-01 09:58 2024-05-02", "2024-05-01 0958 pm x", "true",
]  # fmt: skip


def test_times(london: dict[str, str]) -> None:
    found = dict(zip(TIMES, read(london["time"], list(TIMES)), strict=True))
    assert different(found, {t: datetime.fromisoformat(e) for t, e in TIMES.items()}) == {}


def test_what_is_no_time(london: dict[str, str]) -> None:
    assert {
        t: f for t, f in zip(NO_TIMES, read(london["time"], NO_TIMES), strict=True) if f is not None
    } == {}


# Settings of one's own


OWN_TIMES = {
    # Times are UTC without saying so; Chicago is five hours behind in May and six in winter.
    "2024-04-01 05:30:00": "2024-04-01 00:30:00",
    "2024-03-31T23:30": "2024-03-31 18:30:00",
    "20240115T050000": "2024-01-14 23:00:00",
    "2024-04-01 05:30 AM": "2024-04-01 00:30:00",
    # A date is a day, not a moment.
    "2024-04-01": "2024-04-01 00:00:00",
    "20240401": "2024-04-01 00:00:00",
    "2024-W14-1": "2024-04-01 00:00:00",
    "04/13/2024": "2024-04-13 00:00:00",
    # A zone that is named stands.
    "2024-04-01 05:30:00 CDT": "2024-04-01 05:30:00",
    "2024-04-01 05:30:00 IST": "2024-03-31 19:00:00",
    "2024-04-01 05:30:00 BST": "2024-03-31 18:30:00",  # as the setting says, not as London does
    # Formats, wherever the built-in forms fail.
    "04/13/2024 09:30 PM": "2024-04-13 16:30:00",
    "13.04.24 09:30 +0200": "2024-04-13 02:30:00",
    "13.04.24 09:30 +02:00": "2024-04-13 02:30:00",
    "13.04.24 09:30 Z": "2024-04-13 04:30:00",
    "Apr 13, 2024 09:30:00 PDT": "2024-04-13 11:30:00",
    "Apr 13, 2024 09:30:00 Europe/Paris": "2024-04-13 02:30:00",
    "20240413093000": "2024-04-13 04:30:00",
    "Sat Apr 13 2024 09:30:00 GMT+0200": "2024-04-13 02:30:00",
}
NO_OWN_TIMES = [
    "13/04/2024", "04/13/24", "13.04.24 09:30 -99:00", "13.04.24 09:30", "Apr 13, 2024 09:30:00 XYZ", "2024041309300", "202404130930001", "never", "0",
]  # fmt: skip


def test_times_in_zones_and_formats_of_ones_own(chicago: dict[str, str]) -> None:
    found = dict(zip(OWN_TIMES, read(chicago["time"], list(OWN_TIMES)), strict=True))
    assert different(found, {t: datetime.fromisoformat(e) for t, e in OWN_TIMES.items()}) == {}
    assert read(chicago["time"], NO_OWN_TIMES) == [None] * len(NO_OWN_TIMES)


def test_typed_times(london: dict[str, str], chicago: dict[str, str]) -> None:
    moment, day = datetime(2024, 4, 1, 5, 30), datetime(2024, 4, 1)
    for kind in ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"):
        assert read(london["time"], [moment, None], kind) == [moment, None]
        assert read(chicago["time"], [moment], kind) == [datetime(2024, 4, 1, 0, 30)]
    assert read(
        chicago["time"], ["2024-04-01", "infinity", "-infinity", "0001-01-01 (BC)"], "date"
    ) == [day, None, None, None]
    assert read(london["time"], ["infinity", "10000-01-01"], "timestamp") == [None, None]
    zoned = ["2024-04-01 05:30:00+02", "infinity"]
    assert read(london["time"], zoned, "timestamptz") == [datetime(2024, 4, 1, 4, 30), None]
    # A number is no date, unless a setting says so.
    assert read(london["time"], [1714557492, 20240501, 45413], "bigint") == [None] * 3
    for kind, value in [
        ("double", 45413.5), ("boolean", True), ("integer[]", [1]), ("struct(a integer)", {"a": 1}), ("time", "10:00"),
        ("blob", b"20240501"), ("decimal(10, 2)", 1), ("interval", "1 day"), ("bit", "20240501".replace("2", "1").replace("4", "0").replace("5", "1")),
    ]:  # fmt: skip
        assert read(london["time"], [value], kind) == [None], kind
    assert read(london["time"], ["2024-04-01"], "enum('2024-04-01')") == [day]


UNITS = {
    # 1714557492 seconds after 1970-01-01 UTC: 2024-05-01 09:58:12 UTC, 10:58:12 in London.
    "epoch_seconds": {"1714557492": "2024-05-01 10:58:12", "1714557492.5": "2024-05-01 10:58:12.500000", "0": "1970-01-01 01:00:00", "2024-05-01": "2024-05-01 00:00:00"},
    "epoch_milliseconds": {"1714557492250": "2024-05-01 10:58:12.250000", "-1": "1970-01-01 00:59:59.999000"},
    "epoch_microseconds": {"1714557492250001": "2024-05-01 10:58:12.250001"},
    # 45413 days after 1899-12-30; 0.4154166667 of a day is 09:58:12 to the microsecond.
    "spreadsheet_days": {"45413": "2024-05-01 00:00:00", "45413.4154166667": "2024-05-01 09:58:12", "61": "1900-03-01 00:00:00", "45413.75": "2024-05-01 18:00:00"},
}  # fmt: skip
NO_UNITS = {
    "epoch_seconds": ["1714557492000000", "1.7145E+09", "-62135596801", "true"],
    "epoch_milliseconds": ["253402300800000"],
    "epoch_microseconds": ["999999999999999999", "soon"],
    "spreadsheet_days": ["60", "0.5", "-1", "2958466", "45413,5"],
}


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Dates as numbers."""
    units = {
        "refunds": {"refunded_at": "epoch_seconds"},
        "subscriptions": {"started_on": "epoch_milliseconds", "ended_on": "epoch_microseconds"},
        "orders": {"updated_at": "spreadsheet_days"},
    }
    return compiled(tmp_path_factory.mktemp("numbers"), {"raw_time_units": units})


@pytest.mark.parametrize("unit", UNITS)
def test_dates_as_numbers(numbers: dict[str, str], unit: str) -> None:
    texts = UNITS[unit]
    found = dict(zip(texts, read(numbers[unit], list(texts)), strict=True))
    assert different(found, {t: datetime.fromisoformat(e) for t, e in texts.items()}) == {}
    assert read(numbers[unit], NO_UNITS[unit]) == [None] * len(NO_UNITS[unit])
    typed = [text for text in texts if "-" not in text[1:]]
    for kind in ("double", "decimal(30, 10)"):
        assert (
            different(
                dict(zip(typed, read(numbers[unit], [float(t) for t in typed], kind), strict=True)),
                {t: datetime.fromisoformat(texts[t]) for t in typed},
            )
            == {}
        ), kind
    assert read(numbers[unit], [True], "boolean") == [None]


# Amounts


AMOUNTS = {
    "12": "12", "12.5": "12.5", "0": "0", "-0": "0", "12.345678": "12.345678", "007": "7", ".50": "0.5", "+5": "5",
    "1,234.50": "1234.5", "1,234,567": "1234567", "1 234.50": "1234.5", "1\u00a0234.50": "1234.5", "1\u202f234\u202f567": "1234567",
    "1\u2009234": "1234", "1'234.50": "1234.5", "1\u2019234": "1234", "1,23,456.00": "123456", "12,34,567": "1234567", "Rs. 2,00,000.00": "200000",
    "Rs.200": "200", "\u20b9 1,00,000": "100000",
    # Below 0.
    "-5": "-5", "- 5": "-5", "\u22125.50": "-5.5", "\u20135": "-5", "(12.50)": "-12.5", "( 1,234.50 )": "-1234.5", "12.50-": "-12.5", "12.50 -": "-12.5",
    "-£5": "-5", "£-5": "-5", "£ -5.00": "-5", "(£5)": "-5", "£(5)": "-5", "($5.00 USD)": "-5", "5 EUR-": "-5", "5- EUR": "-5", "-5.00 €": "-5",
    # Currencies.
    "£45.00": "45", "£ 45": "45", "45£": "45", "45.00 GBP": "45", "gbp 45": "45", "$50.00 USD": "50", "US$ 50": "50", "R$ 5": "5", "R 5": "5",
    "CHF 12.-": "12", "12.\u2013": "12", "CHF 1'234.50": "1234.5", "100 kr": "100", "100 kr.": "100", "50 zł": "50", "1 234 Kč": "1234", "¥1,200": "1200",
    # As large as they get.
    "1000000000000000": "1000000000000000", "1,000,000,000,000,000.25": "1000000000000000.25", "-999999999999999.99": "-999999999999999.99",
}  # fmt: skip
NO_AMOUNTS = [
    "twelve", "1,23", "12,3456", "1234,567", "1,234 567", "0,500", "1,23,45", "1.234,56", "12.", "1.2.3", "--5", "-5-", "(-5)", "(5", "5)", "-(5)", "- -5", "£", "-", "()",
    "1e3", "1.5E+3", "0x10", "inf", "Infinity", "true", "false", "9 a month", "10 pcs", "5%", "5 £ €5", "££5", "5 5", "١٢", "1/2", "10:30", "2024-01-01", "100000000000000000",
]  # fmt: skip


def test_amounts(london: dict[str, str]) -> None:
    found = dict(zip(AMOUNTS, read(london["amount"], list(AMOUNTS)), strict=True))
    assert different(found, {text: Decimal(amount) for text, amount in AMOUNTS.items()}) == {}
    found = dict(zip(NO_AMOUNTS, read(london["amount"], NO_AMOUNTS), strict=True))
    assert {text: amount for text, amount in found.items() if amount is not None} == {}


def test_amounts_with_a_decimal_comma(chicago: dict[str, str]) -> None:
    amounts = {
        "12,5": "12.5", "1.234,50": "1234.5", "1 234,50": "1234.5", "1\u202f234,50 €": "1234.5", "12,-": "12", "(1.234,50)": "-1234.5", "Rs. 5": "5",
        "kr. 5,50": "5.5", ",5": "0.5", "0": "0", "1.234": "1234",
    }  # fmt: skip
    found = dict(zip(amounts, read(chicago["amount"], list(amounts)), strict=True))
    assert different(found, {text: Decimal(amount) for text, amount in amounts.items()}) == {}
    # 0 means "no value" in other columns; "-" does in this one.
    assert read(chicago["amount"], ["12.5", "7.00", "0.5", "-"]) == [None] * 4


def test_typed_amounts(london: dict[str, str]) -> None:
    assert read(london["amount"], [3, -3, None], "bigint") == [Decimal(3), Decimal(-3), None]
    assert read(london["amount"], ["1.255"], "decimal(9, 3)") == [Decimal("1.255")]
    # A binary number is what it is written as.
    doubles = [1.005, 0.1, 123456789012345.67, -2.675, 1e15, float("nan"), float("inf"), 1e17, 0.07]
    assert read(london["amount"], doubles, "double") == [
        Decimal("1.005"), Decimal("0.1"), Decimal("123456789012345.67"), Decimal("-2.675"), Decimal(10**15), None, None, None, Decimal("0.07"),
    ]  # fmt: skip
    assert read(london["amount"], [12.35], "float") == [Decimal("12.35")]
    for kind, value in [
        ("boolean", True),
        ("integer[]", [1]),
        ("date", "2024-01-01"),
        ("bit", "101"),
        ("interval", "1 day"),
    ]:
        assert read(london["amount"], [value], kind) == [None], kind


def test_rounding_is_that_of_the_currency(london: dict[str, str]) -> None:
    texts = ["1.005", "1.0049999", "-1.005", "12.3455", "£2.675", "7", "1000000000000000", "0.125"]
    assert read(london["pounds"], texts) == [
        Decimal(amount) for amount in ("1.01", "1.00", "-1.01", "12.35", "2.68", "7", "1000000000000000", "0.13")
    ]  # fmt: skip
    assert read(london["dinars"], texts[:5]) == [
        Decimal(amount) for amount in ("1.005", "1.005", "-1.005", "12.346", "2.675")
    ]
    assert read(london["pounds"], [1.005, 2.675, 123456789012345.67], "double") == [
        Decimal("1.01"),
        Decimal("2.68"),
        Decimal("123456789012345.67"),
    ]
    assert read(london["pounds"], ["1.255"], "decimal(9, 3)") == [Decimal("1.26")]
    assert read(london["pounds"], ["1.25"], "decimal(9, 2)") == [Decimal("1.25")]
    assert read(london["pounds"], [3], "integer") == [Decimal(3)]


def test_what_an_amount_says_about_its_currency(london: dict[str, str]) -> None:
    signs = {
        "12.50": None, "1 234.50": None, "(12.50)": None, "1'234": None, "£5": "£", "$50.00 USD": "$ USD", "US$ 5": "US$", "R$ 5": "R$", "Rs. 200": "RS",
        "100 kr.": "KR", "5 eur": "EUR", "CHF 12.-": "CHF",
    }  # fmt: skip
    assert different(dict(zip(signs, read(london["signs"], list(signs)), strict=True)), signs) == {}
    assert read(london["signs"], [5], "integer") == [None]


def test_rates(london: dict[str, str]) -> None:
    assert read(london["rate"], ["0.85731", "1,234.5", ".5"]) == [
        Decimal("0.85731"),
        Decimal("1234.5"),
        Decimal("0.5"),
    ]
    assert read(london["rate"], ["£0.85", "0,85", "8.5E-05", "true"]) == [None] * 4


# Ids


def test_ids(london: dict[str, str], chicago: dict[str, str]) -> None:
    ids = ["\ufeff A1\u202f", "17850.0", "0017", "aB3", "", "nan", "\tx\r\n", "a b"]
    assert read(london["id"], ids) == ["A1", "17850.0", "0017", "aB3", None, None, "x", "a b"]
    # Mended where a setting says so.
    assert read(chicago["id"], ["17850.0", "17850,00", "0017", "000", "aB3", "17.5", "0"]) == [
        "17850",
        "17850",
        "17",
        "0",
        "ab3",
        "17.5",
        None,
    ]
    # In a column of numbers the fraction is no part of the id.
    assert read(london["id"], [17850.0, 17850.5], "double") == ["17850", "17850.5"]
    assert read(london["id"], ["17850.00"], "decimal(12, 2)") == ["17850"]
    assert read(london["id"], [17850], "bigint") == ["17850"]
    assert read(london["folded"], ["00A1", "a1", "17850.0", "17850"]) == [
        "a1",
        "a1",
        "17850",
        "17850",
    ]


def test_ids_in_scientific_notation(london: dict[str, str]) -> None:
    scientific = ["6.9401E+12", "6,9401E+12", "1E+05", "1e+5", "6.9401e12", "-1.5E+3", "6.9401E-12"]
    codes = [
        "12E4",
        "1e5",
        "1E-5",
        "E+12",
        "6.9401",
        "6.9401E+",
        "A6.9401E+12",
        "6.9401E+12A",
        "1E+5-2",
        "",
        "e",
    ]
    assert read(london["scientific"], scientific) == [True] * len(scientific)
    assert read(london["scientific"], codes) == [False] * len(codes)
