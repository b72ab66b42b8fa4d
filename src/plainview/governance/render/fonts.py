"""Which letters there are to print with: the fonts that came with the package, then the machine's.

Typst embeds fonts for Latin letters. Traditional Chinese needs one that is shipped beside the
pages' other static files, or that is installed; where there is none, what is printed falls back to
English and says so (`can_print`).
"""

import functools
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

import typst

CHINESE: Final = (
    "Noto Sans TC",
    "Noto Sans HK",
    "Noto Sans CJK TC",
    "Noto Sans CJK HK",
    "Source Han Sans TC",
    "Source Han Sans HK",
)
"""Families with Traditional Chinese, the first one that is there is taken."""
LATIN: Final = ("Noto Sans", "DejaVu Sans", "Libertinus Serif")
"""The last is embedded in Typst."""


@functools.cache
def fonts() -> Any:  # noqa: ANN401 - typst.Fonts, whose own types name nothing public
    """The fonts of this process, looked for once."""
    shipped = resources.files("plainview") / "web" / "static" / "fonts"
    with resources.as_file(shipped) as folder:
        paths: list[Any] = [folder] if folder.is_dir() else []
        return typst.Fonts(include_system_fonts=True, font_paths=paths)


def families(languages: Sequence[str]) -> list[str]:
    """The families to set text of `languages` in; never empty."""
    have = set(fonts().families())
    chosen = [next((name for name in CHINESE if name in have), "")]
    if "zh-Hant" not in languages and not chosen[0]:
        chosen = []
    return [name for name in (*chosen, *(name for name in LATIN if name in have)) if name]


def can_print(language: str) -> bool:
    """Whether there is a font for `language`."""
    return language != "zh-Hant" or not have_none()


def have_none() -> bool:
    """Whether no font with Traditional Chinese is to be found."""
    return not set(CHINESE) & set(fonts().families())
