"""An assessment as a tagged PDF (PDF/UA-1), for printing, sending and keeping."""

from typing import Any, Final

from plainview.governance.assessment import Assessment
from plainview.governance.render.fonts import can_print, families
from plainview.governance.render.outline import Answer, outline, written_in
from plainview.governance.render.typeset import breakable, typeset, typst_language
from plainview.governance.words import SOURCE, Spoken, words

TEMPLATE: Final = "assessment.typ"


def assessment_pdf(assessment: Assessment, language: str, *, t: int | None = None) -> bytes:
    """`assessment` as a PDF of A4 pages, which depends on the arguments and the fonts alone.

    Where no font for `language` is installed it is in English and its first page says so. `t` is
    UTC milliseconds. Raises KeyError for an unknown language, PlainviewError.
    """
    (pdf,) = typeset(TEMPLATE, assessment_data(assessment, language, t=t), t=t)
    return pdf


def assessment_data(
    assessment: Assessment, language: str, *, t: int | None = None
) -> dict[str, Any]:
    """What the template is given: a tree of plain texts, none of which it reads as markup."""
    fallback = not can_print(language)
    spoken = words(SOURCE if fallback else language)
    title = spoken.said(assessment.title)
    key = "assessment.generated"
    return {
        "language": typst_language(spoken.language),
        "families": families([language]),
        "kind": spoken.text("assessment.heading"),
        "name": assessment.name,
        "title": title.text or assessment.id,
        "demonstration": spoken.text("simulated") if assessment.simulated else "",
        "fallback": spoken.text("assessment.pdf-fallback") if fallback else "",
        "summary": _text(spoken.said(assessment.summary)),
        "written_in": told.text if (told := written_in(assessment, spoken)) else "",
        "contents": spoken.text("assessment.contents"),
        "sections": [
            {
                "heading": section.heading.text,
                "answers": [_answer(answer) for answer in section.answers],
                "items": [[_answer(answer) for answer in item] for item in section.items],
                "unanswered": ""
                if section.answers or section.items
                else spoken.text("assessment.unanswered"),
            }
            for section in outline(assessment, spoken)
        ],
        "foot": spoken.text(key, date=spoken.day(t), digest=assessment.digest())
        if t is not None
        else f"SHA-256 {assessment.digest()}",
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "label": answer.label.text,
        "values": [_text(value) for value in answer.values],
        "answered": answer.answered,
    }


def _text(spoken: Spoken) -> dict[str, str]:
    return {"text": breakable(spoken.text), **typst_language(spoken.language)}
