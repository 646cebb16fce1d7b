"""`retention-ledger init`: what it takes each column for, what it leaves to decide, and that what it writes builds.

The last is shown by building: `init` then `build`, with nothing changed in between, gives figures worked out by hand.
"""

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt_project import ROOT, dbt, query
from in_process import read_once
from rich.console import Console
from test_connectors import LAYOUTS, decided

from retention_ledger.cli.dbt import Dbt
from retention_ledger.cli.init import init
from retention_ledger.cli.project import find_project
from retention_ledger.cli.settings import as_vars, read_settings
from retention_ledger.errors import Stop
from retention_ledger.init import guesses

#: What a connector has beside its export.
CONNECTOR = ("layout.yml", "settings.yml")

Init = Callable[..., tuple[dict[str, Any], str, str]]


@pytest.fixture
def run_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Init:
    """Writes files into a folder and runs `init` on it: the settings, their text, and what the command said."""
    monkeypatch.setenv("RETENTION_LEDGER_DB", str(tmp_path / "built.duckdb"))
    monkeypatch.setattr(Dbt, "read", read_once)

    def run(files: dict[str, str | bytes], **more: Any) -> tuple[dict[str, Any], str, str]:
        folder = tmp_path / "export"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        said = io.StringIO()
        init(
            Console(file=said, width=200), find_project(), str(more.pop("source", folder)),
            more.pop("output", tmp_path / "settings.yml"), more.pop("database", None),
        )  # fmt: skip
        text = (tmp_path / "settings.yml").read_text(encoding="utf-8")
        return yaml.safe_load(text), text, said.getvalue()

    return run


def built(tmp_path: Path, *select: str) -> Path:
    """Builds these models with the settings as `init` wrote them."""
    project = find_project()
    settings = as_vars(read_settings(tmp_path / "settings.yml", project.settings()))
    database = tmp_path / "built.duckdb"
    run = dbt("run", "--select", *select, database=database, settings=settings)
    assert run.ok, run.text
    return database


def test_an_export_in_english_is_read_without_a_question_but_the_zone(
    tmp_path: Path, run_init: Init
) -> None:
    """Dates with the day first, amounts with a sign, statuses of a shop: read as they are meant."""
    days = [f"{day:02}/{month:02}/2024" for month in range(1, 7) for day in (3, 14, 25)]
    orders = "".join(
        f"{number},C{number % 5},{day} 10:00,£{number}.50,{'Paid' if number % 7 else 'Refunded'}\n"
        for number, day in enumerate(days * 3, 1)
    )
    settings, text, said = run_init(
        {
            "Orders.csv": "Order No,Customer ID,Order Date,Grand Total,Order Status\n" + orders,
            "customers_list.csv": "id,E-Mail,Signup Date,Country\n"
            + "".join(
                f"C{number},c{number}@shop.test,2024-01-01,{'DE' if number % 2 else 'FR'}\n"
                for number in range(5)
            ),
            "readme.txt": "not a table\n",
        }
    )
    assert settings["raw_files"] == {
        "orders": "export/Orders.csv", "customers": "export/customers_list.csv",
    }  # fmt: skip
    assert settings["raw_columns"]["orders"] == {
        "order_id": '"Order No"', "customer_id": '"Customer ID"', "ordered_at": '"Order Date"',
        "amount": '"Grand Total"', "status": '"Order Status"', "updated_at": None,
    }  # fmt: skip
    assert settings["raw_columns"]["customers"]["country"] == "Country"
    assert settings["timestamp_formats"] == ["%d/%m/%Y %H:%M"]
    assert settings["counted_order_statuses"] == ["paid"]
    assert settings["uncounted_order_statuses"] == ["refunded"]
    assert settings["reporting_currency"] == "GBP", "the sign says so"
    assert settings["segment_dimensions"] == ["country"]
    assert "of 54 rows" not in text and '"Order No"\' # 1 | 2 | 3' in text, "three values as read"
    decisions = [line for line in text.splitlines() if "# decide:" in line]
    assert [line.split(":")[0] for line in decisions] == ["business_timezone"], decisions
    assert "with 1 to decide:" in said and "readme.txt" in said

    database = built(tmp_path, "+orders")
    counted = [number for number in range(1, 55) if number % 7]
    assert query(
        database, "select count(*), sum(net_amount) from marts.orders where is_counted"
    ) == [(len(counted), Decimal(sum(counted)) + Decimal("0.50") * len(counted))]
    assert query(database, "select count(*) from marts.orders") == [(54,)]


def test_windows_1252_decimal_commas_and_german_names(tmp_path: Path, run_init: Init) -> None:
    settings, _, _ = run_init(
        {
            "bestellungen.csv": 'Bestellnr;Kunde;Datum;Betrag\nB1;Müller;31.01.2024 10:00:00;"1.234,50"\n'
            "B2;Müller;05.02.2024 10:00:00;19,90\nB3;Öztürk;29.02.2024 23:59:59;7,00\n".encode(
                "cp1252"
            ),
        }
    )
    assert settings["raw_file_formats"] == {"orders": {"encoding": "windows-1252"}}
    assert settings["decimal_separator"] == ","
    assert settings["raw_columns"]["orders"]["customer_id"] == "Kunde"
    database = built(tmp_path, "+orders")
    assert query(database, "select count(*), count(distinct customer_id) from marts.orders") == [
        (3, 2)
    ]


def test_a_known_system_gets_its_settings_and_not_what_is_only_true_of_the_example(
    run_init: Init,
) -> None:
    example = ROOT / "examples" / "paypal_german"
    activities = (example / "Download.CSV").read_text("windows-1252")
    settings, _, said = run_init({"Aktivitäten.csv": activities})
    its_own = yaml.safe_load((example / "settings.yml").read_text("utf-8"))
    assert {**settings, "raw_files": None} == {
        **its_own, "raw_files": None, "raw_file_formats": {}, "as_of_date": None,
    }  # fmt: skip
    assert settings["raw_files"] == {"paypal_activities": "export/Aktivitäten.csv"}
    assert "as_of_date: the last whole day before the export was made" in said


@pytest.mark.parametrize("example", LAYOUTS, ids=lambda folder: folder.name)
def test_the_settings_of_a_known_system_are_those_of_its_connector(
    example: Path, run_init: Init
) -> None:
    """All but what is left to decide, which is named unless the files tell it; so the figures are those that test_connectors.py holds."""
    files = [
        path
        for path in example.rglob("*")
        if path.is_file() and path.name not in {"README.md", "expected.csv", *CONNECTOR}
    ]
    settings, _, said = run_init(
        {str(path.relative_to(example)): path.read_bytes() for path in files}
    )
    left = decided(example)
    expected = yaml.safe_load((example / "settings.yml").read_text(encoding="utf-8"))
    assert {name: value for name, value in settings.items() if name not in left} == {
        name: value if name != "raw_files" else settings[name]
        for name, value in expected.items()
        if name not in left
    }
    assert {*settings["raw_files"]} == {*expected["raw_files"]}
    for name in left:
        assert name in said or settings[name] == expected[name], f"nothing is said of {name}"
    assert "as_of_date" in said


def test_subscriptions_ask_for_the_day_of_the_export(tmp_path: Path, run_init: Init) -> None:
    settings, text, _ = run_init(
        {
            "subs.csv": "id,user_id,start_date,end_date,mrr,plan,ccy\n1,a,2024-01-01,,10.00,pro,USD\n"
            "2,b,2024-02-01,2024-05-01,20.00,basic,USD\n"
        }
    )
    assert settings["raw_tables"] == ["subscriptions"]
    assert settings["reporting_currency"] == "USD"
    assert (
        settings["as_of_date"] == "2024-02-01"
        and "as_of_date" in text.split("# decide:")[0].splitlines()[-1]
    )


def test_a_log_of_events_has_neither_ids_nor_amounts(tmp_path: Path, run_init: Init) -> None:
    rows = "".join(
        f"u{number % 7},2024-{1 + number // 28:02}-{1 + number % 28:02}T08:00:00Z\n"
        for number in range(140)
    )
    settings, text, _ = run_init({"events.csv": "user_id,event_time\n" + rows})
    orders = settings["raw_columns"]["orders"]
    assert orders["amount"] is None and orders["customer_id"] == "user_id"
    assert "reporting_currency" not in settings
    # Each user comes every seven days but for the jump at the end of a month; the shortest window is 30 days.
    assert settings["inactivity_days"] == 30 and "half came within 7 days" in text
    database = built(tmp_path, "+orders")
    assert query(database, "select count(*), count(gross_amount) from marts.orders") in (
        [(140, 0)],
    )


def test_parts_of_a_table_are_one_and_lines_of_an_order_are_added_up(
    tmp_path: Path, run_init: Init
) -> None:
    head = "order_id,email,created_at,price\n"
    settings, _, _ = run_init(
        {
            "orders_2024-01.csv": head
            + "1,a@x.test,2024-01-05,10.00\n1,a@x.test,2024-01-05,5.00\n",
            "orders_2024-02.csv": head + "2,a@x.test,2024-02-05,7.00\n",
        }
    )
    assert settings["raw_files"] == {
        "orders": ["export/orders_2024-01.csv", "export/orders_2024-02.csv"]
    }
    assert settings["raw_line_level"] == ["orders"]
    database = built(tmp_path, "+orders")
    assert query(database, "select count(*) from marts.orders") == [(2,)]


def test_a_schema_of_a_database(tmp_path: Path, run_init: Init) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("create schema landing")
        connection.execute(
            "create table landing.sales as select 1 as id, 'a' as customer_id, timestamp '2024-01-01' as created_at, 5.00 as total"
        )
    settings, _, said = run_init({}, source="landing", database=tmp_path / "shop.duckdb")
    assert settings["raw_relations"] == {"orders": "landing.sales"}
    assert "--database" in said


def test_a_database_file_is_attached(tmp_path: Path, run_init: Init) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("create schema crm")
        connection.execute(
            "create table sales as select 1 as id, 'a' as customer_id, timestamp '2024-01-01' as created_at, 5.00 as total"
        )
        connection.execute("create table crm.customers as select 'a' as id, 'a@x.test' as email")
    settings, _, said = run_init({}, source=tmp_path / "shop.duckdb")
    assert settings["attached_databases"] == {"source": {"path": "shop.duckdb", "type": "duckdb"}}
    assert settings["raw_relations"] == {
        "orders": "source.sales", "customers": "source.crm.customers",
    }  # fmt: skip
    assert "shop.duckdb --" not in said and "--database shop.duckdb" not in said


def test_a_file_that_is_no_database(
    tmp_path: Path, run_init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where extensions would be installed
    with pytest.raises(Stop, match="no DuckDB database"):
        run_init({"shop.db": "id,customer,created\n"}, source=tmp_path / "export" / "shop.db")
    with pytest.raises(Stop, match=r"is a database of SQLite.*install sqlite"):
        run_init({"shop.db": "SQLite format 3\0"}, source=tmp_path / "export" / "shop.db")


def test_what_cannot_be_known_is_asked_and_never_guessed_in_silence(run_init: Init) -> None:
    """A month that may be a day, a status without a meaning, two currencies."""
    _, text, _ = run_init(
        {
            "orders.csv": "order_id,customer_id,order_date,amount,status,currency\n1,a,03/04/2024,10,strange,EUR\n"
            "2,b,05/06/2024,11,paid,USD\n3,b,05/07/2024,11,paid,USD\n"
        }
    )
    decisions = {line.split(":")[0]: line for line in text.splitlines() if "# decide:" in line}
    assert decisions.keys() == {
        "uncounted_order_statuses", "timestamp_formats", "reporting_currency", "inactivity_days",
    }  # fmt: skip
    assert "is strange a purchase?" in decisions["uncounted_order_statuses"]
    assert "EUR 1" in decisions["reporting_currency"] and "USD 2" in decisions["reporting_currency"]


def test_a_file_that_is_called_otherwise_is_not_taken_for_orders(run_init: Init) -> None:
    """Columns of the right names are not enough where the file's name says what it holds."""
    with pytest.raises(
        Stop,
        match=r"Neither orders nor subscriptions[\s\S]*subscriptions.csv: id, customer, created",
    ):
        run_init({"subscriptions.csv": "id,customer,created\n1,a,2024-01-01\n"})


def test_an_id_per_order_and_strange_customers_are_doubted(run_init: Init) -> None:
    orders = "".join(f"{number},one{number},2024-01-{1 + number:02},5\n" for number in range(25))
    _, text, said = run_init(
        {
            "orders.csv": "order_id,customer_id,created_at,total\n" + orders,
            "customers.csv": "customer_id,country\n"
            + "".join(f"two{number},DE\n" for number in range(5)),
        }
    )
    assert "nobody ordered twice" in said and "only 0% of those in orders" in said
    assert text.count("# decide:") == said.count("\n  "), "each question is said"


def test_an_amount_is_never_missing_in_silence(tmp_path: Path, run_init: Init) -> None:
    """Numbers that may be the amount are asked for, and cents are no euros."""
    _, text, said = run_init(
        {"orders.csv": "order_id,customer_id,created_at,worth\n1,a,2024-01-01,5.00\n"}
    )
    assert "amount: null" in text and "is the amount one of worth?" in said
    (tmp_path / "settings.yml").unlink()
    run_init({"orders.csv": "order_id,customer_id,created_at,cents\n1,a,2024-01-01,1999\n"})
    database = built(tmp_path, "+orders")
    assert query(database, "select net_amount from marts.orders") == [(Decimal("19.99"),)]


def test_no_end_written_as_zero(run_init: Init) -> None:
    settings, _, _ = run_init(
        {
            "subscriptions.csv": "subscription_id,customer_id,started_on,ended_on,monthly_amount\n1,a,2024-01-01,0,10\n"
            "2,b,2024-01-01,2024-02-01,10\n3,c,2024-01-01,0000-00-00,10\n"
        }
    )
    assert sorted(settings["missing_texts"]["subscriptions.ended_on"]) == ["0", "0000-00-00"]
    assert "N/A" in settings["missing_texts"]["default"]


def test_nothing_is_overwritten_and_faults_are_sentences(tmp_path: Path, run_init: Init) -> None:
    orders = "order_id,customer_id,order_date,amount\n1,a,2024-04-03,10\n"
    (tmp_path / "settings.yml").write_text("mine: true\n")
    with pytest.raises(Stop, match="already, and nothing is overwritten"):
        run_init({"orders.csv": orders})
    assert (tmp_path / "settings.yml").read_text() == "mine: true\n"
    (tmp_path / "settings.yml").unlink()
    with pytest.raises(Stop, match="There is no folder or file"):
        run_init({}, source=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Stop, match="There is no data file in"):
        run_init({}, source=tmp_path / "empty")
    with pytest.raises(Stop, match="Neither orders nor subscriptions were recognised"):
        run_init({"orders.csv": "colour,size\nred,1\n"})


@pytest.mark.parametrize(
    ("values", "comma"),
    [
        (["1.234,50", "19,90"], True), (["1,234.50", "19.90"], False), (["12", "13"], False), (["1,234", "5,678"], False),
        (["€ 7,00"], True), (["7.00 EUR"], False), (["1.50", "1,50"], None),
    ],
)  # fmt: skip
def test_which_sign_stands_before_the_decimals(values: list[str], comma: bool | None) -> None:
    assert guesses.decimal_comma(values) is comma


@pytest.mark.parametrize(
    ("values", "formats", "undecided"),
    [
        (["2024-01-31 10:00"], [], False),
        (["31/01/2024"], ["%d/%m/%Y"], False),
        (["01/31/2024 3:04 PM"], ["%m/%d/%Y %I:%M %p"], False),
        (["01/02/2024"], ["%m/%d/%Y"], True),
        (["01.02.24", "13.02.24"], ["%d.%m.%y"], False),
    ],
)
def test_how_dates_are_written(values: list[str], formats: list[str], undecided: bool) -> None:
    found = guesses.times(values)
    assert (found.formats, found.undecided) == (formats, undecided)
