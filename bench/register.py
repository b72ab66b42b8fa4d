"""The public register of a whole city: how long it takes to derive and to write, and how large.

    python bench/register.py [--cameras 60000]

A real ledger is made in a temporary folder: every camera registered, in sites of twenty, under
simulated assessments of five hundred cameras that approved themselves. Then what the program does
at its start and for its pages is timed: folding the ledger, deriving the register, and writing
each of its forms. There is no limit of ours to hold it against; the portal spends at most a
twentieth of a core on exports, so that the last column says how old one may become.
"""

import argparse
import datetime as dt
import hashlib
import resource
import tempfile
import time
from pathlib import Path

from msgspec import json, structs

from plainview.app.register import CHANGES, documents
from plainview.clock import SystemClock
from plainview.geometry import Calibration, View
from plainview.governance import approving, cameras
from plainview.governance.approval import BY_DEMONSTRATION
from plainview.governance.assessment import AssessedCamera
from plainview.governance.cameras import Seen
from plainview.governance.draft import demonstration
from plainview.governance.exports import EXPORTS
from plainview.governance.office import Office
from plainview.governance.person import Person, Role
from plainview.governance.places import Place
from plainview.governance.register import About, Observed, Register
from plainview.governance.registering import build_register

SITE, ASSESSMENT = 20, 500
"""Cameras of one site, and of one assessment."""
SHARE = 20
"""An export is kept for this many times what it cost (web/portal)."""
VIEW = View(
    Calibration(
        (320, 240),
        ((200.0, -160.0, 0.0, 1600.0), (0.0, -120.0, -200.0, 2200.0), (0.0, -1.0, 0.0, 10.0)),
    ),
    ((-3.0, -2.0), (3.0, -2.0), (3.0, 3.0), (-3.0, 3.0)),
)
PEOPLE = (
    Person("Demonstration controller", Role.CONTROLLER),
    Person("Demonstration privacy officer", Role.PRIVACY_OFFICER),
)


def fill(office: Office, names: list[str]) -> None:
    """Register `names` and grant each what the demonstration's assessment asks for."""
    seen = {
        name: Seen(f"site-{k // SITE}", hashlib.sha256(name.encode()).hexdigest())
        for k, name in enumerate(names)
    }
    cameras.register(office, seen, configuration="c" * 64)
    today = dt.datetime.now(tz=dt.UTC).date()
    for first in range(0, len(names), ASSESSMENT):
        assessment = structs.replace(
            demonstration(
                tuple(
                    AssessedCamera(name, seen[name].site, seen[name].fingerprint)
                    for name in names[first : first + ASSESSMENT]
                ),
                today,
            ),
            id=f"bench-{first // ASSESSMENT}",
        )
        for person in PEOPLE:
            approving.approve(office, person, assessment, how=BY_DEMONSTRATION)
        approving.publish(office, None, assessment)


def real(register: Register) -> Register:
    """`register` as a real city's: some exports leave out what is simulated."""
    return structs.replace(
        register,
        simulated=False,
        cameras=tuple(structs.replace(camera, simulated=False) for camera in register.cameras),
        assessments=tuple(structs.replace(one, simulated=False) for one in register.assessments),
    )


def row(what: str, seconds: float, size: int | None = None) -> None:
    """One line of the table."""
    large = "" if size is None else f"{size / 1e6:9.1f} MB"
    kept = "" if size is None else f"{seconds * SHARE:8.0f} s"
    print(f"{what:34}{seconds:9.2f} s {large:>12} {kept:>10}")


def main() -> None:
    """Make the city and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=60_000)
    count = parser.parse_args().cameras
    names = [f"camera-{k:06}" for k in range(count)]
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        with Office(Path(folder), clock) as office:
            fill(office, names)
            entries = office.ledger.size
        print(f"{count} cameras, {entries} entries in the ledger")
        print(f"{'what':34}{'time':>11} {'size':>12} {'kept for':>10}")
        began = clock.monotonic()
        with Office(Path(folder), clock) as office:
            standing = office.standing()
            row("start: the ledger folded", clock.monotonic() - began)
            places = [
                Place(name, f"site-{k // SITE}", name, VIEW, f"Site {k // SITE}", 4.35, 52.01)
                for k, name in enumerate(names)
            ]
            found = documents(office, standing, {})
            observed = {name: Observed(sealed=True, connected=True) for name in names}
            for turn in ("first", "again"):
                began = time.perf_counter()
                register = build_register(
                    standing,
                    found,
                    places,
                    observed,
                    office.now(),
                    about=About("Bench city"),
                    entries=office.ledger.entries(max(entries - CHANGES, 0), entries),
                )
                row(f"register derived, {turn}", time.perf_counter() - began)
            register = real(register)
            began = time.perf_counter()
            data = json.encode(register)
            row("register.json", time.perf_counter() - began, len(data))
            for name, export in EXPORTS.items():
                began = time.perf_counter()
                data = export.write(register, "https://bench.example")
                row(f"{name} ({export.file})", time.perf_counter() - began, len(data))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of all this {peak:.0f} MB")


if __name__ == "__main__":
    main()
