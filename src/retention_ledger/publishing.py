"""Written beside, published at once: whoever reads a database sees one complete build of it.

A command writes into a candidate, a copy of the database in the folder DATABASE.candidate beside it, and
publishes it by renaming it over the database. A rename is one step: who has the old file open goes on
reading the old build, who opens the name gets the new one, and no moment shows a part of either.

The candidate has the name of the database, because DuckDB names a catalog after its file and the views
inside name that catalog.
"""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import duckdb

from retention_ledger.database import (
    DATA_HELD,
    Place,
    candidate_folder,
    check_file,
    find_build,
    opened,
    why_not_opened,
)
from retention_ledger.errors import Refused, Stop

#: The mart that lists what was published.
LOG = "published_builds"


class Publication(Protocol):
    """How what was built comes to its readers in one step.

    A file is replaced (`Candidate`). A server has schemas instead (`schema_switch.CandidateSchemas`): the build goes
    into schemas of its own, and `publish` moves its tables in one transaction. ``place`` is what is written to.
    """

    place: Place | None

    def make(self) -> None:
        """Makes the place that is built into."""

    def publish(self) -> None:
        """Shows the build to its readers."""


class InPlace:
    """No publication: dbt writes where its readers look."""

    place = None

    def make(self) -> None:
        """There is one place."""

    def publish(self) -> None:
        """It is already there."""


def new_build_id() -> str:
    """The name of a build: when it was published, in UTC, and six digits that no other has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def megabytes(size: int) -> str:
    """A number of bytes as people write it."""
    return f"{size / 1e6:,.1f} MB"


def identity(file: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written to or replaced; None where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def wal_of(file: Path) -> Path:
    """Where DuckDB keeps what it has not yet written into a database file."""
    return file.with_name(file.name + ".wal")


@dataclass
class Candidate:
    """What a command writes instead of the database.

    ``database`` is the file as the user names it, ``target`` the one that is replaced (they differ
    where the first is a link), ``file`` the candidate.
    """

    database: Path
    target: Path
    file: Path
    replaces: tuple[int, int, int] | None = None
    is_made: bool = False
    is_published: bool = False

    @property
    def place(self) -> Path:
        """What is written to."""
        return self.file

    def make(self) -> None:
        """Copies the database, or begins with nothing; Stop where there is no room or another program writes."""
        remove_leftovers(self.file)
        self.replaces = None
        if self.target.exists():
            fold_in_wal(self.database, self.target)
            check_room(self.database, self.target)
            # While it is open here, nobody else writes to it.
            with opened(self.database):
                self.replaces = identity(self.target)
                shutil.copyfile(self.target, self.file)
        self.is_made = True

    def publish(self) -> None:
        """Puts the candidate in the place of the database; Stop where that has been written to meanwhile."""
        if wal_of(self.file).exists():
            raise Stop(f"The candidate {self.file} is not written in full: build again.")
        check_writable(self.database)
        if identity(self.target) != self.replaces or wal_of(self.target).exists():
            raise Stop(
                f"Another program has written to {self.database} while this command ran, which would be lost: "
                "let one finish before the other begins, and run this command again."
            )
        if self.target.exists():
            take_over_rights(self.target, self.file)
        write_through(self.file)
        try:
            os.replace(self.file, self.target)
        except PermissionError as error:
            raise Stop(
                f"The database {self.database} cannot be replaced ({error.strerror}): "
                "close it in other programs, and run this command again."
            ) from error
        self.is_published = True
        with contextlib.suppress(OSError):
            write_through(self.target.parent)

    def discard(self) -> None:
        """Removes a candidate into which no table was written."""
        remove_leftovers(self.file)
        self.is_made = False

    def what_readers_see(self) -> str:
        """After a failure: what is still there, and where the candidate is."""
        if not self.is_made:
            return ""
        still = (
            f"Readers of {self.database} see the build that was there before."
            if self.replaces
            else f"There is still no database {self.database}."
        )
        return f"\n{still} What this one has made is kept in {self.file}."


class Unpublished(Protocol):
    """A candidate, as it is spoken of where something fails."""

    def discard(self) -> None:
        """Removes what nobody needs to look at."""

    def what_readers_see(self) -> str:
        """What is still there, and where the candidate is kept."""


@contextlib.contextmanager
def what_fails_is_said(candidate: Unpublished, beside: str, known_as: str) -> Iterator[None]:
    """Adds to what goes wrong what readers see now; of what was refused nothing is kept.

    To the user it is one database, wherever it was when something was wrong with it: `beside` is said as `known_as`.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise Stop(f"Broken off.{candidate.what_readers_see()}") from error
    except Stop as stop:
        if isinstance(stop, Refused):
            candidate.discard()
        raise Stop(str(stop).replace(beside, known_as) + candidate.what_readers_see()) from stop
    except Exception as error:
        error.add_note(candidate.what_readers_see().strip())
        raise


@contextlib.contextmanager
def beside(database: Path) -> Iterator[Candidate]:
    """A candidate for a database that nobody else builds meanwhile.

    What goes wrong inside is a Stop that says what readers see and where the candidate is kept.

        with beside(database) as candidate:
            candidate.make()
            ...  # write to candidate.file, and close it
            candidate.publish()
    """
    check_writable(database)
    target = database.resolve()
    folder = candidate_folder(database)
    candidate = Candidate(database, target, folder / database.name)
    with lock(folder, database):
        try:
            with what_fails_is_said(candidate, str(candidate.file), str(database)):
                try:
                    yield candidate
                except (duckdb.Error, OSError) as error:
                    said = " ".join(str(error).split())
                    raise Stop(f"The build could not be written: {said}") from error
        finally:
            if candidate.is_published:
                remove_leftovers(candidate.file)


def has_log(file: Place, schema: str) -> bool:
    """Whether the build in a file has the mart that lists what was published."""
    with opened(file) as connection:
        return find_build(connection, file, schema).has(connection, LOG)


def name_build(file: Place, schema: str, command: str) -> str:
    """Gives the build in a candidate its id, adds it to `published_builds`, and writes the file in full."""
    build_id = new_build_id()
    with opened(file, read_only=False) as connection:
        build = find_build(connection, file, schema)
        connection.begin()
        policy = "policy_settings" if build.has(connection, "policy_settings") else None
        rows = (
            connection.execute(
                f"select value, policy_version from {build.table(policy)} where setting = 'as_of_date'"
            ).fetchall()
            if policy
            else []
        )
        as_of_date, version = rows[0] if rows else (None, None)
        connection.execute(
            f"insert into {build.table(LOG)} (build_id, command, as_of_date, published_at, policy_version) "
            "values (?, ?, ?, ?, ?)",
            [build_id, command, as_of_date, datetime.now(UTC).replace(tzinfo=None), version],
        )
        connection.execute(f"update {build.table(DATA_HELD)} set build_id = ?", [build_id])
        connection.commit()
        if isinstance(file, Path):
            connection.execute("checkpoint")
    return build_id


def check_writable(database: Path) -> None:
    """Stop where no build can be published: no place, no rights, a file that is damaged or being written to."""
    check_file(database, must_exist=False)
    target = database.resolve()
    if target.exists():
        if not os.access(target, os.W_OK) or not target.stat().st_mode & stat.S_IWUSR:
            raise Stop(f"The database {database} may only be read, and this command replaces it.")
        with opened(database):
            pass
    if not os.access(target.parent, os.W_OK):
        raise Stop(
            f"Nothing may be written to the folder {target.parent}, and this command writes beside the database "
            f"{database.name} before it replaces it: name another place with `--database FILE`."
        )


def check_room(database: Path, target: Path) -> None:
    """Stop where a copy does not fit."""
    needed, free = target.stat().st_size, shutil.disk_usage(target.parent).free
    if free < needed:
        raise Stop(
            f"A build is written beside {database} before it replaces it, which takes {megabytes(needed)}, and "
            f"{megabytes(free)} are free on that disk: make room, or name another place with `--database FILE`."
        )


def fold_in_wal(database: Path, target: Path) -> None:
    """Has DuckDB write into the file what an interrupted program has left beside it; nothing else changes."""
    if wal_of(target).exists():
        try:
            with duckdb.connect(str(target)) as connection:
                connection.execute("checkpoint")
        except (duckdb.Error, OSError) as error:
            raise Stop(why_not_opened(database, error)) from error


def take_over_rights(target: Path, file: Path) -> None:
    """Gives a file the mode of the one it replaces, and its owner where that is allowed."""
    before = target.stat()
    file.chmod(stat.S_IMODE(before.st_mode))
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(file, before.st_uid, before.st_gid)


def write_through(path: Path) -> None:
    """Has the system put a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(file: Path) -> None:
    """Removes a candidate and what DuckDB puts beside one."""
    for path in (file, wal_of(file)):
        path.unlink(missing_ok=True)
    shutil.rmtree(file.with_name(file.name + ".tmp"), ignore_errors=True)


@contextlib.contextmanager
def lock(folder: Path, database: Path) -> Iterator[None]:
    """Holds the folder of the candidate; Stop where another command does. The system lets go of it when a
    process ends, however it ends."""
    path = folder / "lock"
    try:
        descriptor = take_lock(path)
    except BlockingIOError as error:
        holder = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else ""
        raise Stop(
            f"Another retention-ledger command is writing to {database}{f' ({holder})' if holder else ''}: "
            "wait until it is done."
        ) from error
    except OSError as error:
        raise Stop(
            f"The folder {folder} cannot be made or written to ({error.strerror}), and this command writes there "
            f"before it replaces {database}: name another place with `--database FILE`."
        ) from error
    try:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()}, since {datetime.now():%H:%M}".encode())
        yield
    finally:
        # The name goes before the lock does: who holds a lock on a name that is gone asks again.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            folder.rmdir()


def take_lock(path: Path) -> int:
    """The descriptor of a lock file that is held; BlockingIOError where somebody else holds it."""
    while True:
        path.parent.mkdir(exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # the holder has just removed the folder
            continue
        try:
            lock_file(descriptor)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def lock_file(descriptor: int) -> None:
    """Locks an open file for this process; BlockingIOError where another has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # beyond what is read
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
