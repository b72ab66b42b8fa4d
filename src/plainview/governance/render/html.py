"""An assessment as a page that reads well on a screen, on paper and aloud."""

import functools

import jinja2

from plainview.governance.assessment import Assessment
from plainview.governance.render.outline import REFERENCES, outline, written_in
from plainview.governance.words import words


def assessment_html(assessment: Assessment, language: str, *, t: int | None = None) -> str:
    """`assessment` as one HTML document that needs nothing else: no script, no other file.

    `language` is one of `words.LANGUAGES`; `t` (UTC milliseconds) is written as the day it was
    made. Every text is escaped. Raises KeyError for another language.
    """
    return _render("assessment.html", assessment, language, t)


def assessment_article(assessment: Assessment, language: str, *, t: int | None = None) -> str:
    """The same as an `<article>` to stand inside a page of the portal. Safe HTML."""
    return _render("article.html", assessment, language, t)


def _render(template: str, assessment: Assessment, language: str, t: int | None) -> str:
    spoken = words(language)
    sections = outline(assessment, spoken)
    named = {
        f"{section.key}--{item[0].values[0].text}"
        for section in sections
        if section.key in REFERENCES.values()
        for item in section.items
    }
    return (
        environment()
        .get_template(template)
        .render(
            words=spoken,
            title=spoken.said(assessment.title),
            summary=spoken.said(assessment.summary),
            assessment=assessment,
            written_in=written_in(assessment, spoken),
            sections=sections,
            references=REFERENCES,
            named=named,
            digest=assessment.digest(),
            generated=spoken.day(t) if t is not None else "",
        )
    )


@functools.cache
def environment(package: str = "plainview.governance.render") -> jinja2.Environment:
    """How the templates of `package` are filled: escaped, and nothing may be missing."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
