"""The export: every mart as a file, with the rows, the order and the types of the database, of one build."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from dbt_project import ROOT, query

from retention_ledger.errors import Stop
from retention_ledger.export import CONTENTS, default_folder, export_marts

MARTS = {file.stem for file in (ROOT / "models" / "marts").glob("*/*.sql")}


@pytest.fixture(scope="module")
def exported(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All marts of the demo as Parquet."""
    folder = tmp_path_factory.mktemp("export") / "marts"
    export_marts(demo_database, folder)
    return folder


def test_every_mart_is_a_file_with_its_rows(exported: Path, demo_database: Path) -> None:
    assert {file.stem for file in exported.glob("*.parquet")} == MARTS
    assert {file.name for file in exported.iterdir()} == {f"{mart}.parquet" for mart in MARTS} | {
        CONTENTS
    }
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo_database}' as demo (read_only)")
        for mart in sorted(MARTS):
            file, table = f"read_parquet('{exported / mart}.parquet')", f"demo.marts.{mart}"
            kinds = [
                connection.execute(f"describe select * from {one}").fetchall()
                for one in (file, table)
            ]
            assert [row[:2] for row in kinds[0]] == [row[:2] for row in kinds[1]]
            # The same rows, however often each: their number, and the sum of their hashes.
            rows = [
                connection.execute(f"select count(*), sum(hash(x)) from {one} as x").fetchall()
                for one in (file, table)
            ]
            assert rows[0] == rows[1]


def test_an_export_says_which_build_it_is_of(exported: Path, demo_database: Path) -> None:
    said = json.loads((exported / CONTENTS).read_text())
    [(build_id,)] = query(demo_database, "select build_id from intermediate.int_data_held")
    [(version,)] = query(demo_database, "select distinct policy_version from marts.policy_settings")
    assert (said["build_id"], said["policy_version"], said["as_of_date"]) == (
        build_id,
        version,
        "2025-12-14",
    )
    assert said["rows"]["retention_by_period.parquet"] == 11124 and len(said["rows"]) == len(MARTS)


def test_csv_keeps_nulls_quotes_and_order(demo_database: Path, tmp_path: Path) -> None:
    """Read again as text: an empty text is not null; a newer export takes away what the older one had, and nothing else."""
    database = tmp_path / demo_database.name
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"attach '{demo_database}' as demo (read_only); create schema marts; create schema intermediate"
        )
        connection.execute(
            "create table intermediate.int_data_held as from demo.intermediate.int_data_held"
        )
        connection.execute(
            """
            create table marts.orders as select * from (values
                (2, 'he said "no", twice', cast(null as varchar)), (1, '', E'two\\nlines'), (10, '=1+1', 'Zürich')) as t(id, words, more)
            """
        )
        connection.execute("create table marts.customers as select 1 as customer_id")
    folder = tmp_path / "out"
    export_marts(database, folder, "parquet", ["orders", "customers"])
    (folder / "mine.csv").write_text("stays")
    written = export_marts(database, folder, "csv", ["orders"])
    assert (written.files, written.rows) == (1, 3)
    assert {file.name for file in folder.iterdir()} == {"orders.csv", "mine.csv", CONTENTS}
    assert (folder / "orders.csv").read_text(encoding="utf-8") == (
        'id,words,more\n1,"","two\nlines"\n2,"he said ""no"", twice",\n10,=1+1,Zürich\n'
    )
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".out")]


def test_faults_are_sentences(demo_database: Path, tmp_path: Path) -> None:
    with pytest.raises(
        Stop, match=r"There is no mart orderz\. There are: acquisition_cost_by_period, "
    ):
        export_marts(demo_database, tmp_path / "x", marts=["orderz"])
    with pytest.raises(Stop, match=r"There is no database .* yet"):
        export_marts(tmp_path / "nothing.duckdb")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(Stop, match=r"is a file; name a folder"):
        export_marts(demo_database, file)
    with pytest.raises(Stop, match=r"There is no folder .* to put the export"):
        export_marts(demo_database, tmp_path / "none" / "x")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / CONTENTS).write_text("[]")
    with pytest.raises(Stop, match=r"is not one of an export"):
        export_marts(demo_database, tmp_path / "y", marts=["orders"])
    failed = tmp_path / "failed.duckdb"
    with duckdb.connect(str(failed)) as connection:
        connection.execute(
            f"attach '{demo_database}' as demo (read_only); create schema intermediate"
        )
        connection.execute(
            "create table intermediate.int_data_held as from demo.intermediate.int_data_held"
        )
        connection.execute("update intermediate.int_data_held set last_build = 'failed'")
    with pytest.raises(Stop, match=r"The last build of the database .* failed"):
        export_marts(failed)
    shutil.rmtree(tmp_path / "y")
    assert default_folder(Path("a/my_shop.duckdb")) == Path("a/my_shop_export")
