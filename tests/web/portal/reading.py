"""Reads a page as strictly as a careful browser would, and says what is wrong with it."""

from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "input", "br", "img", "hr"}
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "base", "noscript"}


class PageReader(HTMLParser):
    """One page: its links, ids, headings and texts, and what breaks the rules of HTML."""

    def __init__(self, html: str) -> None:
        """Read all of `html`."""
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.title = ""
        self.language = ""
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        if not html.startswith("<!doctype html>"):
            self.faults.append("no doctype")
        self.feed(html)
        self.close()
        if self._open:
            self.faults.append(f"left open: {self._open}")
        self.faults += [f"id {name} twice" for name in set(self.ids) if self.ids.count(name) > 1]
        self._check_references()

    @property
    def text(self) -> str:
        """All that can be read on it."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that must be closed, unless it is void."""
        self._note(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself: only SVG has those."""
        if "svg" not in self._open:
            self.faults.append(f"<{tag}/> outside a drawing")
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """The end of what was opened last."""
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """Text."""
        if "title" in self._open and "svg" not in self._open:
            self.title += data
        if self._open and self._open[-1] in {"h1", "h2", "h3", "h4"} and data.strip():
            self.headings.append((self._open[-1], data.strip()))
        self.words.append(data)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.tags.append((tag, given))
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}>")
        self.faults += [f"<{tag} {name}>" for name in given if name.startswith("on")]
        if "style" in given:
            self.faults.append(f"<{tag} style>")
        if given.get("id"):
            self.ids.append(given["id"])
        if tag == "html":
            self.language = given.get("lang", "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "link" and given.get("href"):
            self.links.append(given["href"])

    def _check_references(self) -> None:
        """Labels and names point to what is there."""
        for tag, given in self.tags:
            for name in ("for", "aria-labelledby"):
                for target in given.get(name, "").split():
                    if target not in self.ids:
                        self.faults.append(f"<{tag} {name}={target}> points nowhere")
            if tag == "th" and "scope" not in given:
                self.faults.append("<th> without scope")
