"""Takes the README's pictures: the console's page of the demonstration, from a real run.

docs/images/console.png on a desktop, docs/images/console-phone.png on a phone; both at a moment at
which the plaza is busy.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SCREENS = {"console": (1440, 900, 1, True), "console-phone": (390, 844, 2, False)}
"""By the picture's name: width and height in CSS pixels, device pixels for each, and whether the
window is made as high as the page: what stands at a window's foot would lie across the middle of a
picture that is taken beyond it."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MOST = 500_000
"""Bytes of one picture."""
PATIENCE = 300.0
"""Seconds that the demonstration may take to grow as full as wanted."""


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The demonstration's address while it runs. Raises SystemExit if it does not start."""
    command = [sys.executable, "-m", "plainview", "run", "--no-open", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        tempfile.TemporaryDirectory() as state,
        subprocess.Popen(
            [*command, "--state", state], stdout=subprocess.PIPE, text=True, env=environment
        ) as child,
    ):
        try:
            found = re.search(r"http://\S+", child.stdout.readline() if child.stdout else "")
            if found is None:
                raise SystemExit("'plainview run' gave no address")
            yield found[0].rstrip("/")
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait()


def until_full(address: str, people: float, history: float) -> str:
    """Wait until the first site has counted for `history` seconds and holds `people`; its id."""
    first: float | None = None
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        (site, *_) = httpx.get(f"{address}/api/v1/sites", timeout=30).raise_for_status().json()
        count = site["count"]
        if count is not None:
            first = first or time.monotonic()
            if count >= people and time.monotonic() - first >= history:
                return str(site["id"])
        time.sleep(0.5)
    raise SystemExit(f"the demonstration never held {people:g} people")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=float, default=28, help="take it at so many people")
    parser.add_argument("--history", type=float, default=60, help="seconds of counts to show")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder of the pictures")
    chosen = parser.parse_args()
    if CHROMIUM is None:
        raise SystemExit("there is no Chromium: 'apt-get install chromium', or run 'make debian'")
    with running() as address, sync_playwright() as playwright:
        site = until_full(address, 0, 0)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        pages = {
            name: browser.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=scale
            )
            for name, (width, height, scale, _) in SCREENS.items()
        }
        for page in pages.values():
            page.goto(f"{address}/sites/{site}")
            page.locator("canvas").first.wait_for()
        until_full(address, chosen.people, chosen.history)
        chosen.out.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            page.wait_for_timeout(1500)  # a live state or two, so that nothing is drawn half
            path = chosen.out / f"{name}.png"
            width, _, _, whole = SCREENS[name]
            for _ in range(3 if whole else 0):  # the plan grows with the window, up to a bound
                height = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(500)  # drawn anew
            page.screenshot(path=path)
            size = path.stat().st_size
            sys.stdout.write(f"{path}: {size} bytes\n")
            if size > MOST:
                raise SystemExit(f"{path} is larger than {MOST} bytes")
        browser.close()


if __name__ == "__main__":
    main()
