"""GeoJSON (RFC 7946) with the field names of Amsterdam's sensor register, and a few of our own."""

from typing import Any, Final

from plainview.governance.exports.common import (
    ENGLISH,
    camera_page,
    day,
    english,
    keeps_personal_data,
    legal_ground,
    moment,
    to_json,
)
from plainview.governance.register import Register, RegisterCamera

FOLLOWS: Final = (
    "RFC 7946; fields of a device in the API of Amsterdam's Sensorenregister (iot-api, second model"
    " with observation_goals, 2022)"
)
TYPE: Final = "Optische / camera sensor"
"""What that register calls a camera."""
THEMES: Final = ("Veiligheid", "Mobiliteit: voetganger")


def write(register: Register, base: str) -> bytes:
    """The register as a FeatureCollection. A camera without a place has a null geometry."""
    return to_json(
        {
            "type": "FeatureCollection",
            "name": register.name,
            "generated": moment(register.t),
            "ledger": {"origin": register.origin, "size": register.checkpoint},
            "simulated": register.simulated,
            "features": [_feature(register, camera, base) for camera in register.cameras],
        }
    )


def _feature(register: Register, camera: RegisterCamera, base: str) -> dict[str, Any]:
    placed = camera.longitude is not None and camera.latitude is not None
    site = register.site(camera.site)
    page = camera_page(base, camera.id)
    contact = camera.contact
    return {
        "type": "Feature",
        "id": camera.id,
        "geometry": {"type": "Point", "coordinates": [camera.longitude, camera.latitude]}
        if placed
        else None,
        "properties": {
            "reference": camera.id,
            "type": TYPE,
            "owner": {
                "name": contact.privacy_officer or contact.controller,
                "email": contact.privacy_email or contact.email,
                "organisation": contact.controller,
            },
            "location": {"latitude": camera.latitude, "longitude": camera.longitude}
            if placed
            else None,
            "location_description": f"{site.name if site else camera.site}: {camera.name}",
            "regions": [site.name] if site else [],
            "datastream": ", ".join(ENGLISH.capability(c.name) for c in camera.capabilities),
            "themes": list(THEMES),
            "contains_pi_data": keeps_personal_data(camera),
            "observation_goals": [
                {
                    "observation_goal": english(aim.text) or aim.id,
                    "privacy_declaration": page,
                    "legal_ground": legal_ground(camera),
                }
                for aim in camera.aims
            ],
            "project_paths": [],
            "active_until": day(camera.until),
            "plainview": _own(camera, page),
        },
    }


def _own(camera: RegisterCamera, page: str) -> dict[str, Any]:
    """What that register has no field for."""
    return {
        "page": page,
        "state": camera.state,
        "reason": camera.reason,
        "capabilities": [
            {"name": one.name, "permitted": one.permitted, "running": one.running}
            for one in camera.capabilities
        ],
        "assessment": camera.assessment,
        "permit": camera.permit,
        "since": day(camera.since),
        "retention_seconds": camera.retention,
        "direction": camera.direction,
        "height": camera.height,
        "area": [list(corner) for corner in camera.area],
        "detectors": [{"sha256": one.sha256, "classes": one.classes} for one in camera.networks],
        "sealed": camera.sealed,
        "configured": camera.configured,
        "simulated": camera.simulated,
    }
