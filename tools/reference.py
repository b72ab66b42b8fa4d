"""Writes what the documentation repeats: every command's --help, and the list of decisions."""

import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from plainview.cli import app

DOCS = Path(__file__).parents[1] / "docs"
CLI = DOCS / "reference" / "cli.md"
INDEX = DOCS / "design" / "README.md"
WIDTH = 100
"""Columns of the terminal that the page shows."""

HEAD = """# Command line

Every command, as `--help` prints it. Written by `make docs`; a test holds it to the program.

Exit codes: 0 done, 1 failed, 2 wrong input, 130 and 143 when interrupted. What went wrong is one
line on standard error: what, where, and how to mend it.
"""


def paths() -> list[tuple[str, ...]]:
    """Every command and group, as the words after `plainview`, groups before their commands."""
    found: list[tuple[str, ...]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        found.append(path)
        for name, below in getattr(command, "commands", {}).items():
            if not below.hidden:
                walk(below, (*path, name))

    walk(typer.main.get_command(app), ())
    return found


def help_of(path: tuple[str, ...]) -> str:
    """What `plainview PATH --help` prints on a terminal of WIDTH columns."""
    environment = {"COLUMNS": str(WIDTH), "TERM": "dumb", "NO_COLOR": "1"}
    result = CliRunner().invoke(app, [*path, "--help"], prog_name="plainview", env=environment)
    if result.exit_code != 0:
        raise SystemExit(f"plainview {' '.join(path)} --help failed: {result.output}")
    return "\n".join(line.rstrip() for line in result.output.strip("\n").splitlines())


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for path in paths():
        title = " ".join(("plainview", *path))
        parts.append(f"## {title}\n\n```text\n{help_of(path)}\n```\n")
    return "\n".join(parts)


def decisions() -> list[Path]:
    """The pages of decisions, by number."""
    return sorted(INDEX.parent.glob("[0-9]*.md"))


def index() -> str:
    """The list of decisions under their titles, after what stands before the list by hand."""
    hand, _, _ = INDEX.read_text(encoding="utf-8").partition("- [0001")
    lines = []
    for decision in decisions():
        title = decision.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}]({decision.name})\n")
    return hand + "".join(lines)


if __name__ == "__main__":
    CLI.parent.mkdir(parents=True, exist_ok=True)
    for target, text in ((CLI, page()), (INDEX, index())):
        target.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{target}\n")
