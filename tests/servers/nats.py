"""Real NATS servers on this machine: alone, as leaf of another, and three as a cluster."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nats
from tests.servers.receivers import free_port

from plainview.bus import Bus, Delivery
from plainview.bus.streams import CENTRE, CONSUMERS, consumer, ensure_intake
from plainview.record import Reading, Stamped

SERVER = Path(sys.executable).with_name("nats-server")


class NatsServer:
    """Owns one server process; it can be killed and started again on the same port and folder."""

    def __init__(self, folder: Path, config: str = "", *, port: int = 0) -> None:
        """Start a server in `folder` with the file `config` there; alone and open without."""
        self.folder, self.port = folder, port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.file = config or "server.conf"
        if not config:
            (folder / self.file).write_text(
                f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "store" }}\n'
            )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [SERVER, "-c", self.file],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.wait()

    def wait(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        raise TimeoutError((self.folder / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        """SIGKILL, as a power cut for the process would be."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def remove(self) -> None:
        """Kill it and delete what it stored."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def empty_streams(server: NatsServer) -> None:
    """Begin again with nothing stored, and the centre's stream made.

    By a server that starts anew: one that runs answers that a stream is deleted before its folder
    is gone, and a stream made at once may lose its folder to that, or find the old one's messages.
    """
    server.kill()
    if (store := server.folder / "store").exists():
        shutil.rmtree(store)
    server.start()

    async def make() -> None:
        async with await nats.connect(server.url) as client:
            await ensure_intake(client, disk=10**8, replicas=1)

    asyncio.run(make())


def lapse(server: NatsServer, *, restored: bool = True) -> None:
    """Let the time pass after which what was not acknowledged may come again.

    Unless `restored` it stays as short as it was made for that.
    """

    async def wait() -> None:
        async with await nats.connect(server.url) as client:
            manager = client.jsm()
            for path in CONSUMERS:
                await manager.add_consumer(CENTRE, consumer(path, ack_wait=0.05))
            await asyncio.sleep(0.2)
            for path in CONSUMERS if restored else ():
                await manager.add_consumer(CENTRE, consumer(path))

    asyncio.run(wait())


def ended(bus: Bus) -> None:
    """Close `bus` and its connection."""
    bus.close()
    while bus.take(10_000, 5.0):
        pass


def stamped(t: int, camera: str = "a") -> Stamped:
    """A Reading of `camera` at `t`."""
    return Stamped(camera, Reading(t, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ()), fence=3)


def taken(bus: Bus, count: int) -> Sequence[Delivery]:
    """`count` messages, each acknowledged, as they come."""
    got: list[Delivery] = []
    while len(got) < count and (more := bus.take(count - len(got), 20.0)):
        bus.acknowledge(more)
        got += more
    return got


def times(deliveries: Sequence[Delivery]) -> list[int]:
    """When they were measured."""
    return [d.message.reading.t for d in deliveries if isinstance(d.message, Stamped)]


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread or process does."""
    end = time.monotonic() + 20
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert holds()
