"""Alerts out of the program: a flood into the outbox, and from a Reading to who must know.

Flood: so many alerts at once, written with what is to be told of them by four routes: a signed
webhook that works, a feed, one that nobody answers, and one with a rate limit. Counted is what the
outbox takes in a second, which is what the watch waits for, and what of it arrived, waits or is
lost. The receiver runs in this process, so its work is in the numbers.

Reading to delivery: sites of two overlapping cameras, one of which fills up in each round; from the
publishing of the Reading that passes the threshold until the webhook's receiver has the notice.
Thresholds' own minimum durations are set to 0: they are waiting that was asked for.

    python bench/delivery.py                                # a few minutes on a busy machine
    python bench/delivery.py --alerts 10000 --rounds 100 --wait 600
"""

import argparse
import itertools
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from alert_latency import city, reading
from plainview.alerts import lifecycle
from plainview.alerts.book import Book
from plainview.alerts.delivery.route import Route, RouteKind, Secret
from plainview.alerts.events import BATCH
from plainview.alerts.lifecycle import Alert
from plainview.alerts.thresholds import DEFAULTS, Quantity
from plainview.app.delivering import Delivering
from plainview.app.watching import Watching
from plainview.bus import open_bus
from plainview.clock import ManualClock, SystemClock
from plainview.config import CityConfig
from plainview.crowd.field import normal
from plainview.intake import Intake
from plainview.record import Stamped
from plainview.store import Store, open_store

FLOOD = 10_000
"""Alerts a second that nothing may be lost of, or blocked by."""
BUDGET = 1.0


class Receiver(ThreadingHTTPServer):
    """Takes what is posted, and notes when."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.at: dict[str, float] = {}
        """Seconds (perf_counter) at which a key came, by key."""
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def wait(self, many: int, seconds: float) -> bool:
        """Whether that many keys have come within `seconds`."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.at) >= many, seconds)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note it."""
        self.rfile.read(int(self.headers["content-length"]))
        with self.server.changed:
            self.server.at.setdefault(self.headers["webhook-id"], time.perf_counter())
            self.server.changed.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


def webhook(folder: Path, receiver: Receiver) -> Route:
    """The route to `receiver`."""
    key = folder / "key"
    key.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    return Route("webhook", RouteKind.WEBHOOK, receiver.url, secret=Secret(key))


def flood(folder: Path, many: int, longest: float) -> None:
    """Print one table of `many` alerts at once; `longest`: seconds in which all must arrive."""
    clock = SystemClock()
    store = open_store(f"sqlite:{folder / 'flood.db'}")
    with receiving() as receiver:
        routes = (
            webhook(folder, receiver),
            Route("feed", RouteKind.FEED, sender="bench"),
            Route("nobody", RouteKind.CAP, "http://127.0.0.1:9/", sender="bench"),
            Route("limited", RouteKind.FEED, sender="bench", most_per_minute=60),
        )
        site = city(1)["s0"][1]
        delivering = Delivering(
            CityConfig("City", (site,), routes=routes), store, clock, chance=random.SystemRandom()
        )
        numbers = itertools.count()
        book = Book(store, clock, lambda: f"route-{next(numbers)}", outgoing=delivering.outbox)
        delivering.start(book)
        before = time.thread_time()
        put = _put(store, delivering, many, clock)
        spent = time.thread_time() - before
        # One more: the webhook is also told that the route to nobody is broken.
        arrived = receiver.wait(many + 1, longest)
        print(f"A flood of {many} alerts by {len(routes)} routes, {BATCH} in a step")
        print(f"{'':44} {'ours':>10} {'limit':>10}")
        label = "into the outbox, ms of its thread's CPU each"
        print(f"{label:44} {spent / many * 1e3:10.3f} {1e3 / FLOOD:10.3f}")
        _say_flood(store, receiver, put, many, arrived=arrived)
        delivering.close()
    store.close()


def _put(
    store: Store, delivering: Delivering, many: int, clock: SystemClock
) -> dict[str, tuple[float, float]]:
    """Write `many` alerts; seconds (perf_counter) from and until when each was written, by key."""
    found: dict[str, tuple[float, float]] = {}
    for first in range(0, many, BATCH):
        alerts = [_alert(k, clock.utc()) for k in range(first, min(first + BATCH, many))]
        began = time.perf_counter()
        told = [one for alert in alerts for one in delivering.outbox.prepare(alert)]
        store.put_alerts([lifecycle.packed(alert) for alert in alerts], deliveries=told)
        delivering.outbox.take(told, durable=True)
        ended = time.perf_counter()
        found |= {f"{alert.id}-1": (began, ended) for alert in alerts}
    return found


def _alert(k: int, now: float) -> Alert:
    return lifecycle.raised(
        name=f"{round(now * 1000):013d}-{k:08d}",
        site="s0",
        threshold=DEFAULTS[0],
        now=now,
        seen=normal(6.0, 0.2),
        at=(1.0, 2.0),
    )


def _say_flood(
    store: Store,
    receiver: Receiver,
    put: dict[str, tuple[float, float]],
    many: int,
    *,
    arrived: bool,
) -> None:
    began = min(begin for begin, _ in put.values())
    written = len(put) / sum({one: one[1] - one[0] for one in put.values()}.values())
    came = {key: at for key, at in receiver.at.items() if key in put}
    waits = [at - put[key][0] for key, at in came.items()]
    waiting = store.waiting_deliveries()
    lost = len(put) - len(came)
    print(f"{'the same, alerts/s on the wall clock':44} {written:10.0f} {FLOOD:10}")
    seconds = max(came.values(), default=began + 1) - began
    print(f"{'webhook: arrived, of so many':44} {len(came):10} {many:10}")
    print(f"{'webhook: notices/s':44} {len(came) / seconds:10.0f}")
    print(f"{'webhook: p50, p99 from its writing, s':44} {_p50(waits):10.2f} {_p99(waits):10.2f}")
    print(f"{'lost (limit 0)' if arrived else 'not there in time':44} {lost:10} {0:10}")
    for name in ("nobody", "limited"):
        print(f"{f'waiting for the route {name!r}, in the store':44} {waiting.get(name, 0):10}")


def latency(folder: Path, sites: int, rounds: int) -> None:
    """Print one line: from a Reading to its delivery."""
    clock, bus = ManualClock(), open_bus("memory:")
    store = open_store(f"sqlite:{folder / 'latency.db'}")
    stop = threading.Event()
    intake = threading.Thread(target=Intake(bus, store, clock).run, args=(stop,))
    intake.start()
    all_sites = city(sites)
    taken: list[float] = []
    with receiving() as receiver:
        config = CityConfig(
            "City",
            tuple(site for _, site in all_sites.values()),
            routes=(webhook(folder, receiver),),
        )
        delivering = Delivering(config, store, clock, chance=random.SystemRandom())
        watching = Watching(
            all_sites, store, clock, lambda _camera, _kind: "", outgoing=delivering.outbox
        )
        delivering.start(watching.book)
        watching.start()
        for k in range(rounds):
            danger = f"s{k % sites}"
            for density in (*[6.0] * 3, *[0.5] * 15):
                clock.advance(1)
                known = len(receiver.at)
                fresh = density > 1 and not _density_open(watching, danger)
                calm, full = (reading(clock.utc(), one, 0.0, k) for one in (0.5, density))
                began = time.perf_counter()
                for name, (view, _) in all_sites.items():
                    said = full if name == danger else calm
                    for camera in view.cameras:
                        bus.publish(camera.id, Stamped(camera.id, said))
                if fresh and receiver.wait(known + 1, 10):
                    taken.append(max(receiver.at.values()) - began)
                time.sleep(0.02)
        watching.close()
        delivering.close()
    bus.close()
    stop.set()
    intake.join()
    store.close()
    print(f"\nFrom a Reading to a webhook's receiver: {sites} sites of 2 cameras")
    print(f"{'n':>4} {'p50 ms':>8} {'p99 ms':>8} {'budget ms':>10}")
    print(f"{len(taken):4} {_p50(taken) * 1e3:8.0f} {_p99(taken) * 1e3:8.0f} {BUDGET * 1e3:10.0f}")


def _density_open(watching: Watching, site: str) -> bool:
    return any(shown.alert.quantity is Quantity.DENSITY for shown in watching.open(site))


def _p50(seconds: list[float]) -> float:
    return statistics.median(seconds) if seconds else float("nan")


def _p99(seconds: list[float]) -> float:
    if len(seconds) < 2:
        return float("nan")
    return statistics.quantiles(seconds, n=100, method="inclusive")[98]


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=2_000)
    parser.add_argument("--sites", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--wait", type=float, default=120.0, help="seconds for a flood to arrive")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        flood(Path(folder), asked.alerts, asked.wait)
        latency(Path(folder), asked.sites, asked.rounds)


if __name__ == "__main__":
    main()
