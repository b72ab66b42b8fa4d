"""Which form a text has to have, in plain words, by the pattern that asks for it."""

import ast
import re
from typing import Final

_SIGNS: Final = "nothing but letters, digits, '.', '_' and '-'"
_FORMS: Final = {
    r"^[A-Za-z0-9._-]+\Z": _SIGNS,
    r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z": f"{_SIGNS}, with a letter or digit first",
    r"^[A-Za-z0-9_-]+\Z": "nothing but letters, digits, '_' and '-'",
    r"^[a-z0-9-]+\Z": "nothing but small letters, digits and '-'",
    r"^[a-z][a-z_]{0,31}\Z": "at most 32 small letters and '_', with a letter first",
    r"^[A-Za-z_][A-Za-z0-9_]*\Z": "nothing but letters, digits and '_', with no digit first",
    r"^[A-Za-z0-9.:*-]+\Z": "the name or number of a machine: letters, digits, '.', ':' and '-'"
    " alone, or '*'",
    r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,59}\Z": "at most 60 letters, digits, blanks, '.', '/', '_'"
    " and '-', with a letter or digit first",
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z": "a language such as en or zh-Hant",
    r"^[^\x00-\x1f\x7f]*\Z": "one line of text, without tabs and the like",
    r"^\d{4}-\d{2}-\d{2}\Z": "a date such as 2026-03-31",
    r"^(?:city|(?:site|camera|capability):[A-Za-z0-9][A-Za-z0-9._:-]{0,80})\Z": "city, site:NAME,"
    " camera:NAME or capability:NAME",
    r"^plainview\.release/v1\Z": "plainview.release/v1",
}
_DIGEST: Final = re.compile(
    r"\^(?P<none>\()?\[0-9a-f(?P<large>A-F)?\]\{(?P<least>0,)?(?P<most>\d+)\}(?(none)\)\?)\\Z"
)


def form_asked(pattern: str) -> str | None:
    """What a text that fits `pattern` is; None where that is not known here."""
    # A text in an address holds no line's end, before which `$` would fit as well.
    pattern = re.sub(r"\$$", r"\\Z", pattern)
    if found := _DIGEST.fullmatch(pattern):
        empty = "empty or " if found["none"] else ""
        most = "at most " if found["least"] else ""
        small = "" if found["large"] else ", with small letters"
        return f"{empty}{most}{found['most']} hexadecimal digits{small}"
    return _FORMS.get(pattern)


def pattern_in(written: str) -> str:
    """The pattern that msgspec has `written` into a message, in quotes; empty if it is none."""
    try:
        return str(ast.literal_eval(written))
    except (SyntaxError, ValueError):
        return ""
