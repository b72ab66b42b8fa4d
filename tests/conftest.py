"""What holds for every test: skips are visible, and where nothing may be skipped they fail."""

import os
import signal

import pytest

HARDWARE = "hardware:"
"""A skip whose reason starts so names a device that no test machine can be given."""

LONGEST = (
    "tests/vision/test_fuzz.py",
    "tests/vision/test_measure.py",
    "tests/web/test_console_desk.py",
    "tests/web/test_console_alerts.py",
    "tests/vision",
    "tests/web",
)
"""Test files and folders that take longest: begun first, so that no worker waits for the last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of LONGEST first, all others as they were."""

    def rank(item: pytest.Item) -> int:
        return next((k for k, start in enumerate(LONGEST) if item.nodeid.startswith(start)), 99)

    items.sort(key=rank)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fail-on-skip`, which CI sets through PLAINVIEW_NO_SKIP=1."""
    parser.addoption(
        "--fail-on-skip",
        action="store_true",
        default=os.environ.get("PLAINVIEW_NO_SKIP") == "1",
        help="fail the run if any test was skipped, except for a reason that starts with "
        f"'{HARDWARE}'",
    )


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Started in the background, this process ignores SIGINT, and so would all that it starts."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


class _NoSkip:
    """Counts skips; owns the verdict on them."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = _reason(report).removeprefix("Skipped: ")
            if not reason.startswith(HARDWARE):
                self.skipped.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.skipped:
            terminalreporter.section("skipped, and nothing may be (--fail-on-skip)", red=True)
            for line in self.skipped:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Watch for skips where none may happen."""
    if config.getoption("--fail-on-skip"):
        config.pluginmanager.register(_NoSkip(), "no-skip")
