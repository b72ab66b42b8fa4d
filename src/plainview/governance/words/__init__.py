"""Every public word, in every language it has: one catalogue, read once, that falls back visibly.

Catalogues are gettext PO files beside this module, `NAME.LANGUAGE.po`; the msgid is a key such as
`state.running`. English is the source; the others have every key as well (a test holds that). What
a language that is being added still lacks is shown in English and says so (`Words.spoken` returns
the language, so that a page can mark it). Who adds pages adds a file of their own name
(`portal.en.po`).
"""

import datetime as dt
import functools
import gettext
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import Final, NamedTuple

from babel import Locale, dates, lists, numbers
from babel.messages.pofile import read_po

from plainview.governance.capability import CAPABILITIES
from plainview.schedule import DAYS, Hours, clock

SOURCE: Final = "en"
LANGUAGES: Final = (SOURCE, "zh-Hant", "fr", "de")
_LOCALES: Final = {"en": "en_GB", "zh-Hant": "zh_Hant_HK", "fr": "fr", "de": "de"}
_SIGNS: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {":": "\u00a0: ", ";": "\u00a0; "},
    "zh-Hant": {":": "\uff1a", ";": "\uff1b", ",": "\uff0c"},
}
"""Signs between two parts of a sentence where they are not the sign and a space."""
_FRENCH: Final = re.compile(r" (?=[:;?!»%])|(?<=«) ")
"""Spaces at which French breaks no line."""
_BLANK: Final = re.compile(r"[^\S\u00a0\u2007\u202f]+")
_UNITS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Spoken(NamedTuple):
    """A text, and the language that it is really in."""

    text: str
    language: str


class Catalogue(NamedTuple):
    """The words of one language."""

    texts: Mapping[str, tuple[str, ...]]
    """Key -> the text, or its plural forms."""
    plural: Callable[[int], int]
    """Which form a number takes."""


@functools.cache
def load(language: str) -> Catalogue:
    """Every catalogue file of `language`, as one."""
    texts: dict[str, tuple[str, ...]] = {}
    plural: Callable[[int], int] = gettext.c2py("0")
    folder = resources.files(__package__)
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(f".{language}.po"):
            continue
        with file.open("rb") as opened:
            catalogue = read_po(opened, abort_invalid=True)
        plural = gettext.c2py(catalogue.plural_expr)
        for message in catalogue:
            key = message.id if isinstance(message.id, str) else message.id[0]
            string = message.string or ""
            forms = (string,) if isinstance(string, str) else tuple(string)
            if key and any(forms):
                if language == "fr":
                    forms = tuple(_FRENCH.sub("\u00a0", form) for form in forms)
                texts[key] = forms
    return Catalogue(texts, plural)


class Words:
    """The words of one language, and how it writes numbers, dates and durations. Immutable."""

    def __init__(self, language: str, load: Callable[[str], Catalogue] = load) -> None:
        """`language` must be one of LANGUAGES (KeyError otherwise): see `best`.

        `load` is where the words come from: a translation that is being written may be elsewhere.
        """
        self.language = language
        self._catalogues = {name: load(name) for name in (language, SOURCE)}
        self.locale = Locale.parse(_LOCALES[language])

    def spoken(self, key: str, /, **values: object) -> Spoken:
        """The text of `key` with `values` put in, and the language it was found in.

        `count` among the values chooses the plural form. KeyError if no language has the key.
        """
        for language in dict.fromkeys((self.language, SOURCE)):
            catalogue = self._catalogues[language]
            forms = catalogue.texts.get(key)
            if forms:
                count = values.get("count", 1)
                form = catalogue.plural(count) if isinstance(count, int) else 0
                # Values are only put in, never read as templates themselves.
                text = forms[min(form, len(forms) - 1)].format_map(values)
                # Only what may break a line: a number's or a sign's own space must not.
                return Spoken(_BLANK.sub(" ", text).strip(), language)
        raise KeyError(key)

    def text(self, key: str, /, **values: object) -> str:
        """As `spoken`, without the language."""
        return self.spoken(key, **values).text

    def sign(self, sign: str) -> str:
        """`:`, `;` or `,` as the language puts it between two parts of a sentence."""
        return _SIGNS.get(self.language, {}).get(sign, f"{sign} ")

    def has(self, key: str) -> bool:
        """Whether any language that this one falls back to has `key`."""
        return any(catalogue.texts.get(key) for catalogue in self._catalogues.values())

    def translated(self, key: str) -> bool:
        """Whether `key` has a text in this very language."""
        return bool(self._catalogues[self.language].texts.get(key))

    @functools.cached_property
    def complete(self) -> bool:
        """Whether nothing has to be said in English instead."""
        return set(self._catalogues[SOURCE].texts) <= set(self._catalogues[self.language].texts)

    def said(self, texts: Mapping[str, str]) -> Spoken:
        """The one of `texts` (by language) that a reader of this language should get."""
        for wanted in (self.language, self.language.partition("-")[0]):
            for language, text in texts.items():
                if text and language.casefold() == wanted.casefold():
                    french = language.casefold().partition("-")[0] == "fr"
                    return Spoken(_FRENCH.sub("\u00a0", text) if french else text, language)
        if texts.get(SOURCE):
            return Spoken(texts[SOURCE], SOURCE)
        return next(
            (Spoken(text, language) for language, text in texts.items() if text), Spoken("", SOURCE)
        )

    # --- how the language writes things -----------------------------------------------------

    def number(self, value: float, digits: int = 0) -> str:
        """A number with at most `digits` decimals."""
        pattern = "#,##0" + ("." + "#" * digits if digits else "")
        return numbers.format_decimal(value, format=pattern, locale=self.locale)

    def percent(self, share: float) -> str:
        """A share, 0 to 1, as a percentage without decimals; never rounded up to all."""
        shown = min(share, 0.99) if share < 1 else 1.0
        return numbers.format_percent(shown, locale=self.locale)

    def day(self, value: dt.date | int, zone: str = "UTC") -> str:
        """A date, or UTC milliseconds as the date they fall on in `zone`."""
        if isinstance(value, int):
            value = _moment(value, zone).date()
        return dates.format_date(value, format="long", locale=self.locale)

    def moment(self, milliseconds: int, zone: str = "UTC", *, seconds: bool = False) -> str:
        """UTC milliseconds as date and time of day in `zone`, named; to the minute or second."""
        when = _moment(milliseconds, zone)
        day = dates.format_date(when.date(), format="long", locale=self.locale)
        return f"{day} {when:{'%H:%M:%S' if seconds else '%H:%M'}} {when:%Z}"

    def duration(self, seconds: float) -> str:
        """A span of time in its largest whole unit, `3 days` or `36 hours`; 0 is `0 seconds`."""
        whole = round(seconds)
        unit, size = next((u, s) for u, s in _UNITS if s == 1 or (whole >= s and whole % s == 0))
        # Not CLDR's units: Babel has none for Traditional Chinese and answers in English.
        return self.text(f"unit.{unit}", count=whole // size)

    def listed(self, texts: Iterable[str]) -> str:
        """`texts` as a list in a sentence."""
        return lists.format_list(list(texts), locale=self.locale)

    def hours(self, hours: Iterable[Hours]) -> tuple[str, ...]:
        """Stretches of weekdays in words; one line `At any hour` where there are none."""
        lines = tuple(self._stretch(stretch) for stretch in hours)
        return lines or (self.text("hours.always"),)

    def _stretch(self, stretch: Hours) -> str:
        since, until = clock(stretch.since), clock(stretch.until)
        if set(stretch.days) == set(DAYS):
            if (stretch.since, stretch.until) == (0, 1440):
                return self.text("hours.always")
            return self.text("hours.daily", since=since, until=until)
        days = self.listed(self.text(f"day.{day}") for day in DAYS if day in stretch.days)
        return self.text("hours.some", days=days, since=since, until=until)

    def capability(self, name: str) -> str:
        """A capability in plain words; its own name if the catalogue does not know it."""
        return self.text(f"capability.{name}") if name in CAPABILITIES else name


@functools.cache
def words(language: str) -> Words:
    """The words of `language`, one of LANGUAGES."""
    return Words(language)


def best(accept: str) -> str:
    """The one of LANGUAGES that suits an Accept-Language header best; English if none does."""
    wishes: list[tuple[float, int, str]] = []
    for order, part in enumerate(accept[:1000].split(",")):
        tag, _, parameter = part.strip().partition(";")
        weight = 1.0
        if parameter.strip().startswith("q="):
            try:
                weight = float(parameter.strip()[2:])
            except ValueError:
                continue
        if 0 < weight <= 1:
            wishes.append((-weight, order, tag.strip().casefold()))
    for _, _, tag in sorted(wishes):
        found = _language_of(tag)
        if found:
            return found
    return SOURCE


def _language_of(tag: str) -> str:
    """Chinese counts as Traditional unless it is said to be Simplified, which nobody wrote yet."""
    parts = tag.split("-")
    if parts[0] == "zh":
        return "" if {"hans", "cn", "sg"} & set(parts) else "zh-Hant"
    return next((language for language in LANGUAGES if language == parts[0]), "")


def _moment(milliseconds: int, zone: str) -> dt.datetime:
    try:
        place: dt.tzinfo = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        place = dt.UTC
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=place)
