import gzip
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.alerts.delivery.examples import BEGAN, PLACE, route, threshold
from tests.servers.receivers import HttpReceiver, http_receiver

from plainview.alerts.book import Book
from plainview.alerts.delivery.courier import Courier
from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.outbox import Outbox
from plainview.alerts.delivery.route import Route, Secret, Sender
from plainview.alerts.watch import Look
from plainview.app.telemetry import QUEUE, Traces, trace_of
from plainview.bus import open_bus
from plainview.clock import Clock, ManualClock
from plainview.config.telemetry import TelemetryConfig
from plainview.crowd.field import normal
from plainview.errors import DeliveryFailed
from plainview.intake import Intake
from plainview.readings import gathered
from plainview.record import Reading, Stamped
from plainview.store import Store, open_store

OUT = route(name="control-room", address="https://secret.example/in")
CAMERAS = {"plaza": ("north",)}


class Hook:
    """A receiver that fails once, with words that must not leave."""

    def __init__(self) -> None:
        """It fails first."""
        self.fails = True

    def send(self, notice: Notice) -> None:
        """Take it, the second time."""
        del notice
        if self.fails:
            self.fails = False
            raise DeliveryFailed("https://secret.example/in refused Ada's token")

    def tend(self, _told: object) -> None:
        """There."""

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(f"sqlite:{tmp_path / 'x.db'}")
    yield opened
    opened.close()


def spans(receiver: HttpReceiver) -> list[Span]:
    """What the collector was sent."""
    found: list[Span] = []
    for posted in list(receiver.posted):
        packed = posted.headers.get("content-encoding") == "gzip"
        body = gzip.decompress(posted.body) if packed else posted.body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            assert names["service.name"] == "plainview"
            found += [span for scope in resource.scope_spans for span in scope.spans]
    return found


def pass_through(traces: Traces, store: Store, clock: ManualClock) -> str:
    """A Reading, the alert raised for it, a step and two tries to deliver; the alert's id."""
    bus = open_bus("memory:")
    intake = Intake(bus, store, clock, written=traces.stored)
    t = round(clock.utc() * 1000)
    reading = Reading(t, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
    bus.publish("north", Stamped("north", reading))
    clock.advance(0.1)
    intake.step(0.0)
    clock.advance(0.1)
    outbox = Outbox(store, clock, (OUT,), {"plaza": PLACE})
    book = Book(store, clock, lambda: "a", outgoing=traces.outgoing(outbox))
    alert = book.rise("plaza", threshold(), Look(clock.utc(), normal(6.0, 0.2)))
    book.decide(alert.id, "acknowledge", "Ada Lovelace", "my own words")
    hook = Hook()

    def opened(_route: Route, _clock: Clock) -> Sender:
        return hook

    courier = Courier(
        OUT, lambda: traces.opening(opened)(OUT, clock), outbox, clock,
        chance=random.Random(1),  # noqa: S311 - it spreads tries, and guards nothing
    )  # fmt: skip
    courier.turn()
    clock.advance(5)
    courier.turn()
    return alert.id


def test_an_alert_is_one_trace_from_its_reading_to_its_delivery(
    store: Store, tmp_path: Path
) -> None:
    """At a real collector: every part in its order, nothing of people, addresses or errors."""
    key = tmp_path / "key"
    key.write_text("token-of-the-collector\n")
    clock = ManualClock(BEGAN)
    with http_receiver() as receiver:
        receiver.answers = [200] * 10
        traces = Traces(TelemetryConfig(receiver.url, Secret(key)), clock, CAMERAS)
        name = pass_through(traces, store, clock)
        assert traces.flush(10)
        traces.close()
        found = spans(receiver)
        assert receiver.posted[0].headers["authorization"] == "Bearer token-of-the-collector"
    trace, root = trace_of(name)
    mine = [one for one in found if int.from_bytes(one.trace_id, "big") == trace]
    assert sorted(one.name for one in mine) == sorted(
        ["alert", "reading", "bus", "store", "watch", "step", "deliver", "deliver"]
    )
    assert [one.name for one in found if one not in mine] == ["intake"]
    (whole,) = [one for one in mine if one.name == "alert"]
    assert int.from_bytes(whole.span_id, "big") == root
    for one in mine:
        assert one.start_time_unix_nano <= one.end_time_unix_nano
        assert one is whole or one.parent_span_id == whole.span_id
    tries = [
        {told.key: told.value.string_value for told in one.attributes}
        for one in mine
        if one.name == "deliver"
    ]
    assert [one.get("error.type") for one in tries] == ["DeliveryFailed", None]
    assert tries[0]["plainview.route"] == "control-room"
    said = str(found)
    for secret in ("Ada", "my own words", "secret.example", "token"):
        assert secret not in said


def test_a_dead_collector_blocks_nothing(store: Store) -> None:
    """Nobody listens: work goes on, what waits is bounded, and the end does not wait for it."""
    clock = ManualClock(BEGAN)
    traces = Traces(TelemetryConfig("http://127.0.0.1:9/v1/traces"), clock, CAMERAS)
    pass_through(traces, store, clock)
    for _ in range(2 * QUEUE):
        traces.stored(gathered(()), 0, clock.utc())
    assert store.delivered("control-room", 5)
    end = threading.Thread(target=traces.close)
    end.start()
    end.join(30)
    assert not end.is_alive()
