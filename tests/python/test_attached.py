"""Raw tables in other databases: copied once, for reading only, and a sentence for each that cannot be read.

SQLite and PostgreSQL are looked at where DuckDB has their extensions, which are downloads; docs/own_data.md says what was tried.
"""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import postgres_server
import pytest
import yaml
from dbt_project import TABLES, DbtRun, dbt, differing_marts, query, refusal
from test_bad_input import says
from test_own_data import SHOP, SHOP_SETTINGS, write_shop

from retention_ledger.cli.settings import read_settings
from retention_ledger.database import why_not_attached
from retention_ledger.errors import Stop

Settings = dict[str, Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop as CSV and as a DuckDB file."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    with duckdb.connect(str(folder / "old [1].duckdb")) as connection:
        connection.execute("create schema sales")
        for name in SHOP:
            connection.execute(
                f"create table {'sales.' if name == 'refunds' else ''}{name} as "
                f"from read_csv('{folder / name}.csv', all_varchar = true)"
            )
    return folder


def settings_of(shop: Path) -> Settings:
    """Each table by a query. (By raw_relations dbt would read the project once more.)"""
    return {
        **SHOP_SETTINGS,
        "raw_files": str(shop / "{name}.csv"),
        "attached_databases": {"old": {"path": str(shop / "old [1].duckdb")}},
        "raw_queries": {
            "customers": "select c.* from old.customers as c",
            "orders": "select o.* from Old.main.orders as o cross join (select max(customer_id) from {customers}) as c",
            "refunds": 'select * from "old".sales.refunds',
        },
    }


@pytest.fixture(scope="module")
def built(shop: Path) -> Path:
    """The marts of the attached database, which is gone after the build."""
    database = shop / "built.duckdb"
    run = dbt(*TABLES, database=database, settings=settings_of(shop))
    assert run.ok, run.text
    (shop / "old [1].duckdb").rename(shop / "gone")
    return database


@pytest.fixture(scope="module")
def again(shop: Path, built: Path) -> Path:
    """A copy of it that other builds begin with."""
    (shop / "again").mkdir()
    return Path(shutil.copy(built, shop / "again" / "built.duckdb"))


def test_an_attached_database_gives_the_marts_that_files_give(shop: Path, built: Path) -> None:
    (shop / "files").mkdir()
    database = shop / "files" / "built.duckdb"
    run = dbt(
        *TABLES,
        database=database,
        settings={**SHOP_SETTINGS, "raw_files": str(shop / "{name}.csv")},
    )
    assert run.ok, run.text
    assert differing_marts(database, built) == ["policy_settings"]  # which says where the data is


def test_views_on_raw_tables_are_read_without_it(built: Path) -> None:
    for table, (_, rows) in SHOP.items():
        assert query(built, f"select count(*) from staging.stg_{table}") == [(len(rows),)]
    views = query(built, "select sql from duckdb_views() where not internal")
    assert not [sql for (sql,) in views if "old." in sql.lower()]


def test_what_rests_on_raw_tables_is_built_without_it(shop: Path, again: Path) -> None:
    run = dbt("run", "--select", "orders", database=again, settings=settings_of(shop))
    assert run.ok, run.text


def test_a_build_knows_which_database_it_read(shop: Path, again: Path) -> None:
    settings = settings_of(shop)
    settings["attached_databases"]["old"]["path"] = str(shop / "gone")
    run = dbt(*TABLES, database=again, settings=settings)
    assert not run.ok
    says(run, "holds own data", str(shop / "old [1].duckdb"), str(shop / "gone"))


def test_copies_that_nobody_reads_are_removed(shop: Path, again: Path) -> None:
    copies = "select table_name from duckdb_tables() where schema_name = 'ledger_copies' order by 1"
    assert query(again, copies) == [("customers",), ("orders",), ("refunds",)]
    settings = {**SHOP_SETTINGS, "raw_files": str(shop / "{name}.csv"), "replace_data": True}
    run = dbt("run", "--select", "base_orders", "base_refunds", database=again, settings=settings)
    assert run.ok, run.text
    assert query(again, copies) == [("customers",)]


# Tables by their own names


@pytest.fixture(scope="module")
def named(shop: Path) -> tuple[Path, Settings, DbtRun]:
    """Base models of tables that raw_relations and raw_schema name, some of which are not there."""
    file = shop / "named.duckdb"
    shutil.copy(shop / ("gone" if (shop / "gone").exists() else "old [1].duckdb"), file)
    settings = {
        **SHOP_SETTINGS,
        "attached_databases": {"old": {"path": str(file)}},
        "raw_schema": "old",
        "raw_relations": {"customers": "old.main.customers"},
        "raw_queries": {
            "refunds": "select r.* from old.orders join old.sales.refunds as r using (order_id)"
        },
        "raw_tables": ["customers", "orders", "refunds"],
    }
    folder = shop / "named"
    folder.mkdir()
    run = dbt(
        "run", "--select", "staging.base", database=folder / "built.duckdb", settings=settings
    )
    return folder / "built.duckdb", settings, run


def test_a_name_without_a_schema_is_in_the_main_one(named: tuple[Path, Settings, DbtRun]) -> None:
    database, _, run = named
    assert run.ok, run.text
    for table, rows in (("customers", 11), ("orders", 22), ("refunds", 2)):
        assert query(database, f"select count(*) from staging.base_{table}") == [(rows,)]
    [(data,)] = query(database, "select data from intermediate.int_data_held")
    assert "table old.main.customers of " in data and "table old.main.orders of " in data


def test_tables_that_are_not_there_are_said_with_those_that_are(
    named: tuple[Path, Settings, DbtRun],
) -> None:
    database, settings, _ = named
    with duckdb.connect(settings["attached_databases"]["old"]["path"]) as connection:
        connection.execute("alter table customers rename to clients")
        connection.execute("alter table sales.refunds rename to returns")
    run = dbt("run", "--select", "staging.base", database=database, settings=settings)
    assert not run.ok
    says(run, 'no table "old"."main"."customers" for the raw customers', "holds: clients, orders.")
    says(
        run,
        "no table old.sales.refunds, which the query",
        "holds: clients, orders, sales.returns.",
    )


# What cannot be attached


def test_all_that_cannot_be_attached_is_said_at_once(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where extensions would be installed
    settings = settings_of(shop)
    (tmp_path / "marts.duckdb").touch()
    settings["attached_databases"] |= {
        "old": {"path": str(tmp_path / "nowhere.duckdb")},
        "marts": {"path": str(tmp_path / "marts.duckdb")},
        "self": {"path": str(tmp_path / "built.duckdb")},
        "crm": {"path": str(tmp_path / "marts.duckdb"), "type": "sqlite"},
        "app": {"path": "host=localhost dbname=app", "type": "postgres"},
    }
    run = dbt(*TABLES, database=tmp_path / "built.duckdb", settings=settings)
    assert not run.ok
    says(
        run,
        f"no file '{tmp_path / 'nowhere.duckdb'}' for the attached database `old`",
        "marts.duckdb",
    )
    says(run, "`marts` has the name of a schema of the database that is built")
    says(run, "`self` is the file that is built")
    says(
        run,
        "`crm` is of the type sqlite",
        "sqlite_scanner",
        "duckdb.sql('install sqlite')",
        "Parquet or CSV",
    )
    says(run, "`app` is of the type postgres", "postgres_scanner", "duckdb.sql('install postgres')")
    assert query(tmp_path / "built.duckdb", "select count(*) from duckdb_tables()") == [(0,)]


@pytest.mark.parametrize(
    ("databases", "sentence"),
    [
        ("shop.duckdb", "`attached_databases` must be a mapping"),
        ({"main": {"path": "a.duckdb"}}, "`attached_databases.main` must be called otherwise"),
        ({"built": {"path": "a.duckdb"}}, "`attached_databases.built` must be called otherwise"),
        ({"Shop": {"path": "a.duckdb"}}, "`attached_databases.Shop` must be called otherwise"),
        ({"shop": "a.duckdb"}, "`attached_databases.shop` must be a mapping with path and type"),
        ({"shop": {"path": "a", "type": "mysql"}}, "`attached_databases.shop.type` must be duckdb, sqlite or postgres"),
        ({"shop": {"type": "sqlite"}}, "`attached_databases.shop.path` must be the path of a database file"),
        ({"app": {"path": "postgresql://localhost/app"}}, "a connection string needs type: postgres"),
    ],
)  # fmt: skip
def test_a_setting_that_is_not_right(databases: Any, sentence: str, tmp_path: Path) -> None:
    assert sentence in refusal({"attached_databases": databases}, tmp_path)


def test_expressions_do_not_read_attached_databases(tmp_path: Path) -> None:
    said = refusal(
        {
            "attached_databases": {"shop": {"path": "a.duckdb"}},
            "raw_columns": {"orders": {"status": "(select max(s.name) from shop.states as s)"}},
        },
        tmp_path,
    )
    assert "`raw_columns.orders`" in said and "join in raw_queries" in said


SECRET = "b3ware"


@pytest.mark.parametrize(
    "path",
    [
        f"host=db user=me password={SECRET}",
        f"host=db PASSWORD = '{SECRET}'",
        f"postgresql://me:{SECRET}@db/app",
        f"postgres://db/app?user=me&password={SECRET}",
    ],
)
def test_a_password_is_refused_and_not_repeated(path: str, tmp_path: Path) -> None:
    settings = {"attached_databases": {"app": {"path": path, "type": "postgres"}}}
    said = [refusal(settings, tmp_path)]
    (tmp_path / "shop.yml").write_text(yaml.safe_dump(settings))
    with pytest.raises(Stop) as stop:
        read_settings(tmp_path / "shop.yml", {"attached_databases"})
    said.append(str(stop.value))
    for sentence in said:
        assert "PGPASSWORD" in sentence and ".pgpass" in sentence
        assert SECRET not in sentence


def test_paths_are_relative_to_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "shop.yml"
    file.write_text(
        "attached_databases: {old: {path: old.duckdb}, app: {path: service=app, type: postgres},\n"
        "  other: {path: 'postgresql://me@db:5432/app', type: postgres}, mine: {path: 'a@b.duckdb'}}"
    )
    assert read_settings(file, {"attached_databases"})["attached_databases"] == {
        "old": {"path": str(tmp_path / "old.duckdb")},
        "app": {"path": "service=app", "type": "postgres"},
        "other": {"path": "postgresql://me@db:5432/app", "type": "postgres"},
        "mine": {"path": str(tmp_path / "a@b.duckdb")},
    }


# What DuckDB says of a file, in other words


def checksum(block: bytes) -> int:
    """As DuckDB makes it of the blocks of its files."""
    result = 5381
    for start in range(0, len(block), 8):
        word = int.from_bytes(block[start : start + 8], "little")
        result ^= word * 0xBF58476D1CE4E5B9 % 2**64
    return result


def faulty(file: Path, fault: str) -> None:
    """A database file with a fault."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table orders as from range(100000)")
    content = bytearray(file.read_bytes())
    if fault == "no database":
        content = bytearray(b"order_id,amount\n" * 1000)
    elif fault == "SQLite":
        content = bytearray(b"SQLite format 3\x00".ljust(4096, b"\x00"))
    elif fault == "cut":
        content = content[:9000]
    elif fault == "newer":
        content[12:20] = (10**6).to_bytes(8, "little")
        content[:8] = checksum(content[8:4096]).to_bytes(8, "little")
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("no database", "is a file, but no DuckDB database: if it is one of SQLite, say `type: sqlite`"),
        ("SQLite", "is a file, but no DuckDB database: if it is one of SQLite, say `type: sqlite`"),
        ("cut", "is damaged"),
        ("newer", f"was written by a newer version of DuckDB than {duckdb.__version__}"),
        ("locked", "is open for writing in another program (PID "),
    ],
)  # fmt: skip
def test_a_file_that_is_not_readable(fault: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "old.duckdb"
    faulty(file, fault)
    writer = None
    if fault == "locked":
        writer = subprocess.Popen(
            [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(file)!r}); print(1, flush=True); input()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        writer.stdout.readline()
    try:
        with duckdb.connect() as connection, pytest.raises(duckdb.Error) as error:
            connection.execute(f"attach '{file}' as old (type duckdb, read_only)")
    finally:
        if writer is not None:
            writer.communicate(b"\n")
    said = why_not_attached(" ".join(str(error.value).split()))
    assert said is not None and sentence in said
    assert (str(file) in said) is (fault != "newer")  # of which DuckDB does not say the path


@pytest.mark.parametrize(
    ("said", "sentence"),
    [("database is locked", "is locked by a program that writes to it"), ("file is not a database", "is none")],
)  # fmt: skip
def test_what_sqlite_says(said: str, sentence: str) -> None:
    words = f"Failed to prepare query \"SELECT name FROM sqlite_master WHERE length(sql) > 0 AND type='table'\": {said}"
    assert sentence in str(why_not_attached(words))


def test_other_faults_are_said_as_they_are() -> None:
    assert why_not_attached("Catalog Error: Table with name a does not exist!") is None


# Databases of other programs, where DuckDB can read them


def need(extension: str) -> None:
    """Skips where DuckDB has no such extension."""
    sql = f"select 1 from duckdb_extensions() where installed and extension_name = '{extension}'"
    if not duckdb.sql(sql).fetchall():
        pytest.skip(f"DuckDB {duckdb.__version__} has no {extension} here: install it with duckdb.sql('install {extension}')")  # fmt: skip


def of_other_programs(shop: Path, databases: Settings, queries: dict[str, str]) -> Settings:
    """Settings that read the raw tables of `queries` from them, of the same shape as those above."""
    return {
        **SHOP_SETTINGS,
        "raw_files": str(shop / "{name}.csv"),
        "raw_tables": ["customers", "orders", "refunds"],
        "attached_databases": databases,
        "raw_queries": queries,
    }


def test_a_file_of_sqlite_is_read_as_text(shop: Path, tmp_path: Path) -> None:
    """A column holds what its type does not, and nothing of it stops a build."""
    need("sqlite_scanner")
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute(
            "create table sales (order_id integer, customer_id text, ordered_at datetime, status text, amount real, updated_at text)"
        )
        connection.executemany(
            "insert into sales values (?, ?, ?, 'completed', ?, null)",
            [(1, "001", "2024-01-03 10:00:00", 19.99), ("x2", "001", "03.01.2024", "n/a"), (3, "002", None, 1e3)],
        )  # fmt: skip
    connection.close()
    databases = {"crm": {"path": str(tmp_path / "shop.sqlite")}}
    settings = of_other_programs(shop, databases, {"orders": "select * from crm.sales"})
    run = dbt(
        "run", "--select", "staging.base", database=tmp_path / "built.duckdb", settings=settings
    )
    assert run.ok, run.text
    rows = query(
        tmp_path / "built.duckdb",
        "select order_id, ordered_at, amount, updated_at from staging.base_orders order by all",
    )
    assert rows == [
        ("1", "2024-01-03 10:00:00", "19.99", None),
        ("3", None, "1000.0", None),
        ("x2", "03.01.2024", "n/a", None),
    ]


def test_a_server_of_postgresql_is_read_without_a_password_in_the_settings(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("postgres_scanner")
    psycopg2 = pytest.importorskip("psycopg2")
    programs = postgres_server.programs()
    if programs is None:
        pytest.skip("There is no PostgreSQL here.")
    with postgres_server.running(programs) as port:
        place = {"host": "127.0.0.1", "port": port, "dbname": "postgres", "user": "owner"}
        connection = psycopg2.connect(**place, password=postgres_server.PASSWORD)
        with connection, connection.cursor() as cursor:
            cursor.execute("create schema sales")
            cursor.execute("create table sales.refunds as select 7 as refund_id, 1 as order_id, timestamptz '2024-03-01 00:30+01' as refunded_at, cast(5 as numeric(12, 2)) as amount")  # fmt: skip
        connection.close()
        text = " ".join(f"{name}={value}" for name, value in place.items())
        settings = of_other_programs(
            shop,
            {"app": {"path": text, "type": "postgres"}},
            {"refunds": "select * from app.sales.refunds"},
        )
        monkeypatch.setenv("PGPASSWORD", postgres_server.PASSWORD)
        database = tmp_path / "built.duckdb"
        run = dbt("run", "--select", "staging.base", database=database, settings=settings)
        assert run.ok, run.text
        sql = "select refund_id, cast(refunded_at at time zone 'UTC' as varchar), amount from staging.base_refunds"
        assert [tuple(map(str, row)) for row in query(database, sql)] == [
            ("7", "2024-02-29 23:30:00", "5.00")
        ]
        [(data,)] = query(database, "select data from intermediate.int_data_held")
        assert f"host=127.0.0.1 port={port} dbname=postgres" in data and "owner" not in data
        holders = [path for path in tmp_path.rglob("*") if path.is_file() and postgres_server.PASSWORD.encode() in path.read_bytes()]  # fmt: skip
        assert holders == []
