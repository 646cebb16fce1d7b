"""Tables between dbt and Python: read as arrays, written row by row."""

from collections.abc import Iterable

import numpy as np

from retention_ledger.database import Connected, columns_of

Columns = dict[str, np.ndarray]


def read_columns(connection: Connected, table: str) -> Columns:
    """A summary table as arrays of floats, in a fixed order of rows."""
    places = ", ".join(str(place + 1) for place in range(len(columns_of(connection, table))))
    columns = connection.execute(f"select * from {table} order by {places}").fetchnumpy()
    return {name: np.asarray(values, dtype=float) for name, values in columns.items()}


def write_row(connection: Connected, table: str, row: dict[str, object]) -> None:
    """Replaces the one row of a table."""
    connection.execute(f"delete from {table}")
    connection.execute(insert_of(table, row), list(row.values()))


def insert_of(table: str, columns: Iterable[str]) -> str:
    """An insert of one row, with a question mark for each value."""
    names = list(columns)
    return f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})"


def write_scores(connection: Connected, table: str, scores: Columns | None) -> None:
    """Replaces the scores; none where the model cannot be used."""
    connection.execute(f"delete from {table}")
    if scores is not None and not hasattr(connection, "register"):
        connection.executemany(insert_of(table, scores), list(zip(*scores.values(), strict=True)))
    elif scores is not None:
        connection.register("new_scores", scores)
        connection.execute(f"insert into {table} by name select * from new_scores")
        connection.unregister("new_scores")


def write_rows(connection: Connected, table: str, rows: Columns | None) -> None:
    """Replaces the rows of a small table, given as columns of Python values."""
    connection.execute(f"delete from {table}")
    lines = [list(line) for line in zip(*rows.values(), strict=True)] if rows else []
    if rows and lines:
        connection.executemany(insert_of(table, rows), lines)


def finite(value: float) -> float | None:
    """A number as the database should hold it: no NaN."""
    return float(value) if np.isfinite(value) else None
