"""The assessment as a person writes it: every question that a law or guidance asks, with its help.

The fields are the union of what these ask: GDPR art. 35(7), EU AI Act art. 27(1), the UK
Surveillance Camera Code and the ICO's DPIA template, Hong Kong's PDPO and its guidance, French law
2023-380 art. 10 and New York City's Administrative Code 14-188. Which pack asks for which field is
data (`packs/*.toml`). Nothing but the id is required to read one, so that what is missing can be
named with the clause that asks for it.
"""

from plainview.governance.assessment.answering import (
    Aim,
    Controller,
    Legal,
    PrivacyOfficer,
    Processor,
)
from plainview.governance.assessment.doing import (
    AssessedCamera,
    AssessedCapability,
    Period,
    Processing,
    Window,
)
from plainview.governance.assessment.form import Assessment, decode_assessment
from plainview.governance.assessment.reading import GUIDE, load_assessment, parse_assessment
from plainview.governance.assessment.risk import Alternative, Harm, Measure, Necessity
from plainview.governance.assessment.safeguards import Approver, Complaints, Notice
from plainview.governance.assessment.words import Weekday, say

__all__ = [
    "GUIDE",
    "Aim",
    "Alternative",
    "Approver",
    "AssessedCamera",
    "AssessedCapability",
    "Assessment",
    "Complaints",
    "Controller",
    "Harm",
    "Legal",
    "Measure",
    "Necessity",
    "Notice",
    "Period",
    "PrivacyOfficer",
    "Processing",
    "Processor",
    "Weekday",
    "Window",
    "decode_assessment",
    "load_assessment",
    "parse_assessment",
    "say",
]
