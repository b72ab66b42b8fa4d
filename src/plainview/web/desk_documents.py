"""Assessments between the form in the console (JSON) and the document that is kept (TOML)."""

from pathlib import Path
from typing import Any, Final

import msgspec

from plainview.document import Document, KeyPath, convert, faults, shown
from plainview.errors import InputError
from plainview.governance.assessment import GUIDE, Assessment
from plainview.governance.capability import check_capability
from plainview.governance.draft import written
from plainview.web.desk import FindingEdge

NAME: Final = "assessment"
"""How a document that came from the form is named in messages."""
_FORM: Final = "The form of an assessment"

Data = dict[str, Any]
"""An assessment as JSON: every field, dates as `2026-03-31`, null for what is not answered."""


class _Form(Document):
    """What the form sent. It has no lines: a place in it is the field's name alone."""

    def __init__(self, data: Data) -> None:  # pylint: disable=super-init-not-called
        self.path = Path(NAME)
        self.data = data

    def where(self, path: KeyPath) -> str:
        return shown(path)


def data_of(assessment: Assessment) -> Data:
    """The form's content for an assessment."""
    data: Data = msgspec.to_builtins(assessment)
    return data


def assessment_of(data: Data) -> Assessment:
    """What the form sent, as strictly as a file is read.

    Raises InputError or BoundaryError, `where` being the field.
    """
    form = _Form(data)
    assessment = convert(form, data, Assessment, (), guide=GUIDE)
    for k, capability in enumerate(assessment.capabilities):
        check_capability(capability.name, form.where(("capabilities", k, "name")))
    return assessment


def text_of(data: Data) -> str:
    """The document to keep for what the form sent. Raises InputError as `assessment_of` does."""
    return written(assessment_of(data))


def unreadable(data: Data) -> list[FindingEdge]:
    """Each answer that `assessment_of` refuses, as a finding at its field; none if it reads it."""
    form = _Form(data)
    # The form has the guide's words beside each field: no page of the repository is named there.
    found = faults(form, data, Assessment, (), guide="")
    capabilities = data.get("capabilities")
    for k, one in enumerate(capabilities if isinstance(capabilities, list) else ()):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str):
            continue
        try:
            check_capability(name, form.where(("capabilities", k, "name")))
        except InputError as error:
            found.append(error)
    return [FindingEdge(e.where, e.what, _FORM, "plainview", e.mend) for e in found]
