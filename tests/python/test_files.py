"""Files are read strictly: every line of a file is a row, or a rejected row with its number and text.

Many hostile files go into few builds: the files of one table may each have a dialect of their own.
"""

import codecs
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_project import BUILD, DbtRun, dbt, query
from test_own_data import SHOP, write_csv

READ = ("run", "--select", "resource_type:model,path:models/staging/base")
NAMES = ("order_id", "customer_id", "ordered_at", "amount")
HEADER = ",".join(NAMES) + "\n"
NO_STATUS = {"raw_columns": {"orders": {"status": None, "updated_at": None}}}
ORDERS_ONLY = {"raw_tables": ["orders"], "segment_dimensions": [], **NO_STATUS}

Row = tuple[str | None, ...]
Malformed = tuple[int, str]


# An independent reader, character by character, of the same rules


def fields_of(text: str, start: int, delimiter: str) -> tuple[list[str], int] | None:
    """The fields of the record that starts here, and where the next one starts; None if it is malformed."""
    fields = []
    position = start
    while True:
        value = position
        while text[value : value + 1] == " ":
            value += 1
        if text[value : value + 1] == '"':
            field, position = "", value + 1
            while True:
                if position >= len(text):
                    return None
                if text[position] != '"':
                    field += text[position]
                    position += 1
                elif text[position + 1 : position + 2] == '"':
                    field += '"'
                    position += 2
                else:
                    position += 1
                    break
            while text[position : position + 1] == " ":
                position += 1
        else:
            end = position
            while end < len(text) and text[end] not in (delimiter, "\n"):
                end += 1
            field, position = text[position:end], end
            if text[end : end + 1] != delimiter and field.endswith("\r"):
                field = field[:-1]
        fields.append(field)
        rest = text[position : position + 2]
        if rest[:1] == delimiter:
            position += 1
        elif not rest or rest[:1] == "\n":
            return fields, position + 1
        elif rest == "\r\n" or (rest[:1] == "\r" and position + 1 == len(text)):
            return fields, position + 2
        else:
            return None


def read_by_hand(text: str, delimiter: str = ",") -> tuple[list[Row], list[Malformed]]:
    """The rows of a text whose first line is the header, and its malformed lines with their numbers."""
    rows: list[Row] = []
    malformed: list[Malformed] = []
    position, line, width = 0, 1, 0
    while position < len(text):
        end_of_line = text.find("\n", position)
        line_end = len(text) if end_of_line < 0 else end_of_line + 1
        record = fields_of(text, position, delimiter)
        after = min(record[1], len(text)) if record else line_end
        written = text[position:after]
        if written.strip(" \t").rstrip("\n").removesuffix("\r").strip(" \t"):
            if not width:
                width = len(record[0])
            elif record and len(record[0]) == width and "\0" not in written:
                rows.append(tuple(field or None for field in record[0]))
            else:
                malformed.append((line, written.removesuffix("\n").removesuffix("\r")))
        line += written.count("\n")
        position = after
    return rows, malformed


def landed(database: Path, table: str = "orders") -> dict[str, tuple[list[Row], list[Malformed]]]:
    """Per file name (in the column `origin`, or the malformed line) the rows and the malformed lines."""
    found: dict[str, tuple[list[Row], list[Malformed]]] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(f"from ledger_files.{table}")
        names = [column[0] for column in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            line = row.pop("malformed_line")
            if line:
                said = json.loads(line)
                rows, malformed = found.setdefault(Path(said["file"]).name, ([], []))
                malformed.append((said["line"], said["text"]))
            else:
                rows, malformed = found.setdefault(row["origin"], ([], []))
                rows.append(tuple(row.values()))
    return found


def read_files(tmp_path: Path, files: dict[str, bytes], **settings: Any) -> Path:
    """Lands files of orders, each of which has the column `origin` with its own name."""
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    database = tmp_path / "built.duckdb"
    settings = {**ORDERS_ONLY, "raw_files": {"orders": str(tmp_path / "*.csv")}, **settings}
    run = dbt(*READ, database=database, settings=settings)
    assert run.ok, run.text
    return database


def test_each_line_is_a_row_or_a_malformed_row(tmp_path: Path) -> None:
    # Every file ends with a column that names it, so that its rows are found again.
    bodies = {
        "whole": "1,a,2024-01-01,10,{0}\n2,b,2024-01-02,20,{0}\n",
        "windows": "1,a,2024-01-01,10,{0}\r\n2,b,2024-01-02,20,{0}\r\n",
        "mixed_ends": "1,a,2024-01-01,10,{0}\r\n2,b,2024-01-02,20,{0}\n3,c,x,1,{0}",
        "short": "1,a,2024-01-01,{0}\n2,b,2024-01-02,20,{0}\n",
        "long": "1,a,2024-01-01,10,1,{0}\n2,b,2024-01-02,20,{0}\n",
        "trailing": "1,a,2024-01-01,10,{0},\n2,b,2024-01-02,20,{0}\n",
        "open_quote": '1,"a,2024-01-01,10,{0}\n2,b,2024-01-02,20,{0}\n3,"c",2024-01-03,30,{0}\n',
        "open_quote_at_the_end": '1,a,2024-01-01,10,{0}\n2,"b,2024-01-02,20,{0}\n3,c,2024-01-03,30,{0}\n',
        "after_quote": '1,"a"b,2024-01-01,10,{0}\n2,b,2024-01-02,20,{0}\n',
        "quote_inside": '1,5" nail,2024-01-01,10,{0}\n2,b,2024-01-02,20,{0}\n',
        "doubled": '1,"a ""b"" c",2024-01-01,10,{0}\n2,"",2024-01-02,20,{0}\n',
        "line_ends_in_quotes": '1,"a\r\n\n,b\n",2024-01-01,10,{0}\nshort,line\n2,b,2024-01-02,20,{0}\n',
        "spaces_at_quotes": '1, "a,b" ,2024-01-01,10,{0}\n2,b,2024-01-02,20,{0}\n',
        "blank_lines": "\n1,a,2024-01-01,10,{0}\n\n  \n\n2,b,2024-01-02,20,{0}\n\n\nx\n",
        "carriage_return": "1,a\rb,2024-01-01,10,{0}\n2,b,2024-01-02,20,{0}\n",
        "zero_byte": "1,a,2024-01-01,10,{0}\n2,b\0,2024-01-02,20,{0}\n3,c,2024-01-03,30,{0}\n",
        "apostrophes": "1,'t Hooft,2024-01-01,10,{0}\n2,Jones',2024-01-02,20,{0}\n'3','b,2024-01-03,30,{0}\n",
    }  # fmt: skip
    texts = {
        f"{name}.csv": ",".join((*NAMES, "origin")) + "\n" + body.format(f"{name}.csv")
        for name, body in bodies.items()
    }
    texts["windows.csv"] = texts["windows.csv"].replace("origin\n", "origin\r\n")
    database = read_files(tmp_path, {name: text.encode() for name, text in texts.items()})
    found = landed(database)
    assert found == {name: read_by_hand(text) for name, text in texts.items()}
    # And a few of them by hand, so that the independent reader is not believed blindly.
    assert found["short.csv"][1] == [(2, "1,a,2024-01-01,short.csv")]
    assert [row[0] for row in found["open_quote.csv"][0]] == ["2", "3"]
    assert found["open_quote_at_the_end.csv"][1] == [(3, '2,"b,2024-01-02,20,open_quote_at_the_end.csv')]  # fmt: skip
    assert found["line_ends_in_quotes.csv"][0][0][1] == "a\r\n\n,b\n"
    assert found["line_ends_in_quotes.csv"][1] == [(6, "short,line")]
    assert found["doubled.csv"][0][0][1] == 'a "b" c'
    assert found["blank_lines.csv"][1] == [(10, "x")]
    assert found["carriage_return.csv"][0][0][1] == "a\rb"
    assert found["apostrophes.csv"][0][2][:2] == ("'3'", "'b")
    assert found["zero_byte.csv"][1] == [(3, "2,b\0,2024-01-02,20,zero_byte.csv")]


def hostile_texts(seed: int, number: int) -> Iterator[tuple[str, str]]:
    """Random files of three columns, of which the first is always the name of the file."""
    chance = random.Random(seed)
    pieces = [
        '"',
        '""',
        ",",
        "\n",
        "\r\n",
        "\r",
        "'",
        " ",
        "a",
        "é",
        "\0",
        "\\",
        "\t",
        ";",
        "😀",
        "|",
    ]
    for index in range(number):
        name = f"f{index}.csv"
        lines = []
        for _ in range(chance.randint(1, 6)):
            fields = []
            for _ in range(2 if chance.random() < 0.8 else chance.randint(0, 3)):
                value = "".join(chance.choices(pieces, k=chance.randint(0, 4)))
                if chance.random() < 0.6:
                    value = '"' + value.replace('"', '""') + '"'
                fields.append(value)
            lines.append(",".join([name, *fields]))
        ends = "\r\n" if chance.random() < 0.3 else "\n"
        yield name, ends.join(["origin,first,second", *lines]) + ends * chance.randint(0, 2)


def test_random_files_are_read_as_an_independent_reader_reads_them(tmp_path: Path) -> None:
    texts = dict(hostile_texts(seed=20261125, number=300))
    columns = {
        "order_id": "origin",
        "customer_id": "first",
        "ordered_at": "second",
        "amount": "second",
    }
    database = read_files(
        tmp_path,
        {name: text.encode() for name, text in texts.items()},
        raw_columns={"orders": {**columns, "status": None, "updated_at": None}},
        raw_file_formats={"orders": {"delimiter": ","}},
    )
    found = landed(database)
    wanted = {name: read_by_hand(text) for name, text in texts.items()}
    assert sum(len(malformed) for _, malformed in wanted.values()) > 100
    assert sum(len(rows) for rows, _ in wanted.values()) > 300
    for name, (_, malformed) in wanted.items():
        assert found.get(name, ([], []))[1] == malformed, repr(texts[name])
    # A line end outside quotes may part a line from the name of its file: such rows are compared together.
    all_rows = sorted((row for rows, _ in wanted.values() for row in rows), key=repr)
    assert sorted((row for rows, _ in found.values() for row in rows), key=repr) == all_rows


def test_the_dialect_is_decided_from_the_whole_file(tmp_path: Path) -> None:
    # The header alone would not tell: some have a comma within a name, one a semicolon.
    late_quote = [f"{n},c,2024-01-01,1,late.csv" for n in range(30_000)]
    late_quote += ['"30000","c, and d",2024-01-01,"1",late.csv']
    files = {
        "semicolons.csv": "order_id;customer_id;ordered_at;amount;origin\n1;a,b;c,d;1,50;semicolons.csv\n",
        "tabs.csv": "order_id\tcustomer_id\tordered_at\tamount\torigin\n1\ta b\t\t1,5\ttabs.csv\n",
        "pipes.csv": "order_id|customer_id|ordered_at|amount|origin\n1|'a|2024|1;5|pipes.csv\n",
        "sep.csv": "sep=;\r\norder_id;customer_id;ordered_at;amount;origin\r\n1;a;b;1,5;sep.csv\r\nx;y\r\n",
        "late.csv": "\n".join([",".join((*NAMES, "origin")), *late_quote]),
        "macintosh.csv": ",".join((*NAMES, "origin")) + "\r1,a,b,2,macintosh.csv\rbad,line\r",
    }  # fmt: skip
    database = read_files(tmp_path, {name: text.encode() for name, text in files.items()})
    found = landed(database)
    assert found["semicolons.csv"] == ([("1", "a,b", "c,d", "1,50", "semicolons.csv")], [])
    assert found["tabs.csv"] == ([("1", "a b", None, "1,5", "tabs.csv")], [])
    assert found["pipes.csv"] == ([("1", "'a", "2024", "1;5", "pipes.csv")], [])
    assert found["sep.csv"] == ([("1", "a", "b", "1,5", "sep.csv")], [(4, "x;y")])
    assert found["macintosh.csv"] == ([("1", "a", "b", "2", "macintosh.csv")], [(3, "bad,line")])
    assert len(found["late.csv"][0]) == 30_001
    assert found["late.csv"][0][-1] == ("30000", "c, and d", "2024-01-01", "1", "late.csv")


TEXT = "Ærø, “Zürich”, 5 €"  # the quotation marks and the euro sign are what Latin-1 lacks


def test_encodings_endings_and_formats_of_five_tables(tmp_path: Path) -> None:
    def write(name: str, columns: str, row: str, encode: Any, delimiter: str = ",") -> None:
        text = f"{columns}\n{row}\nnot a row\n".replace(";", delimiter)
        (tmp_path / name).write_bytes(encode(text))

    write(
        "people.TXT",
        "customer_id;email;note",
        'ü"1";e@x;"Ærø, ""Zürich"""',
        lambda t: t.encode("latin-1"),
        ";",
    )
    write(
        "orders.tsv",
        "order_id;customer_id;ordered_at;amount",
        f"1;{TEXT};2024-01-01;1",
        lambda t: t.encode("cp1252"),
        "\t",
    )
    write(
        "refunds.csv",
        "refund_id;order_id;refunded_at;amount",
        f"1;{TEXT}😀;2024;1",
        lambda t: codecs.BOM_UTF16_BE + t.encode("utf-16-be"),
        "|",
    )
    write(
        "paid.csv",
        "subscription_id;customer_id;started_on;ended_on;monthly_amount",
        f"1;{TEXT}😀;;;1",
        lambda t: codecs.BOM_UTF16_LE + t.encode("utf-16-le"),
        "|",
    )
    write("RATES.CSV.GZ", "currency;valid_from;rate", "'EUR'~~;2024-01-01;~a~~, b~", lambda t: gzip.compress(("\ufeff" + t).encode()), ";")  # fmt: skip
    settings = {
        "raw_files": {
            "customers": str(tmp_path / "people.TXT"),
            "orders": [str(tmp_path / "orders.tsv")],
            "refunds": str(tmp_path / "ref*.csv"),
            "subscriptions": str(tmp_path / "paid.csv"),
            "exchange_rates": str(tmp_path / "RATES.CSV.GZ"),
        },
        "raw_file_formats": {
            "customers": {"encoding": "ISO-8859-1", "delimiter": ";"},
            "orders": {"encoding": "windows-1252", "columns": ["number", "who", "day", "sum"]},
            "exchange_rates": {"quote": "~"},
        },
        "raw_columns": {
            "customers": {"signed_up_at": None, "country": "note", "acquisition_channel": None, "customer_segment": None},
            "orders": {"order_id": "number", "customer_id": "who", "ordered_at": "day", "amount": "sum", "status": None, "updated_at": None},
            "subscriptions": {"plan": None, "cancel_requested_on": None, "cancel_reason": None},
        },
    }  # fmt: skip
    database = tmp_path / "built.duckdb"
    run = dbt(*READ, database=database, settings=settings)
    assert run.ok, run.text

    def rows(table: str, *columns: str) -> list[tuple]:
        return query(
            database,
            f"select {', '.join(columns)} from staging.base_{table} where raw_reject_reason is null",
        )

    assert rows("customers", "customer_id", "country") == [('ü"1"', 'Ærø, "Zürich"')]
    assert rows("orders", "customer_id", "amount") == [(TEXT, "1")]
    assert rows("refunds", "order_id", "amount") == [(TEXT + "😀", "1")]
    assert rows("subscriptions", "customer_id", "ended_on") == [(TEXT + "😀", None)]
    assert rows("exchange_rates", "currency", "rate") == [("'EUR'~~", "a~, b")]
    for table in ("customers", "orders", "refunds", "subscriptions", "exchange_rates"):
        said = query(
            database,
            f"select cast(raw_record.malformed_line as varchar) from staging.base_{table}"
            " where raw_reject_reason = 'malformed_row'",
        )
        assert [(json.loads(line)["line"], json.loads(line)["text"]) for (line,) in said] == [
            (3, "not a row")
        ]


def test_formats_that_are_said_and_names_in_braces(tmp_path: Path) -> None:
    (tmp_path / "sales.txt").write_text("1^a^2024-01-01^1.50\n2^'b^2024-01-02^\"2\n3^c\n")
    (tmp_path / "people.csv").write_text("customer_id,email,shop\na,'x\\'y',s1\n'b','\\\\, z',s2\n")
    (tmp_path / "shops.csv").write_text("shop,region\ns1,North\ns2,South\nbroken\n")
    (tmp_path / "fees.csv").write_text("order_id,fee\n1,0.25\nbroken\n2,0.50,\n")
    settings = {
        "raw_tables": ["customers", "orders"],
        "raw_files": {
            "customers": str(tmp_path / "people.csv"),
            "orders": str(tmp_path / "sales.txt"),
            "shops": str(tmp_path / "shops.csv"),
            "fees": str(tmp_path / "fees.csv"),
        },
        "raw_file_formats": {
            "orders": {"delimiter": "^", "quote": None, "header": False, "columns": list(NAMES)},
            "customers": {"quote": "'", "escape": "\\"},
        },
        "raw_queries": {
            "orders": "select o.*, f.fee from {orders} as o left join {fees} as f using (order_id)"
        },
        "raw_columns": {
            "orders": {"status": None, "updated_at": "fee"},
            "customers": {
                "country": "(select region from {shops} as s where s.shop = whole_raw_row.shop)",
                "signed_up_at": None, "acquisition_channel": None, "customer_segment": None,
            },
        },
    }  # fmt: skip
    database = tmp_path / "built.duckdb"
    run = dbt(*READ, database=database, settings=settings)
    assert run.ok, run.text
    assert query(
        database,
        "select customer_id, email, country from staging.base_customers"
        " where raw_reject_reason is null order by 1",
    ) == [("a", "x'y", "North"), ("b", "\\, z", "South")]
    assert query(
        database,
        "select order_id, customer_id, amount, updated_at from staging.base_orders"
        " where raw_reject_reason is null order by 1",
    ) == [("1", "a", "1.50", "0.25"), ("2", "'b", '"2', None)]
    # A line of a file that a query or an expression reads is a rejected row of the table that reads it.
    assert query(
        database,
        "select 'orders', json_extract_string(raw_record.malformed_line, '$.text') from staging.base_orders"
        " where raw_reject_reason = 'malformed_row' union all"
        " select 'customers', json_extract_string(raw_record.malformed_line, '$.text') from staging.base_customers"
        " where raw_reject_reason = 'malformed_row' order by all",
    ) == [("customers", "broken"), ("orders", "2,0.50,"), ("orders", "3^c"), ("orders", "broken")]


# What cannot be read is said, all of it at once


def says_all(run: DbtRun, *sentences: str) -> None:
    """Assert that one exception holds all the sentences."""
    text = str(run.outcome.exception or "") + "\n".join(
        str(result.message) for result in getattr(run.outcome.result, "results", [])
    )
    assert not run.ok
    for sentence in sentences:
        assert sentence in text, f"{sentence!r} not in:\n{text}"


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes((HEADER + "1,Müller,2024-01-01,1\n").encode("cp1252"))
    (tmp_path / "refunds.csv").write_text("refund_id,order_id,amount,Amount\n1,2,3,4\n")
    (tmp_path / "subscriptions.csv").write_text("subscription_id,,started_on\n1,2,3\n")
    (tmp_path / "rates.csv").write_text("currency,valid_from\nEUR,2024-01-01\n")
    settings = {
        "raw_tables": ["customers", "orders", "refunds", "subscriptions", "exchange_rates"],
        "raw_files": {
            **{name: str(tmp_path / f"{name}.csv") for name in ("customers", "orders", "refunds", "subscriptions")},
            "exchange_rates": str(tmp_path / "rates.csv"),
        },
    }  # fmt: skip
    says_all(
        dbt(*READ, database=tmp_path / "built.duckdb", settings=settings),
        f"There is no file '{tmp_path / 'customers.csv'}' for the raw customers",
        f"The file '{tmp_path / 'orders.csv'}' for the raw orders is not in UTF-8. It looks like Windows-1252",
        "`Müller`",
        "raw_file_formats: {orders: {encoding: windows-1252}}",
        "for the raw refunds has the column `amount` more than once",
        "for the raw subscriptions has a column without a name. It reads: subscription_id |  | started_on",
        "There is no column `rate` in the file",
    )


def test_files_that_are_not_what_their_ending_says(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(b"PK\x03\x04 a workbook")
    (tmp_path / "refunds.csv.gz").write_text("refund_id,order_id\n1,2\n")
    (tmp_path / "subscriptions.parquet").write_text("subscription_id\n1\n")
    (tmp_path / "exchange_rates.jsonl").write_text("currency,rate\nEUR,1\n")
    (tmp_path / "customers_1.csv").write_text("customer_id,email\n1,a\n")
    (tmp_path / "customers_2.csv").write_text("customer_id\n1\n")
    settings = {
        "raw_files": {
            "customers": str(tmp_path / "customers_*.csv"),
            "orders": str(tmp_path / "orders.csv"),
            "refunds": str(tmp_path / "refunds.csv.gz"),
            "subscriptions": str(tmp_path / "subscriptions.parquet"),
            "exchange_rates": str(tmp_path / "exchange_rates.jsonl"),
        },
    }
    says_all(
        dbt(*READ, database=tmp_path / "built.duckdb", settings=settings),
        "for the raw orders is a workbook or another ZIP archive, whatever its name ends in",
        "for the raw refunds is not packed (gzip)",
        "for the raw subscriptions is no Parquet file",
        "for the raw exchange_rates is not JSON (line 1",
        f"The file '{tmp_path / 'customers_2.csv'}' for the raw customers lacks the column `email`",
        "{customers: {may_lack: [email]}}",
    )


def test_more_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_bytes("customer_id,email\n1,ü\n".encode("utf-16-le"))
    (tmp_path / "orders.csv").write_text("order_id,customer;id\n1,2;3\n")
    (tmp_path / "refunds.csv").write_text('"refund_id,order_id\n1,2\n')
    (tmp_path / "subscriptions.csv").write_bytes(b"subscription_id,plan\n1,\x81\xfc\n")
    (tmp_path / "exchange_rates.csv").write_text("currency,rate\nEUR€,1\n", encoding="utf-8")
    settings = {
        "raw_tables": ["customers", "orders", "refunds", "subscriptions", "exchange_rates"],
        "raw_files": str(tmp_path / "{name}.csv"),
        "raw_file_formats": {
            "subscriptions": {"encoding": "windows-1252"},
            "exchange_rates": {"encoding": "cp1252"},
        },
    }
    says_all(
        dbt(*READ, database=tmp_path / "built.duckdb", settings=settings),
        "for the raw customers is not in UTF-8. It looks like UTF-16 without a byte order mark",
        "for the raw orders can be split by comma and by semicolon",
        'for the raw refunds cannot be read: "refund_id,order_id',
        "for the raw subscriptions is not in Windows-1252: it has the byte 81",
        "for the raw exchange_rates is in UTF-8, and the var raw_file_formats says windows-1252",
    )


# A whole build


def test_malformed_rows_of_every_table_are_rejected_and_counted(tmp_path: Path) -> None:
    for name, table in SHOP.items():
        write_csv(tmp_path / f"{name}.csv", table)
        with (tmp_path / f"{name}.csv").open("a") as file:
            file.write("one,field,too,few,or,too,many,for,any,table\n")
    (tmp_path / "subscriptions.ndjson").write_text(
        '{"subscription_id": "S", "customer_id": "001", "started_on": "2024-01-01", "ended_on": null, "monthly_amount": 5}\n'
        '{"subscription_id": "S2", "customer\n'
    )  # fmt: skip
    (tmp_path / "rates.txt").write_text("currency|valid_from|rate\nEUR|2024-01-01|0.9\nEUR|\n")
    settings = {
        "raw_files": {
            **{name: str(tmp_path / f"{name}.csv") for name in SHOP},
            "subscriptions": str(tmp_path / "subscriptions.ndjson"),
            "exchange_rates": str(tmp_path / "rates.txt"),
        },
        "raw_columns": {"subscriptions": {"plan": None, "cancel_requested_on": None, "cancel_reason": None}},
        "raw_rejects": {"orders": {"no e-mail": "customer_id is null"}},
        "max_rejected_share": 0.8,
        "segment_dimensions": ["country"],
        "as_of_date": "2024-04-30",
    }  # fmt: skip
    database = tmp_path / "built.duckdb"
    run = dbt(
        *BUILD, "--select", "+rejected_rows", "+orders", "+subscription_periods", "+int_exchange_rates",
        "--indirect-selection", "cautious", database=database, settings=settings,
    )  # fmt: skip
    assert run.ok, run.text
    assert run.statuses()["every_raw_order_row_is_accepted_or_rejected"] == "pass"
    found = query(
        database,
        "select source_table, row_key, json_extract_string(raw_row, '$.line'), json_extract_string(raw_row, '$.fault')"
        " from marts.rejected_rows where reason = 'malformed_row' order by source_table",
    )  # fmt: skip
    assert found == [
        ("customers", None, "13", "10 fields instead of 6"),
        ("exchange_rates", None, "3", "2 fields instead of 3"),
        ("orders", None, "24", "10 fields instead of 6"),
        ("refunds", None, "5", "10 fields instead of 4"),
        ("subscriptions", None, "2", "no JSON object"),
    ]
    # A good row of the same file is kept as it came, without a word of malformed lines.
    (raw_row,) = query(database, "select raw_row from marts.rejected_rows where row_key = '0019'")[
        0
    ]
    assert list(json.loads(raw_row)) == list(SHOP["orders"][0])


# The field cases that concern reading


def checks_of(case: Path) -> list[list[str]]:
    lines = (case / "expected.csv").read_text(encoding="utf-8").splitlines()[1:]
    return duckdb.sql(
        f"select mart, coalesce(filter, 'true'), \"column\", \"value\" from read_csv('{case / 'expected.csv'}', all_varchar = true)"
        if lines else "select 1 limit 0"
    ).fetchall()  # fmt: skip


CASES = Path(__file__).resolve().parents[1] / "fixtures" / "field"
READING = (
    "apostrophes-are-no-quotes",
    "carriage-return-in-a-field",
    "excel-german-windows-1252",
    "olist_three_tables",
    "paypal_semicolons_cp1252",
    "quotes-from-row-21000-on",
    "refunded-amount-as-a-column",
    "woocommerce_wc_orders",
)


@pytest.mark.parametrize("name", READING)
def test_a_field_case(tmp_path: Path, name: str) -> None:
    import yaml

    case = CASES / name
    settings = yaml.safe_load((case / "vars.yml").read_text(encoding="utf-8"))
    files = settings["raw_files"]
    settings["raw_files"] = (
        str(case / files)
        if isinstance(files, str)
        else {k: str(case / v) for k, v in files.items()}
    )
    database = tmp_path / "built.duckdb"
    run = dbt(
        "run", "--select", "+retention_by_period", "+repeat_purchase_by_period", "+rejected_rows", "+customers",
        database=database, settings=settings,
    )  # fmt: skip
    assert run.ok, run.text
    for mart, condition, column, value in checks_of(case):
        if mart != "(build)":
            (found,) = query(
                database, f"select {column} from marts.{mart.removeprefix('?')} where {condition}"
            )[0]
            assert float(found) == float(value), (mart, condition, column)
