"""One simulation from beginning to end: start, speak, wait until all is stored, count, report."""

import math
import os
import resource
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from plainview.app.simulation import chaos
from plainview.app.simulation.audit import Audit, audit, count, disk_bytes
from plainview.app.simulation.gathered import Child, Gathered
from plainview.app.simulation.keeping import Keeping
from plainview.app.simulation.lines import KEEPS, Line, Task
from plainview.app.simulation.meter import Meter, folder_bytes
from plainview.app.simulation.proxy import Proxy
from plainview.app.simulation.report import (
    Recovery,
    Report,
    failed,
    of_alerts,
    of_bins,
    per_camera_day,
)
from plainview.app.simulation.servers import NATS, POSTGRES, Nats, Postgres
from plainview.app.simulation.speaking import Speaking
from plainview.bus import check_bus, open_bus
from plainview.clock import SystemClock
from plainview.errors import InputError
from plainview.store import open_store
from plainview.synth.city.shape import City
from plainview.synth.city.voice import Voice

_READY = 120.0
_QUIET = 8
"""Lines of nothing in a row after which nothing more is coming."""
_LAST = 60.0
"""Seconds that are waited for something new in the store, after the city's last word."""
_MOST_CAMERAS = 1_000_000
_LEAD = 1.5
"""Seconds between the word and the beginning."""
_FAULT_SECONDS = 60
"""Seconds more that the city may speak for, at most, for each fault."""
_LINE = 0.25

Say = Callable[[str], None]


class Asked(Struct, frozen=True):
    """What a person wants simulated."""

    city: City
    seconds: int
    bus: str = "memory:"
    store: str = ""
    """Empty: SQLite in a folder of its own."""
    faults: tuple[str, ...] = ()
    """Names of `chaos.FAULTS`."""


def simulate_city(asked: Asked, say: Say) -> tuple[Report, bool]:
    """Run it; the report, and whether nothing was lost, doubled or changed.

    Progress goes to `say`. Raises InputError for what cannot be simulated, PlainviewError where a
    process cannot be started.
    """
    _check(asked)
    with tempfile.TemporaryDirectory(prefix="plainview-simulate-") as name, ExitStack() as stack:
        run = _Embedded if asked.bus.startswith("memory:") else _City
        return run(asked, Path(name), stack, say).report()


def _check(asked: Asked) -> None:
    if asked.city.per_site < 1 or asked.city.cameras < 1 or asked.seconds < 1:
        raise InputError("there is nothing to simulate", mend="Give at least 1 of each")
    if asked.city.cameras > _MOST_CAMERAS:
        raise InputError(
            f"{asked.city.cameras:,} cameras are more than one machine can play",
            where="--cameras",
            mend=f"Give at most {_MOST_CAMERAS:,}",
        )
    if asked.bus != NATS:
        check_bus(asked.bus)
    if asked.store == POSTGRES and asked.bus.startswith("memory:"):
        raise InputError(
            "a PostgreSQL server of the simulation's own needs a bus between processes",
            where="--store",
            mend=f"Add --bus {NATS}",
        )
    needed = {fault.needs for fault in chaos.FAULTS if fault.name in asked.faults}
    if not needed <= {"intake", asked.bus, asked.store}:
        raise InputError(
            "only servers of the simulation's own may be broken",
            where="--chaos",
            mend=f"Use --bus {NATS} --store {POSTGRES}, or neither",
        )
    if asked.bus != NATS and not asked.bus.startswith("memory:"):
        _check_answers(asked.bus)


def _check_answers(url: str) -> None:
    """Raise InputError where no server of the bus at `url` answers.

    A city waits for one as long as it takes; who simulates one would wait for nothing.
    """
    bus = open_bus(url)
    try:
        trouble = bus.stats().trouble
    finally:
        bus.close()
    if trouble:
        raise InputError(
            f"the bus does not answer: {trouble}",
            where="--bus",
            mend=f"Start a server there, or use {NATS}",
        )


class _Run:
    """Owns what every simulation has: its meter, what was gathered, and the store's address."""

    def __init__(self, asked: Asked, folder: Path, stack: ExitStack, say: Say) -> None:
        self._asked, self._folder, self._stack, self._say = asked, folder, stack, say
        self._clock = SystemClock()
        self.gathered = Gathered()
        self._meter = Meter()
        stack.callback(self._meter.close)
        self._faults: list[Recovery] = []
        self.voice = Voice(asked.city, 0)

    def _begin(self) -> int:
        base = math.ceil((self._clock.utc() + _LEAD) * 1000)
        self.voice.base = base
        return base

    def _until_over(self) -> None:
        """Until the city has spoken and nothing more comes, or it has been waited for too long."""
        gathered, told, known = self.gathered, 0.0, (0, 0, 0, 0)
        end = math.inf
        while self._clock.monotonic() < end:
            gathered.wait(1.0)
            now = self._clock.monotonic()
            if now - told > 5:
                told = now
                self._say(
                    f"{gathered.spoken.seconds} of {self._asked.seconds} s: "
                    f"{gathered.spoken.offered:,} offered, {gathered.stored:,} stored"
                    + (f"; {gathered.last.trouble}" if gathered.last.trouble else "")
                )
            spoken = gathered.spoken
            here = spoken.offered, spoken.waiting, gathered.stored, gathered.last.unsummed
            # A bus that takes nothing keeps what waits for it: that is not waited for, for ever.
            if here != known or spoken.seconds < self._asked.seconds:
                known, end = here, now + _LAST
            if not spoken.over:
                self._watch_processes()
                gathered.quiet = 0
                continue
            if gathered.quiet >= _QUIET and self._complete():
                return

    def _complete(self) -> bool:
        return count(self._store_url) >= self.gathered.spoken.offered or self._slow()

    def _slow(self) -> bool:
        """A count costs more than a line: once a second is enough."""
        self.gathered.quiet = _QUIET // 2
        return False

    def _watch_processes(self) -> None:
        """Raise PlainviewError where one has ended that should not."""

    @property
    def _store_url(self) -> str:
        raise NotImplementedError

    def _reported(
        self, cpu: dict[str, float | None], empty: int, kept: Audit, broker: int | None
    ) -> tuple[Report, bool]:
        asked, gathered, spoken = self._asked, self.gathered, self.gathered.spoken
        seconds = max(spoken.seconds, 1)
        wire = spoken.wire_bytes or None
        grown = disk_bytes(self._store_url) - empty
        report = Report(
            cameras=asked.city.cameras,
            sites=asked.city.sites,
            seconds=spoken.seconds,
            bus=asked.bus.partition(":")[0],
            store=self._store_url.partition(":")[0],
            offered=spoken.offered,
            stored=kept.stored,
            lost=kept.lost,
            duplicated=kept.duplicated,
            altered=kept.altered,
            invented=kept.invented,
            refused=dict(gathered.refused),
            came_again=gathered.duplicates,
            held_back=spoken.held_back,
            rolled_up=kept.rolled_up,
            rate=round(spoken.offered / seconds, 1),
            spoke_late=spoken.late,
            reading_bytes=round(spoken.offered_bytes / max(spoken.offered, 1), 1),
            reading_to_store=of_bins(gathered.latencies),
            reading_to_alert=of_alerts(gathered.alerts),
            cpu_seconds={k: None if v is None else round(v, 2) for k, v in cpu.items()},
            cores=round(sum(v for v in cpu.values() if v is not None) / seconds, 3),
            wire_bytes_per_camera_day=per_camera_day(wire, spoken.offered),
            disk_bytes_per_camera_day=per_camera_day(grown, spoken.offered),
            broker_disk_bytes=broker,
            memory_megabytes=self._meter.memory(),
            faults=self._faults,
        )
        return report, not failed(kept)


class _Embedded(_Run):
    """Everything in this process: the bus in memory, the store in a file unless told otherwise."""

    @property
    def _store_url(self) -> str:
        return self._asked.store or f"sqlite:{self._folder / 'plainview.db'}"

    def report(self) -> tuple[Report, bool]:
        """Run it."""
        asked = self._asked
        bus = open_bus(asked.bus)
        with ExitStack() as stack:
            store = open_store(self._store_url, KEEPS)
            stack.callback(store.close)
            keeping = Keeping(asked.city, bus, store, self._clock)
            speaking = Speaking(asked.city, bus, self._clock, encoded=False)
            empty = disk_bytes(self._store_url)
            self._meter.watch("plainview", os.getpid())
            base = self._begin()
            before = _own_cpu()
            keeping.begin(base)
            speaking.begin(base, asked.seconds)
            lines = _Lines(self.gathered.take, speaking.line, keeping.line)
            stack.callback(lines.close)
            self._until_over()
            cpu: dict[str, float | None] = {"plainview": _own_cpu() - before}
            lines.close()
            speaking.join()
            keeping.close()
            bus.close()
        kept = audit(self._store_url, self.voice, self.gathered.spoken.seconds)
        return self._reported(cpu, empty, kept, None)


class _Lines:
    """Owns a thread that hands on some lines four times a second."""

    def __init__(self, take: Callable[[Line], None], *lines: Callable[[], Line]) -> None:
        self._take, self._lines = take, lines
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(_LINE):
            self._hand_on()

    def _hand_on(self) -> None:
        for line in self._lines:
            self._take(line())

    def close(self) -> None:
        """End it, with what is new since its last line. Doing it twice does no harm."""
        if not self._stop.is_set():
            self._stop.set()
            self._thread.join()
            self._hand_on()


class _City(_Run):
    """Processes of their own for the city, intake, and the servers that were asked for."""

    def __init__(self, asked: Asked, folder: Path, stack: ExitStack, say: Say) -> None:
        super().__init__(asked, folder, stack, say)
        self._broker: Nats | None = None
        self._database: Postgres | None = None
        if asked.bus == NATS:
            self._broker = Nats(folder / "nats", self._meter)
            stack.callback(self._broker.close)
            self._broker.start()
        if asked.store == POSTGRES:
            say("making a database")
            self._database = Postgres(folder / "postgres", self._meter)
            stack.callback(self._database.close)
            self._database.start()
        self._bus_url = self._broker.url if self._broker else asked.bus
        self._leaf_url = ""
        self._link: Proxy | None = None
        if chaos.LEAF_CUT in asked.faults:
            self._link = Proxy(self.broker.leaves)
            stack.callback(self._link.close)
            leaf = Nats(folder / "leaf", self._meter, name="leaf", centre=self._link.port)
            stack.callback(leaf.close)
            leaf.start()
            self._leaf_url = f"{leaf.url}?leaf=100MB"
        self._intake = self._start("store", 0)

    @property
    def _store_url(self) -> str:
        if self._database is not None:
            return self._database.url
        return self._asked.store or f"sqlite:{self._folder / 'plainview.db'}"

    @property
    def broker(self) -> Nats:
        """The bus's server. Raises InputError where it is not ours."""
        if self._broker is None:
            raise InputError("the broker is not the simulation's own", where="--chaos")
        return self._broker

    @property
    def database(self) -> Postgres:
        """The store's server. Raises InputError where it is not ours."""
        if self._database is None:
            raise InputError("the database is not the simulation's own", where="--chaos")
        return self._database

    @property
    def link(self) -> Proxy:
        """Between leaf and centre. Raises InputError where there is none."""
        if self._link is None:
            raise InputError("there is no leaf", where="--chaos")
        return self._link

    def _start(self, role: str, base: int) -> Child:
        asked = self._asked
        task = Task(
            role="speak" if role == "speak" else "store",
            city=asked.city,
            bus=self._bus_url,
            store=self._store_url,
            leaf=self._leaf_url,
            # With faults the city goes on until the last of them is over, and is told to stop.
            seconds=asked.seconds + (_FAULT_SECONDS * len(asked.faults)),
            base=base,
        )
        child = Child(task, self.gathered, self._folder / f"{role}.log")
        self._stack.callback(child.kill)
        self._meter.watch("generator" if role == "speak" else "intake", child.pid)
        return child

    def is_kept(self, since: int, until: int) -> bool:
        """Whether all that was said with since < t <= until (UTC milliseconds) is in the store."""
        return count(self._store_url, since, until) >= self.voice.between(since, until)

    def kill_intake(self) -> None:
        """SIGKILL intake, and start it again."""
        self._meter.look()
        self._intake.kill()
        self._intake = self._start("store", self.voice.base)
        self._intake.wait_ready(_READY)

    def _wreck(self) -> list[Recovery]:
        if not self._asked.faults:
            return []
        found = chaos.run(self, self._clock, self._asked.seconds, self._asked.faults, self._say)
        end = self.voice.base / 1000 + self._asked.seconds
        self._clock.sleep(max(end - self._clock.utc(), 0.0))
        self._city.tell("stop")
        return found

    def _watch_processes(self) -> None:
        if not self._city.alive:
            self._city.wait_ready(0.0)
        if self._wrecking.done() and self._wrecking.exception() is not None:
            self._wrecking.result()

    def report(self) -> tuple[Report, bool]:
        """Run it."""
        self._city = self._start("speak", 0)
        for child in (self._intake, self._city):
            child.wait_ready(_READY)
        empty = disk_bytes(self._store_url)
        before, own = self._meter.cpu(), _own_cpu()
        base = self._begin()
        self._intake.tell(str(base))
        self._city.tell(str(base))
        with ThreadPoolExecutor(1) as executor:
            self._wrecking = executor.submit(self._wreck)
            self._until_over()
            self._faults = self._wrecking.result()
        after = self._meter.cpu()
        cpu: dict[str, float | None] = {
            name: after[name] - before.get(name, 0.0) for name in sorted(after)
        }
        cpu["conductor"] = _own_cpu() - own
        for name, ours in (("broker", self._broker), ("database", self._database)):
            if ours is None and not (name == "database" and self._store_url.startswith("sqlite")):
                cpu[name] = None
        self._city.end()
        self._intake.end()
        self._say("counting what is stored")
        kept = audit(self._store_url, self.voice, self.gathered.spoken.seconds)
        broker = None if self._broker is None else folder_bytes(self._broker.folder)
        return self._reported(cpu, empty, kept, broker)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
