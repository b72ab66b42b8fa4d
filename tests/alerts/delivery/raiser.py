"""Raises alerts into the store at PATH for the routes `one` and `two` until it is killed.

`python raiser.py PATH` prints the id of each alert as soon as it is durable.
"""

import itertools
import sys
from pathlib import Path

from plainview.alerts.book import Book
from plainview.alerts.delivery.notice import Place
from plainview.alerts.delivery.outbox import Outbox
from plainview.alerts.delivery.route import Route, RouteKind
from plainview.alerts.thresholds import DEFAULTS
from plainview.alerts.watch import Look
from plainview.clock import SystemClock
from plainview.crowd.field import normal
from plainview.store import open_store


def main(path: Path) -> None:
    """Raise alerts, each at a site of its own, until there is none left."""
    clock = SystemClock()
    store = open_store(f"sqlite:{path}")
    routes = [Route(name, RouteKind.FEED) for name in ("one", "two")]
    places = {f"s{k}": Place(f"s{k}", f"Site {k}", (0.0, 0.0)) for k in range(10_000)}
    outbox = Outbox(store, clock, routes, places)
    tokens = itertools.count()
    book = Book(store, clock, lambda: f"{next(tokens):08d}", outgoing=outbox)
    for k in range(len(places)):
        alert = book.rise(f"s{k}", DEFAULTS[0], Look(clock.utc(), normal(6.0, 0.2)))
        sys.stdout.write(f"{alert.id}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
