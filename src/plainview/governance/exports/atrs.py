"""UK Algorithmic Transparency Recording Standard: one record for each assessment.

Numbers and names of the fields are those of records published under version 3.0. A field that the
assessment does not answer is there, and null: the standard asks for it, and nobody answered.
"""

from typing import Any, Final

from plainview.governance.assessment import Assessment
from plainview.governance.exports.common import (
    ENGLISH,
    assessment_page,
    day,
    english,
    moment,
    to_json,
)
from plainview.governance.person import Role
from plainview.governance.register import Register, RegisterAssessment

VERSION: Final = "3.0"
FOLLOWS: Final = f"Algorithmic Transparency Recording Standard {VERSION}, tier 1 and tier 2"

_PHASE: Final = {
    "live": "Production",
    "future": "Pre-deployment",
    "expired": "Retired",
    "superseded": "Retired",
    "revoked": "Retired",
}

_ARCHITECTURE: Final = (
    "Each camera's pictures are decoded and measured in a process of its own, of which only numbers"
    " leave. The register says of each camera whether the kernel seals that process. Open source:"
    " Plainview."
)

Fields = dict[str, dict[str, str | None]]
"""Number -> {name, value}."""


def write(register: Register, base: str) -> bytes:
    """A list of records, the assessment approved last first."""
    return to_json([record(register, one, base) for one in register.assessments])


def record(register: Register, one: RegisterAssessment, base: str) -> dict[str, Any]:
    """The record of one assessment; only tier 1 where its document cannot be read."""
    document = one.document
    page = assessment_page(base, one.permit)
    return {
        "standard": "ATRS",
        "standard_version": VERSION,
        "metadata": {
            "reference": one.permit,
            "organisation": document.controller.name if document else None,
            "phase": _PHASE[one.state],
            "date_completion": day(one.approved),
            "date_generated": moment(register.t),
            "digest": one.digest,
            "simulated": one.simulated,
        },
        "tier_1": _fields(
            ("1", "Name", english(one.title) or one.id),
            ("2", "Description", english(document.summary) if document else ""),
            ("3", "Website URL", page),
            ("4", "Contact email", document.controller.email if document else ""),
        ),
        "tier_2": _tier_2(register, document) if document else None,
    }


def _tier_2(register: Register, document: Assessment) -> dict[str, Fields]:
    return {
        "owner_and_responsibility": _owner(document),
        "description_and_rationale": _rationale(document),
        "decision_making_process": _decisions(document),
        "tool_specification": _tool(register, document),
        "model_specification": _model(register, document),
        "operational_data": _data(document),
        "risks_mitigations_and_impact_assessments": _risks(document),
    }


def _owner(document: Assessment) -> Fields:
    return _fields(
        ("1.1", "Organisation or department", document.controller.name),
        ("1.2", "Team", None),
        ("1.3", "Senior responsible owner", _signatory(document)),
        ("1.4", "Third party involvement", "Yes" if document.processors else "No"),
        ("1.4.1", "Third party", _lines(one.name for one in document.processors)),
        ("1.4.2", "Companies House number", None),
        ("1.4.3", "Third party role", _lines(one.task for one in document.processors)),
        ("1.4.4", "Procurement procedure type", None),
        ("1.4.5", "Third party data access terms", _lines(p.contract for p in document.processors)),
    )


def _signatory(document: Assessment) -> str | None:
    return next((a.name for a in document.approvers if a.role is Role.CONTROLLER), None)


def _rationale(document: Assessment) -> Fields:
    return _fields(
        ("2.1", "Detailed description", document.processing.description),
        ("2.2", "Benefits", _lines(english(aim.text) for aim in document.aims)),
        ("2.3", "Previous process", None),
        (
            "2.4",
            "Alternatives considered",
            _lines(f"{a.text} {a.why_not}".strip() for a in document.necessity.alternatives),
        ),
    )


def _decisions(document: Assessment) -> Fields:
    return _fields(
        ("3.1", "Process integration", document.processing.process),
        (
            "3.2",
            "Provided information",
            _lines(ENGLISH.text(f"capability.{c.name}.explain") for c in _known(document)),
        ),
        ("3.3", "Frequency and scale of usage", document.period.frequency),
        ("3.4", "Human decisions and review", document.oversight.decisions),
        ("3.5", "Required training", document.oversight.training),
        ("3.6", "Appeals and review", english(document.complaints.text)),
    )


def _tool(register: Register, document: Assessment) -> Fields:
    count = sum(1 for camera in register.cameras if camera.assessment == document.name)
    return _fields(
        (
            "4.1.1",
            "System architecture",
            _ARCHITECTURE,
        ),
        ("4.1.2", "System-level input", f"Video of {ENGLISH.text('cameras.count', count=count)}"),
        (
            "4.1.3",
            "System-level output",
            _lines(ENGLISH.capability(c.name) for c in _known(document)),
        ),
        ("4.1.4", "Maintenance", f"Reviewed by {document.review_date or 'no date set'}"),
        ("4.1.5", "Models", "One: see the model specification"),
    )


def _model(register: Register, document: Assessment) -> Fields:
    return _fields(
        ("4.2.1", "Model name", "Plainview lens"),
        ("4.2.2", "Model version", register.software or document.software),
        ("4.2.3", "Model task", "Estimate how many people there are and how the crowd moves"),
        ("4.2.4", "Model input", "Frames of one camera and its calibration"),
        ("4.2.5", "Model output", "Counts with an interval, density and velocity by ground cell"),
        ("4.2.6", "Model architecture", "Background model, optical flow and geometry"),
        (
            "4.2.7",
            "Model performance",
            _lines((document.accuracy.tested, document.accuracy.limits, document.accuracy.bias)),
        ),
        ("4.2.8", "Datasets and their purposes", None),
    )


def _data(document: Assessment) -> Fields:
    return _fields(
        ("4.4.1", "Data sources", document.processing.data),
        ("4.4.2", "Sensitive attributes", document.processing.sensitive),
        ("4.4.3", "Data processing methods", document.necessity.minimisation),
        (
            "4.4.4",
            "Data access and storage",
            _lines((document.security.access, document.retention.text)),
        ),
        (
            "4.4.5",
            "Data sharing agreements",
            _lines((document.processing.recipients, document.processing.transfers)),
        ),
    )


def _risks(document: Assessment) -> Fields:
    harms = [
        " ".join([harm.text, *(m.text for m in document.measures if harm.id in m.harms)])
        for harm in document.harms
    ]
    return _fields(
        (
            "5.1",
            "Impact assessments",
            f"{english(document.title) or document.id}, revision {document.revision}",
        ),
        ("5.2", "Risks and mitigations", _lines([*harms, document.residual.text])),
    )


def _known(document: Assessment) -> list[Any]:
    return [one for one in document.capabilities if ENGLISH.has(f"capability.{one.name}")]


def _lines(texts: Any) -> str:  # noqa: ANN401 - any iterable of texts
    return "\n".join(text.strip() for text in texts if text and text.strip())


def _fields(*fields: tuple[str, str, str | None]) -> Fields:
    return {number: {"name": name, "value": value or None} for number, name, value in fields}
