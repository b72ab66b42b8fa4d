"""OSM XML (API 0.6) with the tags of `man_made=surveillance`, to be looked at before uploading.

Nodes have negative ids: to an editor they are new, so that a person compares them with what the map
has. A demonstration's cameras stand nowhere, and a camera without a place cannot be drawn: both are
left out.
"""

from typing import Final
from xml.etree import ElementTree as ET

from plainview.governance.exports.common import camera_page, day, xml_text
from plainview.governance.register import Register, RegisterCamera

FOLLOWS: Final = (
    "OSM XML, API 0.6; tags as the OpenStreetMap wiki describes man_made=surveillance (2025)"
)
MAX_VALUE: Final = 255
"""Characters that the map's database takes in one tag."""


def write(register: Register, base: str) -> bytes:
    """One node for each camera that stands somewhere."""
    root = ET.Element(
        "osm",
        version="0.6",
        generator="Plainview",
        upload="never" if register.simulated else "true",
    )
    number = 0
    for camera in register.cameras:
        if camera.simulated or camera.longitude is None or camera.latitude is None:
            continue
        number -= 1
        node = ET.SubElement(
            root,
            "node",
            id=str(number),
            lat=f"{camera.latitude:.7f}",
            lon=f"{camera.longitude:.7f}",
            visible="true",
        )
        for key, value in tags(camera, base).items():
            ET.SubElement(node, "tag", k=key, v=value)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def tags(camera: RegisterCamera, base: str) -> dict[str, str]:
    """The tags of one camera; none is empty."""
    contact = camera.contact
    direction = None if camera.direction is None else round(camera.direction) % 360
    wanted = {
        "man_made": "surveillance",
        "surveillance": "public",
        "surveillance:type": "camera",
        "surveillance:zone": "town",
        "camera:type": "fixed",
        "camera:direction": "" if direction is None else str(direction),
        "height": "" if camera.height is None else f"{camera.height:.1f}",
        "ref": camera.id,
        "operator": contact.controller,
        "contact:email": contact.email,
        "contact:phone": contact.telephone,
        "contact:website": contact.website,
        "website": camera_page(base, camera.id),
        "start_date": day(camera.since) or "",
    }
    return {
        key: xml_text(" ".join(value.split()))[:MAX_VALUE]
        for key, value in wanted.items()
        if value.strip()
    }
