"""The bus between machines, with a real server that is killed, and batches that are none."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nats
import pytest
import structlog.testing
import zstandard
from tests.servers.nats import (
    NatsServer,
    empty_streams,
    ended,
    lapse,
    stamped,
    taken,
    times,
    until,
)
from tests.servers.receivers import free_port

from plainview.bus import Bus, Delivery, Sender, open_bus, wire
from plainview.bus.streams import ACK_WAIT, CENTRE, CONSUMERS
from plainview.errors import BusFull
from plainview.record import Stamped, encode


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A NATS server for all tests here."""
    server = NatsServer(tmp_path_factory.mktemp("nats") / "server")
    yield server
    server.remove()


@pytest.fixture
def opened(server: NatsServer) -> Iterator[Callable[[str], Bus]]:
    """Opens buses to the emptied server, and ends them."""
    made: list[Bus] = []

    def make(options: str) -> Bus:
        made.append(open_bus(f"{server.url}?linger=0.01{options}"))
        return made[-1]

    empty_streams(server)
    yield make
    for bus in made:
        ended(bus)


def test_a_killed_server_loses_nothing(server: NatsServer, opened: Callable[[str], Bus]) -> None:
    """What it had, and what was published while it was gone, comes once it is back: each once."""
    bus = opened("")
    bus.publish("a", stamped(1))
    until(lambda: bus.stats().waiting == 0)
    server.kill()
    bus.publish("a", stamped(2))
    until(lambda: bool(bus.stats().trouble))
    server.start()
    got = taken(bus, 2)
    assert sorted(times(got)) == [1, 2]
    assert bus.take(1, 0.2) == []
    assert bus.stats().trouble == ""


def test_a_server_without_room_for_the_stream_is_said(opened: Callable[[str], Bus]) -> None:
    """By the server's own words, in what is known of the bus and in the log."""
    with structlog.testing.capture_logs() as logs:
        bus = opened("&disk=900GB")
        assert bus.take(1, 0.0) == []
        until(lambda: "storage" in bus.stats().trouble)
        until(lambda: any("gives no batches" in line["event"] for line in logs))


def test_a_server_may_come_later_than_its_bus(tmp_path: Path) -> None:
    """Opening does not need it; the bound is kept meanwhile, and then all of it goes there."""
    port = free_port()
    bus = open_bus(f"nats://127.0.0.1:{port}?bound=2&linger=0.01")
    assert bus.take(1, 0.0) == []
    for t in (1, 2):
        bus.publish("a", stamped(t))
    with pytest.raises(BusFull, match="bound of 2"):
        bus.publish("a", stamped(3))
    assert bus.stats().trouble
    server = NatsServer(tmp_path / "server", port=port)
    assert times(taken(bus, 2)) == [1, 2]
    ended(bus)
    server.remove()


def test_a_delivery_says_whose_subject_brought_it(server: NatsServer) -> None:
    """One process may speak for several sites: each camera's batch goes in its site's name."""
    bus = open_bus(f"{server.url}?linger=0.01", lambda camera: Sender("north", f"site-{camera}"))
    for camera in "ab":
        bus.publish(camera, stamped(1, camera))
    got = taken(bus, 2)
    ended(bus)
    assert {(d.camera, d.site) for d in got} == {("a", "site-a"), ("b", "site-b")}
    assert all(isinstance(d.message, Stamped) and d.message.fence == 3 for d in got)


def test_what_is_no_batch_is_thrown_away_and_counted(
    server: NatsServer, opened: Callable[[str], Bus]
) -> None:
    """Bombs, rubbish, and Readings that are none never block what is good."""
    good = wire.Batch(1, 7, 1, ("a", "b"), (0, 0), (encode(stamped(5).reading), b"\xc0"))
    bomb = zstandard.ZstdCompressor().compress(bytes(100_000_000))
    hostile = (b"", b"rubbish", bomb, wire.pack(good)[:-1])

    async def send() -> None:
        async with await nats.connect(server.url) as client:
            for data in (*hostile, wire.pack(good)):
                await client.publish("plainview.readings.north.plaza", data)

    asyncio.run(send())
    bus = opened("")
    assert times(taken(bus, 1)) == [5]
    until(lambda: bus.stats().poison == len(hostile))
    assert bus.stats().unreadable == 1

    async def left() -> int:
        async with await nats.connect(server.url) as client:
            return (await client.jsm().stream_info("PLAINVIEW")).state.messages

    until(lambda: asyncio.run(left()) == 0)


def test_one_intake_takes_over_from_another(opened: Callable[[str], Bus]) -> None:
    """Two processes share the work; none of it comes to both while neither is late."""
    sender, one, other = opened(""), opened(""), opened("")
    for bus in (one, other):
        bus.take(1, 0.0)
    for t in range(50):
        sender.publish("a", stamped(t))
    sender.close()
    got: list[int] = []
    while len(got) < 50:
        for bus in (one, other):
            more = bus.take(50, 0.1)
            bus.acknowledge(more)
            got += times(more)
    assert sorted(got) == list(range(50))


def test_what_an_intake_took_that_is_gone_comes_to_the_next_at_once(
    server: NatsServer, opened: Callable[[str], Bus]
) -> None:
    """Not when its time is over; and whoever was killed in that moment leaves nothing behind."""
    sender, gone = opened(""), opened("")
    for t in range(5):
        sender.publish("a", stamped(t))
    held: list[Delivery] = []
    while len(held) < 5:
        held += gone.take(5, 0.1)
    ended(gone)
    lapse(server, restored=False)  # as a process that was killed while it took over
    began = time.monotonic()
    following = opened("")
    assert times(taken(following, 5)) == [*range(5)]
    assert time.monotonic() - began < ACK_WAIT / 2

    async def waits() -> list[float | None]:
        async with await nats.connect(server.url) as client:
            infos = [await client.jsm().consumer_info(CENTRE, name) for name in CONSUMERS.values()]
            return [info.config.ack_wait for info in infos]

    assert asyncio.run(waits()) == [ACK_WAIT] * 2
