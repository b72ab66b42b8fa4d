"""Traces of Plainview's own work, from a Reading to the delivery of an alert, by OTLP over HTTP.

One trace for each alert: its id is a hash of the alert's, so that what a courier does hours and
restarts later is in the same trace. Attributes are names of places, routes and kinds, and counts;
no person, no note, no address and no text of an error is among them
(docs/design/0019-telemetry.md).
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import requests
from msgspec import Struct
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from plainview import __version__
from plainview.alerts.book import Outgoing
from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.route import Route, Sender
from plainview.alerts.lifecycle import Alert
from plainview.clock import Clock
from plainview.config.telemetry import TelemetryConfig
from plainview.errors import DeliveryFailed
from plainview.readings import Readings
from plainview.store import KeptDelivery

QUEUE: Final = 2048
"""Spans that wait to be sent; beyond, the oldest are dropped."""
TIMEOUT: Final = 5.0
"""Seconds that one sending may take."""
_CLOSE: Final = 2.0
"""Seconds that the end of the program waits for what still waits to be sent."""
_FRESH: Final = 60.0
"""Seconds for which a Reading may be what an alert was raised for."""
_SCOPE: Final = InstrumentationScope("plainview", __version__)

Value = str | int | float | bool
Open = Callable[[Route, Clock], Sender]


class Way(Struct, frozen=True):
    """How a camera's newest Reading came into the store; UTC seconds."""

    since: float
    """Begin of its interval."""
    until: float
    taken: float
    stored: float


class Traces:
    """Owns the queue of spans and the thread that sends them. Thread-safe, and never waits."""

    def __init__(
        self, config: TelemetryConfig, clock: Clock, cameras: Mapping[str, Sequence[str]]
    ) -> None:
        """Send to `config.traces`; `cameras` are those of each site. Raises DeliveryFailed."""
        session = requests.Session()
        # Neither proxies nor passwords of the environment: only what the city's file says.
        session.trust_env = False
        token = None if config.secret is None else config.secret.read()
        self._processor = BatchSpanProcessor(
            OTLPSpanExporter(
                endpoint=config.traces,
                headers={} if token is None else {"authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                session=session,
            ),
            max_queue_size=QUEUE,
            schedule_delay_millis=1000,
            max_export_batch_size=256,
        )
        self._resource = Resource({"service.name": "plainview", "service.version": __version__})
        self._clock, self._cameras = clock, cameras
        self._ways: dict[str, Way] = {}
        """By camera; written by intake alone."""

    def stored(self, readings: Readings, events: int, taken: float) -> None:
        """Intake has written `readings`, taken from the bus at `taken` (UTC seconds)."""
        now = self._clock.utc()
        columns = readings.columns
        untils, spans = (columns.t / 1000).tolist(), (columns.span / 1000).tolist()
        for camera, until, span in zip(readings.cameras, untils, spans, strict=True):
            self._ways[camera] = Way(until - span, until, taken, now)
        attributes = {"plainview.readings": len(readings), "plainview.events": events}
        self._tell("intake", secrets.randbits(128), 0, taken, now, attributes)

    def outgoing(self, inner: Outgoing) -> Outgoing:
        """`inner`, with a span for each step of an alert that passes it."""
        return _Outgoing(self, inner)

    def opening(self, inner: Open) -> Open:
        """`inner`, with a span for each notice that what it opens is handed."""
        return lambda route, clock: _Sender(self, route, inner(route, clock))

    def stepped(self, alert: Alert) -> None:
        """`alert` has made a step, which is being written."""
        now, step = self._clock.utc(), alert.history[-1]
        trace, root = trace_of(alert.id)
        attributes = {
            "plainview.alert": alert.id,
            "plainview.site": alert.site,
            "plainview.kind": alert.kind.value,
            "plainview.about": alert.about,
            "plainview.level": alert.level.value,
            "plainview.state": alert.state.value,
        }
        if len(alert.history) > 1:
            self._tell("step", trace, root, step.at, now, attributes)
            return
        way = self._way(alert, now)
        began = step.at if way is None else way.since
        self._tell("alert", trace, 0, began, now, attributes, span=root)
        if way is not None:
            self._tell("reading", trace, root, way.since, way.until, {})
            self._tell("bus", trace, root, way.until, way.taken, {})
            self._tell("store", trace, root, way.taken, way.stored, {})
            self._tell("watch", trace, root, way.stored, now, {})

    def _way(self, alert: Alert, now: float) -> Way | None:
        """Of the newest Reading that `alert` can be about; None where there is none."""
        cameras = alert.cameras or self._cameras.get(alert.site, ())
        ways = [self._ways[camera] for camera in cameras if camera in self._ways]
        newest = max(ways, key=lambda way: way.stored, default=None)
        fresh = newest is not None and not alert.route and now - newest.stored < _FRESH
        return newest if fresh else None

    def delivered(self, route: Route, notice: Notice, began: float, error: str) -> None:
        """`notice` was handed over by `route`, or (`error`: of which class) was not."""
        trace, root = trace_of(notice.id)
        attributes: dict[str, Value] = {
            "plainview.route": route.name,
            "plainview.route.kind": route.kind.value,
            "plainview.revision": notice.revision,
        }
        if error:
            attributes["error.type"] = error
        self._tell("deliver", trace, root, began, self._clock.utc(), attributes, error=bool(error))

    def now(self) -> float:
        """UTC seconds."""
        return self._clock.utc()

    def _tell(
        self,
        name: str,
        trace: int,
        parent: int,
        began: float,
        ended: float,
        attributes: Mapping[str, Value],
        *,
        span: int = 0,
        error: bool = False,
    ) -> None:
        sampled = TraceFlags(TraceFlags.SAMPLED)
        self._processor.on_end(
            ReadableSpan(
                name=name,
                context=SpanContext(
                    trace, span or secrets.randbits(64) or 1, is_remote=False, trace_flags=sampled
                ),
                parent=SpanContext(trace, parent, is_remote=False, trace_flags=sampled)
                if parent
                else None,
                resource=self._resource,
                attributes=attributes,
                kind=SpanKind.CLIENT if name == "deliver" else SpanKind.INTERNAL,
                status=Status(StatusCode.ERROR) if error else Status(),
                start_time=round(began * 1e9),
                # Clocks of cameras and of this machine differ: no span ends before it begins.
                end_time=round(max(ended, began) * 1e9),
                instrumentation_scope=_SCOPE,
            )
        )

    def flush(self, seconds: float) -> bool:
        """Send what waits; whether it was all taken. For tests."""
        return self._processor.force_flush(round(seconds * 1000))

    def close(self) -> None:
        """Send what waits, unless that takes longer than a moment."""
        end = threading.Thread(target=self._processor.shutdown, name="traces", daemon=True)
        end.start()
        end.join(_CLOSE)


class _Outgoing:
    def __init__(self, traces: Traces, inner: Outgoing) -> None:
        self._traces, self._inner = traces, inner

    def prepare(self, alert: Alert) -> Sequence[KeptDelivery]:
        self._traces.stepped(alert)
        return self._inner.prepare(alert)

    def take(self, deliveries: Sequence[KeptDelivery], *, durable: bool) -> None:
        self._inner.take(deliveries, durable=durable)


class _Sender:
    def __init__(self, traces: Traces, route: Route, inner: Sender) -> None:
        self._traces, self._route, self._inner = traces, route, inner

    def send(self, notice: Notice) -> None:
        began = self._traces.now()
        try:
            self._inner.send(notice)
        except DeliveryFailed as error:
            self._traces.delivered(self._route, notice, began, type(error).__name__)
            raise
        self._traces.delivered(self._route, notice, began, "")

    def tend(self, told: Callable[[], Sequence[Notice]]) -> None:
        self._inner.tend(told)

    def close(self) -> None:
        self._inner.close()


def trace_of(alert: str) -> tuple[int, int]:
    """The numbers of the trace of an alert's id, and of the span that all others are in."""
    digest = hashlib.blake2b(alert.encode(), digest_size=24).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:], "big")
