"""DTPR (Digital Trust for Places and Routines): one data chain for each camera.

The chain type is `ai`, the only one whose schema is published for machines. It has no category for
the kind of device: that it is a camera stands in the description and under `processing`. Where data
is stored (`storage`) is a claim about jurisdiction that the register cannot make: it is left out.
"""

from typing import Any, Final

from plainview.governance.capability import PUBLISH
from plainview.governance.exports.common import (
    ENGLISH,
    camera_page,
    english,
    keeps_personal_data,
    moment,
    to_json,
)
from plainview.governance.register import Register, RegisterCamera

VERSION: Final = "ai@2026-05-06-beta"
FOLLOWS: Final = f"DTPR schema {VERSION}, thin DatachainInstance"

_EVENT: Final = "events:"
_SEALED: Final = {True: "sealed.yes", False: "sealed.no", None: "sealed.unknown"}


def write(register: Register, base: str) -> bytes:
    """A list of data chains, in the order of the register."""
    return to_json([chain(register, camera, base) for camera in register.cameras])


def chain(register: Register, camera: RegisterCamera, base: str) -> dict[str, Any]:
    """The data chain of one camera."""
    does = ", ".join(ENGLISH.capability(one.name) for one in camera.capabilities)
    return {
        "id": f"plainview-{camera.id}",
        "schema_version": VERSION,
        "created_at": moment(register.t),
        "title": [{"locale": "en", "value": f"{register.name}: camera {camera.name}"}],
        "description": [
            {
                "locale": "en",
                "value": f"A fixed camera. State: {ENGLISH.text(f'state.{camera.state}')}."
                f" {camera_page(base, camera.id)}",
            }
        ],
        "elements": [
            *_purpose(camera),
            _element(
                "organization",
                "deployer",
                title=camera.contact.controller or register.name,
                description=_reach(camera),
            ),
            _element(
                "perceptive_mode",
                "human_decides",
                additional_description=f"{does or 'Nothing at present'}. People look and decide.",
            ),
            _element(
                "civil_liberties_harm",
                mitigation="Nobody is recognised or followed: only numbers leave the process that"
                f" sees the pictures. {ENGLISH.text(_SEALED[camera.sealed])}"
                " The assessment names every harm and measure:"
                f" {camera_page(base, camera.id)}",
            ),
            *_rights(camera),
            _element(
                "input_about_a_person",
                "identifiable",
                additional_description="Live pictures of the place, in which people could be"
                " recognised. They are measured in memory.",
            ),
            _element("computer_vision", additional_description=does),
            _element(
                "output_about_a_measurement",
                "de_identified",
                additional_description="Counts, density and movement by ground cell, and alerts"
                " about the scene. No picture, no identifier.",
            ),
            *_access(camera),
            *_retention(camera),
        ],
    }


def _purpose(camera: RegisterCamera) -> list[dict[str, Any]]:
    elements = [
        _element("safety_security", additional_description=english(aim.text) or aim.id)
        for aim in camera.aims
    ] or [_element("safety_security")]
    if any(one.name == f"{_EVENT}fire" for one in camera.capabilities):
        elements.append(_element("fire_emergency"))
    return elements


def _reach(camera: RegisterCamera) -> str:
    contact = camera.contact
    ways = (contact.address, contact.email, contact.telephone, contact.website)
    return ", ".join(way for way in ways if way) or "No contact is on record"


def _rights(camera: RegisterCamera) -> list[dict[str, Any]]:
    how = english(camera.contact.complaints) or _reach(camera)
    return [
        _element(right, rights=how)
        for right in ("right_access", "right_object", "right_algorithmic_transparency")
    ]


def _access(camera: RegisterCamera) -> list[dict[str, Any]]:
    elements = [_element("available_to_the_accountable_organization")]
    if any(one.name == PUBLISH for one in camera.capabilities):
        elements.append(_element("available_to_download"))
    elements.append(_element("not_available_to_vendor"))
    return elements


def _retention(camera: RegisterCamera) -> list[dict[str, Any]]:
    kept = {
        kind: seconds
        for kind, seconds in camera.retention.items()
        if seconds > 0 and (kind != "footage" or keeps_personal_data(camera))
    }
    if not kept:
        return []
    return [
        _element(
            "data_retained",
            duration=ENGLISH.duration(seconds),
            additional_description=ENGLISH.text(f"retention.{kind}")
            if ENGLISH.has(f"retention.{kind}")
            else kind,
        )
        for kind, seconds in kept.items()
    ]


def _element(name: str, context: str = "", **variables: str) -> dict[str, Any]:
    element: dict[str, Any] = {"element_id": name}
    if context:
        element["context_type_id"] = context
    element["variables"] = [
        {"id": key, "value": value} for key, value in variables.items() if value
    ]
    return element
