"""Typst, given data and never markup: what a person wrote cannot become an instruction to it."""

import datetime as dt
import re
from importlib import resources
from typing import Any, Final, Literal

import msgspec
import typst

from plainview.errors import PlainviewError
from plainview.governance.render.fonts import fonts

ZERO_WIDTH_SPACE: Final = "\u200b"
_RUN: Final = re.compile(r"[!-~]{65,}")

DOTS_PER_INCH: Final = 200.0
"""Of a PNG."""

_NOT_ACCESSIBLE: Final = "PDF/UA-1 error"

Form = Literal["pdf", "svg", "png"]


def typeset(
    template: str,
    data: Any,  # noqa: ANN401 - any tree that JSON can say
    *,
    form: Form = "pdf",
    t: int | None = None,
    package: str = __package__,
) -> list[bytes]:
    """The pages of `template` (a file of `package`) filled with `data`; a PDF is one of them.

    The data reach the template as one JSON text that it parses: nothing in them is read as Typst.
    The template gets no file of this machine and no package of the network. `t` (UTC milliseconds)
    is the PDF's date; without it the date is 1970, so that the same data give the same bytes. PDFs
    follow PDF/UA-1 (ISO 14289-1): tagged, with title and language; one with a letter that no font
    here has is tagged too, but makes no such claim, and shows a box. Raises PlainviewError.
    """
    source = (resources.files(package) / "templates" / template).read_bytes()
    inputs = {"data": msgspec.json.encode(data).decode()}
    moment = dt.datetime.fromtimestamp((t or 0) // 1000, tz=dt.UTC)
    try:
        return _compile(source, inputs, form, moment, "ua-1" if form == "pdf" else "")
    except typst.TypstError as error:
        if _NOT_ACCESSIBLE not in error.message:
            raise PlainviewError(
                f"it cannot be typeset: {error.message}", where=template
            ) from error
        return _compile(source, inputs, form, moment, "")


def _compile(
    source: bytes, inputs: dict[str, str], form: Form, moment: dt.datetime, standards: str
) -> list[bytes]:
    made: Any = typst.compile(
        source,
        font_paths=fonts(),
        ignore_system_fonts=True,
        format=form,
        ppi=DOTS_PER_INCH,
        sys_inputs=inputs,
        timestamp=moment,
        pdf_standards=[standards] if standards else [],  # type: ignore[list-item]
    )
    return list(made) if isinstance(made, list) else [made]


def typst_language(language: str) -> dict[str, str]:
    """A language as Typst names it: `lang`, and `region` where that chooses the letters."""
    if language == "zh-Hant":
        return {"lang": "zh", "region": "hk"}
    return {"lang": language.partition("-")[0].lower()}


def breakable(text: str) -> str:
    """`text` with places to break in runs that no line can hold; a digest is set small instead."""
    return _RUN.sub(lambda run: ZERO_WIDTH_SPACE.join(re.findall(".{1,24}", run[0])), text)
