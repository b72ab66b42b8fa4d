"""A headless Chromium for tests: a page that may ask nothing of anyone else and report no error."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from plainview.web.pages import STATIC

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
    "--disable-gpu",
]

PATIENCE = 60_000
"""Milliseconds for which a page is waited for: a machine that does much else is no fault of it."""
expect.set_options(timeout=PATIENCE)


def opened() -> Iterator[Browser]:
    """One browser; skips where it, or the built console, is not there."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is missing (Debian package chromium)")
    if not (STATIC / "index.html").exists():
        pytest.skip("the console is not built: run 'make console'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def page_of(
    browser: Browser,
    url: str,
    path: str,
    cookies: list[dict[str, str]] | None = None,
    **options: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Page]:
    """The page at `path` of the server `url`, in a browser of its own."""
    faults: list[str] = []
    context = browser.new_context(**options)
    context.add_cookies(cookies or [])  # type: ignore[arg-type]  # Playwright's own dictionary
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def asked(request: Request) -> None:
        if not request.url.startswith((url, "blob:", "data:")):
            faults.append(f"asked for {request.url}")

    def told(message: ConsoleMessage) -> None:
        # A refusal is part of the tests, and the page tells it in its own words.
        if message.type == "error" and "Failed to load resource" not in message.text:
            faults.append(message.text)

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", asked)
    page.on("console", told)
    page.goto(url + path)
    yield page
    context.close()
    assert not faults, faults


WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules of those that the scheme of colours can change: the rest is the same in the dark."""


def violations(page: Page, *more: str) -> list[Any]:
    """What axe-core finds on what is shown now, by the rules of WCAG 2.2 A and AA and `more`."""
    told, passed = _axe(page, [*WCAG, *more])
    assert passed > 15
    return told


def faults_of_colour(page: Page) -> list[Any]:
    """What axe-core finds with COLOURS on what is shown now."""
    told, passed = _axe(page, COLOURS)
    assert passed > 0
    return told


def _axe(page: Page, rules: object) -> tuple[list[Any], int]:
    """What axe-core finds by `rules`, and by how many of them it found nothing wrong."""
    if not AXE.exists():
        pytest.skip(f"no axe-core: {AXE} is missing (run 'make console')")
    if not page.evaluate("'axe' in window"):
        # Through the protocol, not as a script of the page: its policy may allow none.
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # What passed is only counted: to describe and to send each node of it takes most of the time.
    found = page.evaluate(
        """async (rules) => {
            const found = await axe.run({runOnly: rules, resultTypes: ["violations"]});
            const told = found.violations.flatMap((violation) => violation.nodes.map(
                (node) => [violation.id, node.target, node.failureSummary]));
            return {told, passed: found.passes.length};
        }""",
        rules,
    )
    return found["told"], found["passed"]


def no_barriers(page: Page) -> None:
    """axe-core finds no violation of WCAG 2.2 A and AA on what is shown now."""
    told = violations(page)
    assert told == [], json.dumps(told, indent=1)


def no_barriers_in_light_and_dark(page: Page) -> None:
    """The same in both schemes of colours, between which the page changes while it is shown."""
    page.emulate_media(color_scheme="light")
    no_barriers(page)
    page.emulate_media(color_scheme="dark")
    told = faults_of_colour(page)
    assert told == [], json.dumps(told, indent=1)
