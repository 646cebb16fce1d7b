"""A build in a session of Spark, for what is written in the SQL of DuckDB: tables are copied there, and what was made goes back.

dbt runs the session in this process. Files pass between the two, so on a cluster the temporary folder must be one that all of its
machines share (TMPDIR).
"""

import contextlib
import json
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retention_ledger.database import DATA_HELD, quoted
from retention_ledger.errors import Stop


@dataclass(frozen=True)
class SparkBuild:
    """What dbt has built in the session of this process, and the schema in which it says what it is."""

    schema: str

    @property
    def session(self) -> Any:
        """The session; Stop where dbt has begun none."""
        from pyspark.sql import SparkSession

        found = SparkSession.getActiveSession() or SparkSession._instantiatedSession
        if found is None:
            raise Stop("There is no session of Spark in this process: build first.")
        return found

    def relations(self) -> dict[str, list[str]]:
        """Name of a model -> its schema and table."""
        [(relations,)] = self.session.sql(
            f"select relations from {self.schema}.{DATA_HELD}"
        ).collect()
        return json.loads(relations)

    @contextlib.contextmanager
    def copied(self, models: Collection[str]) -> Iterator["Copy"]:
        """A DuckDB file with the tables of these models, and the one by which a build is found."""
        relations = self.relations()
        with tempfile.TemporaryDirectory(prefix="retention_ledger_") as name:
            copy = Copy(self, Path(name), relations)
            with duckdb.connect(str(copy.file)) as connection:
                connection.execute("set timezone = 'UTC'")
                for model in {DATA_HELD, *models}:
                    copy.fetch(connection, model)
                # It says so itself only when the command has come to its end.
                connection.execute(
                    f"update {'.'.join(map(quoted, relations[DATA_HELD]))} set last_build = 'passed'"
                )
            yield copy


@dataclass(frozen=True)
class Copy:
    """Tables of a build on Spark in a DuckDB file."""

    build: SparkBuild
    folder: Path
    relations: dict[str, list[str]]

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return self.folder / "copy.duckdb"

    def fetch(self, connection: duckdb.DuckDBPyConnection, model: str) -> None:
        """Copies the table of a model from Spark."""
        schema, table = self.relations[model]
        rows = self.build.session.table(f"{schema}.{table}")
        rows.write.parquet(str(self.folder / "fetched" / model))
        connection.execute(f"create schema if not exists {quoted(schema)}")
        connection.execute(
            f"create table {quoted(schema)}.{quoted(table)} as from read_parquet('{self.folder}/fetched/{model}/*.parquet')"
        )

    def bring(self, models: Collection[str]) -> None:
        """Replaces the rows of tables on Spark by those that the file has now."""
        with duckdb.connect(str(self.file), read_only=True) as connection:
            for model in models:
                schema, table = self.relations[model]
                made = self.folder / f"{model}.parquet"
                connection.execute(f"copy {quoted(schema)}.{quoted(table)} to '{made}'")
                wanted = self.build.session.table(f"{schema}.{table}").schema
                rows = self.build.session.read.parquet(str(made))
                rows = rows.select([rows[field.name].cast(field.dataType) for field in wanted])
                rows.write.insertInto(f"{schema}.{table}", overwrite=True)


def predict(build: SparkBuild) -> str:
    """Fits the lifetime models and the risk of leaving on a copy, and brings back what they say; returns a summary."""
    from retention_ledger.prediction import fit, risk_tables

    read = (*fit.READ, *risk_tables.READ)
    written = (*fit.WRITTEN, *risk_tables.WRITTEN)
    with build.copied((*read, *written)) as copy:
        summary = fit.predict(copy.file, build.schema)
        copy.bring(written)
    return summary
