"""A PostgreSQL server as the place of a build: how it is connected to, and how its SQL differs from that of DuckDB.

psycopg2 comes with dbt's adapter (the extra `postgres`); whoever has no server imports nothing of it.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from retention_ledger.errors import Stop

#: The oldest version that is tested.
OLDEST = 150000


@dataclass(frozen=True)
class Server:
    """A database of a PostgreSQL server, as the profile of dbt names it; as text it has no password."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    schema: str
    options: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of_credentials(cls, credentials: Any) -> "Server":
        """The server that credentials of dbt-postgres name."""
        names = ("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout")
        options = ((name, getattr(credentials, name, None)) for name in names)
        return cls(
            credentials.host, credentials.port, credentials.database, credentials.user, credentials.password or "",
            credentials.schema, tuple((name, value) for name, value in options if value is not None),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} on {self.host}:{self.port}"

    def connect(self) -> "Connection":
        """A connection; Stop with what is in its way."""
        import psycopg2

        try:
            made = psycopg2.connect(
                host=self.host, port=self.port, dbname=self.name, user=self.user, password=self.password,
                application_name="retention-ledger", **dict(self.options),
            )  # fmt: skip
        except psycopg2.OperationalError as error:
            raise Stop(why_not_connected(self, error)) from error
        if made.server_version < OLDEST:
            made.close()
            raise Stop(
                f"The server of {self} is PostgreSQL {made.server_version // 10000}, and 15 or newer is needed."
            )
        return Connection(made)


def why_not_connected(server: Server, error: Exception) -> str:
    """A sentence for what psycopg2 says of a connection that did not come about."""
    said = " ".join(str(error).split())
    if "password authentication failed" in said or "no password supplied" in said:
        return (
            f"The server of {server} does not accept the password of the user {server.user}: "
            "set DBT_ENV_SECRET_PGPASSWORD, or `password` in the profile."
        )
    if f'database "{server.name}" does not exist' in said:
        return (
            f"There is no database {server}: make it with `createdb {server.name}`, "
            "or name another with RETENTION_LEDGER_PGDATABASE or in the profile."
        )
    if f'role "{server.user}" does not exist' in said:
        return (
            f"The server of {server} knows no user {server.user}: name another one in the profile."
        )
    if "permission denied for database" in said:
        return f"The user {server.user} may not connect to {server}: grant the right to connect."
    return (
        f"The server of {server} does not answer: is it running, and are host and port right? It says: "
        f"{said.removeprefix('connection to server at ')}"
    )


class Connection:
    """A psycopg2 connection that is used like one of DuckDB: a question mark for each value, results of `execute`.

    What is executed belongs to one transaction until `commit`.
    """

    def __init__(self, made: Any) -> None:
        self.made = made
        self.cursor = made.cursor()

    def execute(self, sql: str, values: Sequence[Any] | None = None) -> "Connection":
        """Runs a statement; its rows are asked of what is returned."""
        if values is None:
            self.cursor.execute(sql)
        else:
            self.cursor.execute(placed(sql), [plain(value) for value in values])
        return self

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs an insert for all rows."""
        from psycopg2.extras import execute_batch

        execute_batch(
            self.cursor, placed(sql), [[plain(value) for value in row] for row in rows], 1000
        )

    def fetchall(self) -> list[tuple]:
        """The rows of what was executed."""
        return self.cursor.fetchall()

    def fetchone(self) -> tuple | None:
        """The first row of what was executed."""
        return self.cursor.fetchone()

    def fetchnumpy(self) -> dict[str, np.ndarray]:
        """The rows as one array of floats per column; NaN where there is null."""
        names = [column.name for column in self.cursor.description]
        rows = self.cursor.fetchall()
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        return {
            name: np.array(column, dtype=float) for name, column in zip(names, columns, strict=True)
        }

    @property
    def description(self) -> Any:
        """The columns of what was executed."""
        return self.cursor.description

    def begin(self) -> None:
        """A transaction is open from the first statement on."""

    def commit(self) -> None:
        """Ends the transaction."""
        self.made.commit()

    def rollback(self) -> None:
        """Takes back what was done since the last commit."""
        self.made.rollback()

    def close(self) -> None:
        """Ends the connection, and takes back what was not committed."""
        self.made.close()


def placed(sql: str) -> str:
    """SQL with question marks as psycopg2 wants it."""
    return sql.replace("%", "%%").replace("?", "%s")


def plain(value: Any) -> Any:
    """A value as psycopg2 knows it: no number of NumPy."""
    return value.item() if isinstance(value, np.generic) else value


@contextlib.contextmanager
def connected(server: Server) -> Iterator[Connection]:
    """A connection that is closed at the end; a database error within is a Stop."""
    import psycopg2

    connection = server.connect()
    try:
        yield connection
    except psycopg2.Error as error:
        raise Stop(what_went_wrong(server, error)) from error
    finally:
        connection.close()


def what_went_wrong(server: Server, error: Exception) -> str:
    """A sentence for an error of the server."""
    said = " ".join(str(error).split())
    code = getattr(error, "pgcode", None)
    if code == "42501":
        return f"The user {server.user} lacks a right in {server}: {said}."
    if code in ("57P01", "57P02", "57P03") or "closed the connection" in said or code is None:
        return f"The server of {server} broke off: {said}. Run this command again when it is back."
    return f"The server of {server} says: {said}"
