"""Tables between dbt and Python: read as arrays, written row by row."""

import duckdb
import numpy as np

Columns = dict[str, np.ndarray]


def read_columns(connection: duckdb.DuckDBPyConnection, table: str) -> Columns:
    """A summary table as arrays of floats, in a fixed order of rows."""
    columns = connection.execute(f"select * from {table} order by all").fetchnumpy()
    return {name: np.asarray(values, dtype=float) for name, values in columns.items()}


def write_row(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, object]) -> None:
    """Replaces the one row of a table."""
    connection.execute(f"delete from {table}")
    names, places = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"insert into {table} ({names}) values ({places})", list(row.values()))


def write_scores(connection: duckdb.DuckDBPyConnection, table: str, scores: Columns | None) -> None:
    """Replaces the scores; none where the model cannot be used."""
    connection.execute(f"delete from {table}")
    if scores is not None:
        connection.register("new_scores", scores)
        connection.execute(f"insert into {table} by name select * from new_scores")
        connection.unregister("new_scores")


def write_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Columns | None) -> None:
    """Replaces the rows of a small table, given as columns of Python values."""
    connection.execute(f"delete from {table}")
    lines = [list(line) for line in zip(*rows.values(), strict=True)] if rows else []
    if rows and lines:
        names, places = ", ".join(rows), ", ".join("?" * len(rows))
        connection.executemany(f"insert into {table} ({names}) values ({places})", lines)


def finite(value: float) -> float | None:
    """A number as the database should hold it: no NaN."""
    return float(value) if np.isfinite(value) else None
