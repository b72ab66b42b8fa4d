"""Pages out of templates: everything escaped, every text marked with the language it is in."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from plainview.governance.render.fonts import can_print
from plainview.governance.words import LANGUAGES, SOURCE, Spoken, Words

_environment: Final = Environment(
    loader=PackageLoader("plainview.web.portal", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, spoken: Words, **values: object) -> str:
    """The page `template` in the language that is `spoken`."""
    return _environment.get_template(template).render(
        **helpers(spoken), languages=LANGUAGES, **values
    )


def helpers(spoken: Words) -> dict[str, Any]:
    """What every template may call."""

    def text(key: str, /, **values: object) -> Markup:
        """A text of the catalogue."""
        return marked(spoken.spoken(key, **values), spoken.language)

    def said(texts: Mapping[str, str]) -> Markup:
        """A text that the city wrote in one or more languages, its lines kept."""
        return marked(spoken.said(texts), spoken.language)

    def written(what: str, language: str) -> Markup:
        """A text that the city wrote in one `language`; empty where that is not known."""
        return marked(Spoken(what, language or spoken.language), spoken.language)

    def english(what: str) -> Markup:
        """A text that is English whatever the page's language is."""
        return marked(Spoken(what, "en"), spoken.language)

    return {
        "w": spoken,
        "t": text,
        "said": said,
        "written": written,
        "english": english,
        "link": Links(spoken.language),
        "website": website,
        "host": host,
        # A notice in letters that no font here has cannot be made; English always can.
        "printed": spoken.language if can_print(spoken.language) else SOURCE,
    }


def marked(spoken: Spoken, language: str) -> Markup:
    """`spoken` escaped, with its language said where it is not the page's."""
    text = escape(spoken.text)
    if spoken.language.casefold() == language.casefold() or not spoken.text:
        return text
    return Markup('<span lang="{}">{}</span>').format(spoken.language, text)


def website(address: str) -> str:
    """`address` if a browser may be sent there, else an empty text: no script, no odd scheme."""
    return address if address.startswith(("https://", "http://")) else ""


def host(address: str) -> str:
    """Whose `address` it is, by the name that a reader knows: without a `www.`."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


class Links:
    """Addresses of the portal's pages in one language. Every part is quoted."""

    def __init__(self, language: str) -> None:
        """Pages in `language`."""
        self._root = f"/portal/{language}/"

    def __call__(self, *parts: str, **query: object) -> str:
        """The page at `parts`, with those of `query` that are not empty."""
        path = self._root + "/".join(quote(part, safe="@") for part in parts)
        asked = urlencode({name: value for name, value in query.items() if value})
        return f"{path}?{asked}" if asked else path

    @staticmethod
    def notice(name: str, form: str, *languages: str) -> str:
        """The notice of a camera, or of a place as `sites/ID`, as `pdf` or `svg`."""
        return f"/portal/notices/{quote(name)}.{form}?lang={quote(','.join(languages))}"
