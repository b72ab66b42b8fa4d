"""`plainview assess recognition` as a person uses it."""

import json
from pathlib import Path

import pytest

from plainview.cli import execute

Captured = pytest.CaptureFixture[str]


def run(*arguments: str | Path) -> int:
    """The command's exit code."""
    return execute(["assess", "recognition", *map(str, arguments)])


def test_the_example_can_be_saved_and_assessed(tmp_path: Path, capsys: Captured) -> None:
    """As --help says: text, then JSON, HTML and PDF of what --example printed."""
    assert run("--example") == 0
    scheme = tmp_path / "scheme.toml"
    scheme.write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(scheme) == 0
    told = capsys.readouterr().out
    assert "Plainview recognises nobody" in told
    assert "50,000 times a day" in told
    html, pdf = tmp_path / "scheme.html", tmp_path / "scheme.pdf"
    assert run(scheme, "--json", "--html", html, "--pdf", pdf) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["false_alerts_per_day"]["value"] == pytest.approx(49_999.5)
    assert "Plainview recognises nobody" in html.read_text(encoding="utf-8")
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_published_figures_are_listed_with_what_they_lack(capsys: Captured) -> None:
    """Each by the name that a scenario can give, and where it stands."""
    assert run("--presets") == 0
    told = capsys.readouterr().out
    for name in ("npl-2023-10000", "npl-2023-1000", "met-2025", "south-wales-2017", "pnd-2025"):
        assert f"\n{name}\n" in f"\n{told}"
    assert "https://" in told
    assert "size of its lists" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no scenario was given"),
        (("no-such.toml",), "there is no such file"),
        (("metropolitan", "--example"), "There are npl, met, groups"),
        (("scheme.toml", "--lang", "zh-hans"), "Did you mean 'zh-Hant'?"),
        (("scheme.toml", "--plugin", "x"), "No such option"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], told: str, capsys: Captured) -> None:
    """Exit code 2, and how to mend it."""
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
