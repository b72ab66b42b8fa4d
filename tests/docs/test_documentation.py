"""Documentation is tested: links resolve, commands exist, and --help is as the reference shows."""

import importlib.util
import re
import shlex
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SHELLS = {"console", "sh", "bash", "shell"}


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _reference() -> ModuleType:
    return _tool("reference")


@cache
def _help(path: tuple[str, ...]) -> str:
    return str(_reference().help_of(path))


@cache
def _targets() -> frozenset[str]:
    text = (ROOT / "Makefile").read_text()
    return frozenset(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as hosting platforms make them."""
    text = FENCE.sub("", page.read_text())
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_resolves(page: Path) -> None:
    """A link to a file leads to one that is there, and a link to a heading to one in it."""
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{_name(page)} links to {target}"
        assert linked.is_relative_to(ROOT), f"{_name(page)} links out of the repository: {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in _anchors(linked), f"{_name(page)} links to {target}"


def _commands(page: Path) -> list[list[str]]:
    """Every command of a page's shell blocks, in words, without prompt and comment."""
    commands = []
    for language, body in FENCE.findall(page.read_text()):
        if language in SHELLS:
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words:
                    commands.append(words)
    return commands


def _check_plainview(words: list[str]) -> None:
    path: tuple[str, ...] = ()
    known = set(_reference().paths())
    for word in words:
        if (*path, word) not in known:
            break
        path = (*path, word)
    assert path or words[0].startswith("-"), f"no such command: plainview {words[0]}"
    for word in words[len(path) :]:
        if word.startswith("--"):
            option = word.partition("=")[0]
            assert re.search(rf"{option}\b", _help(path)), f"plainview {' '.join(path)} {option}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_exists(page: Path) -> None:
    """What a page tells a person to type is a target, or a command with just those options."""
    for words in _commands(page):
        program = Path(words[0]).name
        if program == "make":
            for target in words[1:]:
                assert "=" in target or target in _targets(), f"{_name(page)}: make {target}"
        elif program == "plainview" and words[1:]:
            _check_plainview(words[1:])


def test_the_two_commands_can_be_planned() -> None:
    """`make run` and `make test` of the README have every rule that they need."""
    for target in ("run", "test"):
        done = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_readme_names_no_file_that_it_did_not_make() -> None:
    """Whoever types its commands from the top has each file that a later one reads."""
    made = set(re.findall(r"`(\w+\.toml)` says[^`]*```toml", (ROOT / "README.md").read_text()))
    for words in _commands(ROOT / "README.md"):
        for before, word in pairwise(words):
            if before in {"--out", ">"}:
                made.add(word)
            elif re.fullmatch(r"[\w/.-]+\.(toml|mp4|key|jsonl)", word):
                known = word in made or any(word.startswith(f"{one}/") for one in made)
                assert known, f"{' '.join(words)}: nothing has made {word}"


def test_make_says_what_it_does_in_sentences() -> None:
    """What a first `make run` prints is for a person: no recipe is echoed."""
    stamps = [".tools/bin/uv", ".venv/.run", "console/node_modules/.installed"]
    stamps += ["src/plainview/web/static/.built"]
    text = (ROOT / "Makefile").read_text()
    for stamp in stamps:
        (rule,) = re.findall(
            rf"^(?:{re.escape(stamp)}|{_variable(stamp)}):.*\n((?:\t.*\n)+)", text, re.MULTILINE
        )
        recipe = re.sub(r"\\\n", "", rule).splitlines()
        assert all(line.startswith("\t@") for line in recipe), f"{stamp}: {recipe}"


def _variable(stamp: str) -> str:
    """How the Makefile names `stamp`, where it is built of a variable."""
    return {
        ".tools/bin/uv": r"\$\(UV\)",
        "src/plainview/web/static/.built": r"\$\(STATIC\)/\.built",
    }.get(stamp, "-")


def test_the_reference_is_what_the_program_says() -> None:
    """docs/reference/cli.md is exactly what `make docs` would write."""
    assert _reference().CLI.read_text() == _reference().page(), "run 'make docs'"


def test_every_command_has_an_example() -> None:
    """Each command's --help shows how it is called, and each group's one of its commands."""
    for path in filter(None, _reference().paths()):
        assert f"Example: plainview {' '.join(path)} " in f"{_help(path)}\n".replace("\n", " "), (
            path
        )


def test_every_decision_is_listed() -> None:
    """docs/design/README.md lists each decision by its title, and no number is used twice."""
    numbers = [page.name[:4] for page in _reference().decisions()]
    assert len(numbers) == len(set(numbers)), numbers
    assert _reference().INDEX.read_text() == _reference().index(), "run 'make docs'"


def test_the_licence_is_whole() -> None:
    """LICENSE is the full text of the AGPL, version 3, as its authors publish it."""
    text = (ROOT / "LICENSE").read_text()
    assert text.lstrip().startswith("GNU AFFERO GENERAL PUBLIC LICENSE")
    assert "Version 3, 19 November 2007" in text
    assert "13. Remote Network Interaction" in text
    assert text.rstrip().endswith("<https://www.gnu.org/licenses/>.")
    assert len(text) == 34_523


def test_the_glossary_is_in_order() -> None:
    """Every word once, alphabetically, so that it can be found."""
    text = (ROOT / "docs" / "glossary.md").read_text()
    words = [row.split("|")[1].strip() for row in text.splitlines() if row.startswith("| ")][1:]
    assert words == sorted(set(words), key=str.lower)
