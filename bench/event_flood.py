"""A flood of events, from the bus to the store and to alerts: events per second beside 10,000.

Cameras say 32 events in each Reading, as many as it can hold, all of them validated and all over
the city. What is timed is what one thread each does in Plainview: intake (check, admit, store) and
the making of alerts. What alerts are not made of yet waits in the store, and holds up nothing.
Memory is the process's growth over the flood.

Outbox is the worst that could come of it: each event an alert of its own, written with its notices
for four routes in one step, as many in a step as there are news in one.

    python bench/event_flood.py --seconds 10
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from plainview.alerts.book import Book
from plainview.alerts.delivery.notice import Place
from plainview.alerts.delivery.outbox import Outbox
from plainview.alerts.delivery.route import Route, RouteKind
from plainview.alerts.events import BATCH, EventAlerts, Told, heard
from plainview.alerts.lifecycle import packed
from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.intake import Intake
from plainview.record import Event, EventKind, EventStanding, Phase, Reading, Stamped
from plainview.store import Store, open_store
from plainview.store.search import KeptEvent, Mark

LIMIT = 10_000
CAMERAS = 320
EVENTS = 32
SITES = 80
KINDS = tuple(EventKind)


def said(camera: int, t: int) -> Reading:
    """A Reading full of events that start at `t`."""
    events = tuple(
        Event(KINDS[k % 8], Phase.START, t, 100 * k, camera, -1, 80) for k in range(EVENTS)
    )
    return Reading(t, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), events)


def outbox_flood(store: Store, clock: ManualClock, many: int) -> tuple[int, float]:
    """`many` new alerts by four routes into the outbox: how many, and seconds of CPU."""
    routes = [Route(f"route-{k}", RouteKind.FEED, sender="bench") for k in range(4)]
    places = {f"s{k}": Place(f"s{k}", f"Site {k}", (2.3, 48.8)) for k in range(SITES)}
    outbox = Outbox(store, clock, routes, places, "https://plainview.example")
    name = iter(range(10**9))
    events = [
        KeptEvent(f"c{k}", KINDS[k % 8], k, None, (k * 50.0, 0.0), None, 0.8,
                  EventStanding.VALIDATED) for k in range(many)
    ]  # fmt: skip
    told = [Told(f"s{k % SITES}", event, ended=False) for k, event in enumerate(events)]
    alerts = [
        alert
        for one in told
        for alert in heard((), [one], clock.utc(), lambda: f"{next(name):021d}")
    ]
    began = time.process_time()
    for first in range(0, many, BATCH):
        part = alerts[first : first + BATCH]
        deliveries = [one for alert in part for one in outbox.prepare(alert)]
        store.put_alerts(list(map(packed, part)), deliveries=deliveries)
        outbox.take(deliveries, durable=True)
    return many, time.process_time() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10)
    seconds = parser.parse_args().seconds
    clock, tokens = ManualClock(), iter(range(10**9))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:{Path(folder) / 'x.db'}")
        bus = LocalBus(10_000, clock=clock)
        intake = Intake(bus, store, clock, admit=lambda camera, event: Mark(
            camera, event, None, EventStanding.VALIDATED))  # fmt: skip
        book = Book(store, clock, lambda: f"{next(tokens)}")
        site_of = {f"c{k}": f"s{k % SITES}" for k in range(CAMERAS)}
        alerts = EventAlerts(store, book, clock, site_of)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        taken = {"intake": 0.0, "alerts": 0.0}
        for _ in range(seconds):
            clock.advance(1)
            t = round(clock.utc() * 1000)
            for camera in range(CAMERAS):
                bus.publish(f"c{camera}", Stamped(f"c{camera}", said(camera, t)))
            began = time.process_time()
            intake.step(0.0)
            stored = time.process_time()
            while store.event_news(1, after=alerts.heard):
                alerts.look()
            taken["intake"] += stored - began
            taken["alerts"] += time.process_time() - stored
        told, outbox = outbox_flood(store, clock, seconds * 1000)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        events = seconds * CAMERAS * EVENTS
        print(f"{events:,} events of {CAMERAS} cameras at {SITES} sites; "
              f"{len(book.open()):,} alerts open, {grown / 1024:.0f} MB more memory\n")  # fmt: skip
        print(f"{'part':8} {'events per s of CPU':>20} {'limit':>8}")
        for name, spent in taken.items():
            print(f"{name:8} {events / spent:20,.0f} {LIMIT:8,}")
        print(f"{'outbox':8} {told / outbox:20,.0f} {LIMIT:8,}")
        store.close()


if __name__ == "__main__":
    main()
