"""`plainview run`: from what the person gave to running parts, until a signal or the time is up."""

import contextlib
import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from msgspec import structs

from plainview import __version__
from plainview.app.address import announce_start
from plainview.app.collector import calm
from plainview.app.state import DEFAULT, DEMO, held
from plainview.clock import Clock, SystemClock
from plainview.config import CityConfig, load_city
from plainview.document import expanded
from plainview.errors import PlainviewError
from plainview.governance.person import Role
from plainview.logs import start_logging
from plainview.web.listening import look

if TYPE_CHECKING:
    from plainview.app.running import Running

_TICK = 0.25


def run(
    city_file: Path | None,
    *,
    seconds: float | None = None,
    port: int | None = None,
    host: str | None = None,
    state: Path | None = None,
    open_page: bool = False,
) -> None:
    """Run the city of `city_file`, or a demonstration, until a signal or for `seconds`.

    Everything that can be wrong with the input is found before anything starts. Raises InputError
    for it, PlainviewError when a part cannot be started or stops by itself.
    """
    clock = SystemClock()
    began = clock.monotonic()
    city = None if city_file is None else load_city(city_file)
    with _stopped_by_signals() as stop, contextlib.ExitStack() as stack:
        folder = stack.enter_context(held(_folder(state, city)))
        start_logging(folder, clock=clock)
        usual = city or CityConfig(name="", sites=())
        where = structs.replace(
            usual, address=host or usual.address, port=usual.port if port is None else port
        )
        announce_start(folder, where)
        look(where.address, where.port)
        demo = None
        if city is None:
            from plainview.app.demo import DemoSite  # noqa: PLC0415 - a city needs none

            demo = stack.enter_context(DemoSite(folder))
            city = demo.city
        city = structs.replace(city, address=where.address, port=where.port)
        # A second of imports, while the demonstration is already being rendered.
        from plainview.app.running import Running  # noqa: PLC0415 - see above

        running = stack.enter_context(Running(city, folder, clock))
        calm()
        _say(f"Plainview {__version__}: {running.url}")
        page = running.url
        if demo is None:
            page = _sign_in(folder, city) or page
        _open(page, wanted=open_page)
        if demo is not None and demo.growing:
            _say("The demonstration's videos are being made: first numbers in a minute or two")
        until = None if seconds is None else clock.monotonic() + seconds
        if demo is not None and not demo.wait(stop, until, clock):
            return
        if demo is not None:
            running.admit_scenes(demo.scenes())
        if city.role != "centre":
            running.start_cameras()
        if demo is None:
            _say_faults(city)
        _watch(running, stop, until, clock, began, folder)


def _sign_in(folder: Path, city: CityConfig) -> str | None:
    """A one-time link for whoever started this, said aloud; None where people sign in elsewhere.

    The demonstration needs none: nobody in it exists.
    """
    if city.access.links == "off":
        return None
    from plainview.app.access import local_link  # noqa: PLC0415 - a demonstration needs none

    link = local_link(folder, role=Role.ADMINISTRATOR)
    _say(f"Sign in as {link.person.name}, once, within ten minutes: {link.url}")
    return link.url


def _say_faults(city: CityConfig) -> None:
    """Say of which zones less will be told than whoever drew them expects."""
    if not any(site.zones or any(c.view.zones for c in site.cameras) for site in city.sites):
        return
    from plainview.app.zone_faults import zone_faults  # noqa: PLC0415 - most cities need none

    for line in zone_faults(city):
        _say(f"warning: {line}")


def _watch(
    running: "Running",
    stop: threading.Event,
    until: float | None,
    clock: Clock,
    began: float,
    folder: Path,
) -> None:
    """Wait for the end. Raises PlainviewError when a part ends by itself."""
    told = idle = False
    while not stop.wait(_TICK):
        now = clock.monotonic()
        if until is not None and now >= until:
            return
        if running.measured and not told:
            told = True
            _say(f"first measurement {now - began:.1f} s after the start")
        if running.idle and not (idle or told):
            idle = True
            _say(
                f"no camera runs yet: {running.idle} (assessments and permits are kept in {folder})"
            )
        if not running.intake.alive:
            raise PlainviewError("intake ended by itself", mend="See the log in the state folder")
        if not running.web.alive:
            raise PlainviewError("the page's server ended", mend="See the log in the state folder")
        running.look()


def _folder(state: Path | None, city: CityConfig | None) -> Path:
    if state is not None:
        return expanded(state)
    if city is None:
        return DEMO
    return city.state or DEFAULT


def _open(url: str, *, wanted: bool) -> None:
    """Show the page, where there is a desktop to show it on and a person who started this."""
    desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if wanted and desktop and sys.stdout is not None and sys.stdout.isatty():
        webbrowser.open(url)


def _say(line: str) -> None:
    # Nobody may be reading any more; the cameras go on.
    with contextlib.suppress(OSError):
        if sys.stdout is not None:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT, SIGTERM and SIGHUP set; a second one acts as it did before."""
    stop = threading.Event()
    before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        restore()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            before[number] = signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        restore()
