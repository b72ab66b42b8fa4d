"""What somebody else's proposed scheme would do, from its file: as text, JSON, HTML or PDF."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from plainview.app.output import replaced
from plainview.civic.proposal.data import as_data
from plainview.civic.proposal.presets import presets
from plainview.civic.proposal.reading import read_scenario
from plainview.civic.proposal.render import as_text, proposal_html, proposal_pdf
from plainview.civic.proposal.report import report, source
from plainview.civic.proposal.scenario import Scenario
from plainview.document import nearest, read_document
from plainview.errors import InputError
from plainview.governance.words import LANGUAGES, Words, words

EXAMPLES: Final = ("npl", "met", "groups")
Say = Callable[[str], None]


def recognition(
    path: Path | None,
    *,
    as_json: bool,
    html: Path | None,
    pdf: Path | None,
    language: str,
    say: Say,
) -> None:
    """Say what the scheme in the file `path` would do, and write it to `html` and `pdf`.

    Raises InputError (ConfigError for what the file says).
    """
    spoken = _words(language)
    if path is None:
        raise InputError(
            "no scenario was given",
            where="SCENARIO.toml",
            mend="Give its file; --example prints one to begin with",
        )
    scenario = read_scenario(read_document(path))
    if as_json:
        say(msgspec.json.format(msgspec.json.encode(as_data(scenario, spoken)), indent=2).decode())
    else:
        for line in as_text(report(scenario, spoken), spoken):
            say(line)
    _write(scenario, language, html, pdf)


def example(name: str | None, say: Say) -> None:
    """Say the example scenario `name`, the first one without. Raises InputError."""
    chosen = name or EXAMPLES[0]
    if chosen not in EXAMPLES:
        raise InputError(
            f"there is no example {chosen!r}",
            where="--example",
            mend=_choose(chosen, EXAMPLES),
        )
    folder = resources.files("plainview.civic.proposal") / "examples"
    say((folder / f"{chosen}.toml").read_text(encoding="utf-8").rstrip("\n"))


def published(language: str, say: Say) -> None:
    """Say every set of published figures: name, citation, and what it does not say."""
    spoken = _words(language)
    for name in presets():
        told = source(name, spoken)
        say(f"{name}\n  {told.title}\n  {told.citation}\n  {told.caveat}")
        for link in told.links:
            say(f"  {link}")


def _write(scenario: Scenario, language: str, html: Path | None, pdf: Path | None) -> None:
    if html is not None:
        _keep(html, proposal_html(scenario, language).encode())
    if pdf is not None:
        _keep(pdf, proposal_pdf(scenario, language))


def _keep(out: Path, data: bytes) -> None:
    with replaced(out.resolve(), shown=out) as part:
        part.write_bytes(data)


def _words(language: str) -> Words:
    if language not in LANGUAGES:
        raise InputError(
            f"there are no words in {language[:40]!r}",
            where="--lang",
            mend=_choose(language, LANGUAGES),
        )
    return words(language)


def _choose(name: str, known: tuple[str, ...]) -> str:
    guess = nearest(name, known)
    return f"Did you mean {guess!r}?" if guess else f"There are {', '.join(known)}"
