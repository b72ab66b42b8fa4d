"""Which form a text has to have, in plain words."""

import re
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta, Struct

import plainview
from plainview.document.forms import form_asked, pattern_in
from plainview.document.plainly import plain
from plainview.governance.attest import NONCE

_PATTERN = re.compile(r"""pattern=(?P<written>r"[^"]*")""")


class Named(Struct, frozen=True):
    """Two texts of a form."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")] = "a"
    kept: dict[Annotated[str, Meta(pattern=r"^[a-z0-9-]+\Z")], int] = {}


def test_every_pattern_of_the_program_is_told_in_words() -> None:
    """Whichever is asked for anywhere: who is refused reads which form it is."""
    written = {
        pattern_in(found["written"])
        for path in Path(plainview.__file__).parent.rglob("*.py")
        for found in _PATTERN.finditer(path.read_text(encoding="utf-8"))
    }
    assert len(written) > 10
    assert {one for one in {*written, NONCE} if not form_asked(one)} == set()


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        (r"^[0-9a-f]{64}\Z", "64 hexadecimal digits, with small letters"),
        (r"^[0-9a-fA-F]{64}\Z", "64 hexadecimal digits"),
        (r"^([0-9a-f]{64})?\Z", "empty or 64 hexadecimal digits, with small letters"),
        (r"^[0-9a-f]{0,64}\Z", "at most 64 hexadecimal digits, with small letters"),
        (r"^[A-Za-z0-9._-]+$", "nothing but letters, digits, '.', '_' and '-'"),
        (r"^never seen\Z", None),
    ],
)
def test_a_pattern_is_told_in_words(pattern: str, form: str | None) -> None:
    """A number of digits, or which signs; nothing is made up of another one."""
    assert form_asked(pattern) == form


@pytest.mark.parametrize(
    ("given", "value", "said"),
    [
        (
            {"name": "-a"},
            "-a",
            (
                "should be nothing but letters, digits, '.', '_' and '-', with a letter or digit"
                " first, not '-a'"
            ),
        ),
        (
            {"kept": {"A": 1}},
            {"A": 1},
            "each of the keys 'A' should be nothing but small letters, digits and '-'",
        ),
    ],
)
def test_a_refusal_says_which_form_is_asked_for(
    given: dict[str, object], value: object, said: str
) -> None:
    """And what was there instead."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(given, Named)
    assert plain(str(caught.value).partition(" - at")[0], value, ()) == said
